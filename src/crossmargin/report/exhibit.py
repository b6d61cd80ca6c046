"""What a report shows: the statement, and beside it the pictures' own figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, final

from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import Heatmap, Statement


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoffCurve:
    """Profit and loss of one account over the price of one underlying, everything else unmoved.

    `prices`, `today` and `at_expiry` are of one length; amounts in `reporting`, against the value
    now. `at_expiry` is at the last expiry that is held, options that expire before frozen at their
    outcome.
    """

    account_id: str
    underlying: str
    reporting: str
    price_now: float
    prices: tuple[float, ...]
    today: tuple[float, ...]
    at_expiry: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralRow:
    """One balance of one account at one place: market value, and the credit it gives. Debts are
    negative.
    """

    account_id: str
    venue: str
    asset: str
    place: str
    amount: Decimal
    value: Decimal | None
    credit: Decimal | None
    reporting: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeRow:
    """The whole book under one recipe; `reason` says why figures are absent.

    `requirements` (level, amount), `buffer` (at the liquidation level) and `locked` are sums over
    silos, `shortfall` the sum of the negative buffers as a positive number. `worst` is the worst
    standing of a silo.
    """

    recipe: str
    title: str
    status: str
    reason: str | None
    reporting: str
    requirements: tuple[tuple[str, Decimal | None], ...]
    buffer: Decimal | None
    locked: Decimal | None
    shortfall: Decimal | None
    worst: Standing | None


def recipe_row(values: Mapping[str, Any]) -> RecipeRow:
    """A row as `crossmargin.compare` gives it; one without figures says only which and why."""
    return RecipeRow(
        recipe=values["recipe"],
        title=values.get("title", ""),
        status=values["status"],
        reason=values.get("reason"),
        reporting=values.get("reporting", ""),
        requirements=tuple(values.get("requirement", {}).items()),
        buffer=values.get("buffer"),
        locked=values.get("locked"),
        shortfall=values.get("shortfall"),
        worst=values.get("worst_standing"),
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Everything that one report shows. What was not computed is empty and is not drawn."""

    statement: Statement
    heatmaps: tuple[Heatmap, ...] = ()
    curves: tuple[PayoffCurve, ...] = ()
    collateral: tuple[CollateralRow, ...] = ()
    recipes: tuple[RecipeRow, ...] = ()
