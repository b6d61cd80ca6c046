"""What a report shows: the statement, and beside it the pictures' own figures."""

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from crossmargin.rulebook.statement_types import Heatmap, LevelFigures, Statement


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

    `levels` are sums over silos, `shortfall` the sum of their negative buffers as a positive
    number.
    """

    recipe: str
    status: str
    reporting: str
    levels: tuple[LevelFigures, ...]
    net_liquidation_value: Decimal | None
    locked: Decimal | None
    shortfall: Decimal | None
    liquidatable: int | None
    reason: str | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Everything that one report shows. What was not computed is empty and is not drawn."""

    statement: Statement
    heatmaps: tuple[Heatmap, ...] = ()
    curves: tuple[PayoffCurve, ...] = ()
    collateral: tuple[CollateralRow, ...] = ()
    recipes: tuple[RecipeRow, ...] = ()
