"""The answers: statements, heatmaps, comparisons and modes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crossmargin.api.loading import Source, load_book, load_market
from crossmargin.api.prepared import Prepared, prepare
from crossmargin.api.rulebooks import HOUSE, coin_betas, inputs_hash, venue_recipes
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.account import MarginMode
from crossmargin.domain.book import Book
from crossmargin.report.result import Result
from crossmargin.rulebook.comparison import compared
from crossmargin.rulebook.heatmap import heatmap_of
from crossmargin.rulebook.mode_switch import SwitchAnswer, SwitchWish, answer_switch
from crossmargin.rulebook.modes import ModeFigures, ModeRecipes, PoolScope, book_in_modes
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.statement import StatementInputs, build_statement
from crossmargin.rulebook.statement_types import Heatmap, Statement
from crossmargin.wire.market import MarketInput
from crossmargin.wire.recipes import bundled_recipe, recipe_names


def margin(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    recipe: str | None = None,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - the word of the command line
    *,
    explain: bool = True,
    liquidation: bool = True,
) -> Result:
    """The statement of a book: each account under its venue's rulebook, or all under `recipe`.

    `set` replaces parameters of `recipe`. `InputRefused` with everything that is wrong with an
    input.
    """
    read_market_input = market if isinstance(market, MarketInput) else load_market(market)
    read_book = book if isinstance(book, Book) else load_book(book, read_market_input)
    prepared = prepare(read_book, read_market_input)
    statement = statement_of(prepared, recipe, set, explain=explain, liquidation=liquidation)
    return Result(statement=statement, heatmaps=heatmaps_of(prepared), recipe=recipe)


def statement_of(
    prepared: Prepared,
    recipe: str | None,
    overrides: Mapping[str, Any] | None,
    *,
    explain: bool,
    liquidation: bool,
) -> Statement:
    """The statement of a prepared book."""
    recipes = venue_recipes(prepared.book, recipe, overrides)
    house = bundled_recipe(HOUSE, overrides if recipe == HOUSE else None)
    inputs = StatementInputs(
        book=prepared.book,
        columns=prepared.columns,
        priced=prepared.priced,
        venue_recipes=recipes,
        house=house,
        inputs_hash=inputs_hash(prepared, [*recipes.values(), house]),
        assumed=prepared.assumed,
        betas=coin_betas(prepared.priced.assets),
    )
    return build_statement(inputs, explain=explain, liquidation=liquidation)


def heatmaps_of(prepared: Prepared) -> tuple[Heatmap, ...]:
    """The scenario table of the worst underlying of every account under the house grid."""
    house = bundled_recipe(HOUSE)
    return heatmap_of(house, "grid", prepared.columns, prepared.priced)


def compare(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    recipes: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """The same book under every recipe: one row per recipe, incomplete and unsupported ones named.

    Only buffers compare between rulebooks.
    """
    read_market_input = market if isinstance(market, MarketInput) else load_market(market)
    read_book = book if isinstance(book, Book) else load_book(book, read_market_input)
    prepared = prepare(read_book, read_market_input)
    return [compare_row(prepared, name) for name in recipes or recipe_names()]


def compare_row(prepared: Prepared, name: str) -> dict[str, Any]:
    """One recipe over all accounts: totals of the liquidation level, or why there are none.

    A recipe that refuses the book (a currency that the market does not know, a field it lacks) is
    unsupported, with what it says.
    """
    recipe = bundled_recipe(name)
    missing = recipe.terms.missing()
    if missing:
        return {"recipe": name, "status": "incomplete", "reason": f"needs {', '.join(missing)}"}
    try:
        found = assess_pockets(recipe, prepared.columns, prepared.priced)
    except InputRefused as refused:
        reasons = "; ".join(failure.message for failure in refused.failures)
        return {"recipe": name, "status": "unsupported", "reason": reasons}
    return {"recipe": name, **compared(found)}


def modes(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    *,
    portfolio: str = HOUSE,
    pool: PoolScope = PoolScope.ACCOUNT,
) -> tuple[ModeFigures, ...]:
    """The same book isolated, cross, under the recipe `portfolio`, and hybrid, side by side."""
    read_input = market if isinstance(market, MarketInput) else load_market(market)
    read_book = book if isinstance(book, Book) else load_book(book, read_input)
    prepared = prepare(read_book, read_input)
    recipes = ModeRecipes(
        isolated=bundled_recipe("isolated-tiered"),
        cross=bundled_recipe("cross-tiered"),
        portfolio=bundled_recipe(portfolio),
    )
    betas = coin_betas(prepared.priced.assets)
    return book_in_modes(read_book, prepared.columns, prepared.priced, recipes, pool, betas)


def switch_mode(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    wish: SwitchWish,
    bucket_recipe: str = "isolated-tiered",
) -> SwitchAnswer:
    """Whether a position or bucket may change its mode; nothing is changed by asking.

    Each side counts under its account's own rulebook, a new bucket under `bucket_recipe`.
    """
    read_input = market if isinstance(market, MarketInput) else load_market(market)
    read_book = book if isinstance(book, Book) else load_book(book, read_input)
    bucket = read_book.accounts.get(wish.bucket)
    if bucket is not None and bucket.mode is not MarginMode.ISOLATED:
        message = f"{wish.bucket} is no isolated bucket"
        raise InputRefused([Failure(Reason.CONTRADICTION, "switch.bucket", message)])
    prepared = prepare(read_book, read_input)
    recipes = {wish.bucket: bundled_recipe(bucket_recipe)} | venue_recipes(read_book, None, None)
    return answer_switch(wish, prepared.columns, prepared.priced, recipes)
