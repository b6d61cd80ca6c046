"""What a scene is written down as: lines of a book, in the numbers of the vector."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias, final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.holding import OrderKind, Side

Amount: TypeAlias = int | float | Decimal

MAIN = "account"
"""The account of a scene that has only one."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLine:
    """One position. `cost` and `funding` in settlement currency, for the whole position."""

    account: str
    row: str
    contracts: Amount
    cost: Amount | None
    profit: Amount | None
    entry: Amount | None
    funding: Amount


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """Coins of an asset; negative is a debt."""

    account: str
    asset: str
    amount: Amount


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One open order."""

    account: str
    row: str
    side: Side
    contracts: Amount
    limit_price: Amount | None
    kind: OrderKind


def number(value: Any, where: str) -> Amount:
    """The value if it is a finite number, else `InputRefused` with the path."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if -1e300 < value < 1e300:
            return value
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, f"{value} is out of bounds")])
    raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"{value!r} is not a number")])


def named(value: Any, where: str) -> str:
    """The value if it is a text that can name something, else `InputRefused`."""
    if isinstance(value, str) and value.strip():
        return value
    raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"{value!r} is not a name")])


def flag(value: Any, where: str) -> bool:
    """The value if it is true or false, else `InputRefused`."""
    if isinstance(value, bool):
        return value
    raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"{value!r} is not true or false")])


def exact(value: Amount) -> Decimal:
    """A number as the decimal that is written for it: 0.1 is one tenth."""
    stated = number(value, "an amount")
    return Decimal(repr(stated)) if isinstance(stated, float) else Decimal(stated)
