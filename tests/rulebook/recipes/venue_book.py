"""One account at one venue under one recipe: book and market in JSON, through the one path."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from crossmargin.api import Prepared, prepare
from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.evaluate import Answer
from crossmargin.rulebook.liquidation_move import liquidation_moves
from crossmargin.rulebook.pocket import SETTLE, assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.standing import STANDINGS
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.book import parse_book
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.market import read_market
from crossmargin.wire.recipes import bundled_recipe

AS_OF = "2026-01-01T00:00:00Z"
ACCOUNT = "main"
FINE_TICK = -20
LISTING_TERMS = ("contract_size", "contract_step", "expiry")

Figures = Mapping[str, Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessed:
    """The pocket of one settlement currency, or the only one."""

    columns: MarginColumns

    def equity(self, level: str = "maintenance") -> float:
        """What the account has, in reporting units."""
        return float(self.columns.levels[level].equity[0]) * self.unit

    def requirement(self, level: str = "maintenance") -> float:
        """What the account needs, in reporting units."""
        return float(self.columns.levels[level].requirement[0]) * self.unit

    def node(self, name: str) -> float:
        """The amount of the node called `name`, wherever it stands, in reporting units."""
        for trees in self.columns.answers.values():
            for tree in trees:
                for answer in _every(tree):
                    if answer.node.name == name:
                        return float(answer.outcome.amount.sum()) * self.unit
        raise KeyError(name)

    @property
    def standing(self) -> str:
        """Where the account stands."""
        return STANDINGS[int(self.columns.standing[0])].value

    @property
    def unit(self) -> float:
        """Reporting units per tick."""
        return float(2.0**self.columns.tick_exponent)


def assessed(recipe: str, venue: str, *, pocket: str | None = None, **words: Any) -> Assessed:
    """The account's levels under the bundled `recipe`; `words` as of `account_of`.

    `pocket` names a settlement currency where a recipe reports in those.
    """
    own = account_of(recipe, venue, **words)
    found = assess_pockets(own.recipe, own.prepared.columns, own.prepared.priced, explain=True)
    for columns in found.pockets:
        if pocket is None or columns.reporting == pocket:
            return Assessed(columns=columns)
    raise KeyError(pocket)


def crossing_price(recipe: str, venue: str, asset: str, **words: Any) -> float:
    """The price of `asset` at which the account is liquidated on the way down."""
    own = account_of(recipe, venue, **words)
    found = liquidation_moves(own.recipe, own.prepared.columns, own.prepared.priced, 0)
    prices = [each.price for each in found if each.asset == asset and each.direction == "down"]
    assert prices[0] is not None, found
    return prices[0]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneAccount:
    """A prepared book of one account, and its recipe."""

    recipe: Recipe
    prepared: Prepared


def account_of(
    recipe: str,
    venue: str,
    *,
    index: Mapping[str, float | Figures],
    listings: Mapping[str, Figures] | None = None,
    positions: Mapping[str, Any] | None = None,
    balances: Mapping[str, Any] | None = None,
    loans: Mapping[str, Any] | None = None,
    orders: Sequence[Figures] = (),
    forwards: Mapping[tuple[str, str], float] | None = None,
    totals: Figures | None = None,
    settings: Mapping[str, str] | None = None,
    overrides: Figures | None = None,
    as_of: str = AS_OF,
    tick_exponent: int = FINE_TICK,
) -> OneAccount:
    """The account in JSON, read and prepared, and the bundled `recipe` with `overrides`.

    `index` in dollars per asset, or a table of index, low, high, adv and so on. `listings` by
    unified symbol: mark, vol, and contract terms. `positions`: contracts, or a table.
    """
    market = _market(venue, index, listings or {}, forwards or {}, totals, as_of)
    account = {
        "id": ACCOUNT,
        "entity": "owner",
        "venue": venue,
        "recipe": recipe,
        "settings": dict(settings or {}),
        "positions": [
            _position(name, said, (listings or {})[name])
            for name, said in (positions or {}).items()
        ],
        "balances": [
            {"asset": code, "amount": str(amount)} for code, amount in (balances or {}).items()
        ],
        "loans": [
            {"id": f"loan-{code}", "asset": code, "amount": str(amount)}
            for code, amount in (loans or {}).items()
        ],
        "orders": [_order(number, order) for number, order in enumerate(orders)],
    }
    book = {
        "schema": "crossmargin/book/1",
        "entities": [{"id": "owner", "name": "Owner", "house": True}],
        "listings": [
            {"venue": venue, "symbol": symbol, **_texts(table, LISTING_TERMS)}
            for symbol, table in (listings or {}).items()
            if any(term in table for term in LISTING_TERMS)
        ],
        "accounts": [account],
    }
    read = read_market(
        json.dumps(market).encode(), read_bundled, bundled_registry(), bundled_terms()
    )
    own = parse_book(json.dumps(book).encode(), as_of_ns=read.snapshot.as_of_ns)
    prepared = prepare(own, read)
    values = {
        **(overrides or {}),
        **{name: {ACCOUNT: float(text)} for name, text in (settings or {}).items()},
    }
    return OneAccount(
        recipe=finer(bundled_recipe(recipe, values), tick_exponent), prepared=prepared
    )


def finer(recipe: Recipe, tick_exponent: int) -> Recipe:
    """The recipe with finer ticks and unrounded roots, so that published digits can be compared.

    A recipe that reports in settlement assets keeps its ticks, which are fine already.
    """
    if recipe.terms.reporting == SETTLE:
        return recipe
    terms = replace(recipe.terms, tick_exponents={"*": tick_exponent}, rounding_unit=None)
    return replace(recipe, terms=terms)


def _market(
    venue: str,
    index: Mapping[str, float | Figures],
    listings: Mapping[str, Figures],
    forwards: Mapping[tuple[str, str], float],
    totals: Figures | None,
    as_of: str,
) -> dict[str, Any]:
    figures = ("mark", "last", "vol", "open_interest_contracts", "funding_rate_per_hour")
    market: dict[str, Any] = {
        "schema": "crossmargin/market/1",
        "as_of": as_of,
        "sequence": 1,
        "source": "a test",
        "assets": [
            {"asset": code, **(dict(said) if isinstance(said, Mapping) else {"index": said})}
            for code, said in index.items()
        ],
        "expiries": [
            {"underlying": underlying, "expiry": expiry, "forward": forward}
            for (underlying, expiry), forward in forwards.items()
        ],
        "listings": [
            {"listing": f"{venue}:{symbol}", **{key: table[key] for key in figures if key in table}}
            for symbol, table in listings.items()
        ],
    }
    if totals is not None:
        market["totals"] = {"as_of": as_of, **totals}
    return market


def _position(symbol: str, said: Any, listing: Figures) -> dict[str, Any]:
    """A position; without an entry price or cost it was entered at the mark."""
    table = dict(said) if isinstance(said, Mapping) else {"contracts": said}
    if "entry_price" not in table and "cost" not in table:
        table["entry_price"] = listing["mark"]
    return {"listing": symbol, **{key: str(value) for key, value in table.items()}}


def _order(number: int, order: Figures) -> dict[str, Any]:
    texts = _texts(order, ("contracts", "limit_price"))
    return {**{key: order[key] for key in order if key not in texts}, **texts, "id": f"o{number}"}


def _texts(table: Figures, keys: Sequence[str]) -> dict[str, str]:
    return {key: str(table[key]) for key in keys if key in table}


def _every(answer: Answer) -> list[Answer]:
    return [answer, *(each for child in answer.children for each in _every(child))]
