"""The public functions: load a book and a market, compute margins, compare rulebooks, explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias, final

from crossmargin.base.canonical import content_hash
from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.base.instant import instant_text
from crossmargin.domain.account import Account
from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.domain.book import Book
from crossmargin.domain.book_change import with_holdings_of
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.flatten import book_columns
from crossmargin.domain.holding import Position
from crossmargin.domain.instrument import Future, Option
from crossmargin.domain.universe import build_universe
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.market.snapshot import MarketSnapshot, assumed_fields
from crossmargin.report.result import Result
from crossmargin.rulebook.account_settings import settings_overrides
from crossmargin.rulebook.comparison import compared
from crossmargin.rulebook.heatmap import heatmap_of
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement import StatementInputs, build_statement
from crossmargin.rulebook.statement_types import Heatmap, Statement
from crossmargin.rulebook.what_if import MARGINAL_SHARE, Change, change_of
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.book import parse_book
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.market import MarketInput, read_market
from crossmargin.wire.recipes import bundled_recipe, recipe_names

Source: TypeAlias = str | Path | bytes | Mapping[str, Any]
HOUSE = "house"
REPORTING_ASSETS = ("USD",)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A book over a market: one universe, columns of both, and nothing computed yet."""

    book: Book
    columns: BookColumns
    priced: PricedMarket
    assumed: tuple[tuple[str, str], ...]


def load_market(source: str | Path | bytes) -> MarketInput:
    """A market from a JSON file or its bytes. `InputRefused` with everything that is wrong with
    it.
    """
    return read_market(_bytes(source), read_bundled, bundled_registry(), bundled_terms())


def load_book(
    source: Source, market: MarketInput | None = None, *, as_of_ns: int | None = None
) -> Book:
    """A book from a JSON file, its bytes, or plain data.

    What has expired is refused, so the moment is needed: the market's, or `as_of_ns`.
    """
    if as_of_ns is None:
        if market is None:
            message = "what has expired depends on the moment: pass the market, or as_of_ns"
            raise InputRefused([Failure(Reason.MISSING_FIELD, "as_of_ns", message)])
        as_of_ns = market.snapshot.as_of_ns
    data = source if isinstance(source, Mapping) else _bytes(source)
    return parse_book(data, as_of_ns=as_of_ns)


def prepare(book: Book, market: MarketInput) -> Prepared:
    """The book and the market over one universe of what the book holds."""
    registry = bundled_registry()
    assets = {code: registry.asset(code) for code in registry.codes()} | dict(book.assets)
    universe = build_universe(book.listings.values(), [*book.assets, *REPORTING_ASSETS])
    snapshot = completed_market(market.snapshot, book.listings.values())
    priced = PricedMarket(
        universe=universe,
        market=market_columns(snapshot, universe),
        totals=snapshot.totals,
        history=market.prices,
        vol_history=market.vol_index,
        assets=assets,
    )
    used = used_assumptions(snapshot, book)
    return Prepared(
        book=book,
        columns=book_columns(book, universe),
        priced=priced,
        assumed=used,
    )


def used_assumptions(snapshot: MarketSnapshot, book: Book) -> tuple[tuple[str, str], ...]:
    """Assumed fields of the market that concern what the book holds: (path, reason)."""
    concerned = {f"listings.{name}." for name in book.listings}
    concerned |= {f"assets.{code}." for code in book.assets}
    for listing in book.listings.values():
        own = listing.instrument
        concerned |= {f"assets.{code}." for code in (own.underlying, own.quote)}
        if isinstance(own, Future | Option):
            concerned.add(f"expiries.{own.underlying}@{instant_text(own.expiry_ns)}.")
    return tuple(
        (path, reason)
        for path, reason in assumed_fields(snapshot)
        if path.startswith(tuple(concerned))
    )


def recipe_of(name: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The bundled recipe of that name with parameters replaced."""
    return bundled_recipe(name, overrides)


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


def venue_recipes(
    book: Book, recipe: str | None, overrides: Mapping[str, Any] | None
) -> dict[str, Recipe]:
    """Account -> rulebook: its own, or `recipe` for all, with the account's settings; `overrides`
    go before them. An account without a rulebook gets the house model.
    """
    if overrides and recipe is None:
        message = "parameters are set for one recipe: name it"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "recipe", message)])
    gathered: dict[str, list[Account]] = {}
    for account in book.accounts.values():
        gathered.setdefault(recipe or account.recipe or HOUSE, []).append(account)
    failures: list[Failure] = []
    found: dict[str, Recipe] = {}
    for name, accounts in sorted(gathered.items()):
        own = bundled_recipe(name, overrides if name == recipe else None)
        settings = settings_overrides(own, accounts, failures)
        if settings:
            own = bundled_recipe(name, {**settings, **(overrides or {})})
        found |= {account.account_id: own for account in accounts}
    refuse_if_any(failures)
    return {account: found[account] for account in book.accounts}


def inputs_hash(prepared: Prepared, recipes: Sequence[Recipe]) -> str:
    """One hash over book, market and rulebooks: what a third party needs to repeat a figure.

    What a venue reports is no part of it: it is no input.
    """
    columns, book, priced = prepared.columns, prepared.book, prepared.priced
    return content_hash(
        {
            "universe": [list(columns.universe.listing_ids), list(columns.universe.assets)],
            "assets": [priced.assets[code] for code in columns.universe.assets],
            "accounts": [book.accounts[str(account)] for account in columns.account_ids],
            "netting_sets": [book.netting_sets[name] for name in sorted(book.netting_sets)],
            "positions": _arrays(columns.positions),
            "balances": _arrays(columns.balances),
            "orders": _arrays(columns.orders),
            "market": _arrays(priced.market),
            "totals": _arrays(priced.totals),
            "history": [
                None if history is None else _arrays(history)
                for history in (priced.history, priced.vol_history)
            ],
            "recipes": sorted({recipe.terms.content_hash for recipe in recipes}),
        }
    )


def _arrays(columns: Any) -> dict[str, Any]:
    return {field.name: getattr(columns, field.name) for field in fields(columns)}


def coin_betas(assets: Mapping[str, Asset]) -> dict[str, float]:
    """The joint move: everything but money moves alike, one for one."""
    still = (AssetClass.FIAT, AssetClass.STABLECOIN)
    return {code: 1.0 for code, asset in assets.items() if asset.asset_class not in still}


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


def what_if(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    account_id: str,
    positions: Sequence[Mapping[str, Any]],
    recipe: str | None = None,
) -> Change:
    """What a candidate trade would change for one account; nothing is changed by asking.

    `positions` are rows as in a book's `positions`: listing, contracts (signed) and entry price or
    cost. The account's own rulebook counts, or `recipe`. `InputRefused` with everything that is
    wrong.
    """
    read_input = market if isinstance(market, MarketInput) else load_market(market)
    read_book = book if isinstance(book, Book) else load_book(book, read_input)
    if account_id not in read_book.accounts:
        message = f"no account is called {account_id!r}"
        raise InputRefused([Failure(Reason.UNKNOWN_ACCOUNT, "account_id", message)])
    own = _only(read_book, account_id)
    trade = _trade(own, account_id, positions, read_input)
    rulebook = venue_recipes(own, recipe, None)[account_id]
    nudge = replace(trade, positions=tuple(_scaled(each) for each in trade.positions))
    # One universe for all three, so that a listing of the trade alone is known before it too.
    flat = replace(trade, positions=())
    found = [
        assess_pockets(rulebook, prepared.columns, prepared.priced)
        for prepared in (
            prepare(with_holdings_of(own, each), read_input) for each in (flat, trade, nudge)
        )
    ]
    return change_of(account_id, found[0], found[1], found[2], 0)


def _only(book: Book, account_id: str) -> Book:
    """The book of one account alone."""
    return replace(
        book,
        accounts={account_id: book.accounts[account_id]},
        positions=tuple(x for x in book.positions if x.account_id == account_id),
        balances=tuple(x for x in book.balances if x.account_id == account_id),
        loans=tuple(x for x in book.loans if x.account_id == account_id),
        orders=tuple(x for x in book.orders if x.account_id == account_id),
    )


def _trade(
    book: Book, account_id: str, positions: Sequence[Mapping[str, Any]], market: MarketInput
) -> Book:
    """The candidate's rows through the one reader of books."""
    account = book.accounts[account_id]
    document = {
        "schema": "crossmargin/book/1",
        "entities": [{"id": account.entity_id, "name": account.entity_id, "house": True}],
        "accounts": [
            {
                "id": account_id,
                "entity": account.entity_id,
                "venue": account.venue,
                "positions": [dict(each) for each in positions],
            }
        ],
    }
    return parse_book(document, as_of_ns=market.snapshot.as_of_ns, where="what_if")


def _scaled(position: Position) -> Position:
    cost = position.cost_settle
    return replace(
        position,
        contracts=position.contracts * MARGINAL_SHARE,
        cost_settle=None if cost is None else cost * MARGINAL_SHARE,
    )


def _bytes(source: Any) -> bytes:
    if isinstance(source, bytes):
        return source
    path = Path(source)
    try:
        return path.read_bytes()
    except OSError as error:
        failure = Failure(Reason.MISSING_DATA, str(path), error.strerror or "cannot be read")
        raise InputRefused([failure]) from error
