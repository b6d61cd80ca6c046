"""What a charge comes to where nobody has an open order: the charge that counts none."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.calendar_spread import CalendarSpread
from crossmargin.rulebook.charge.exposure import Exposure
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.quote_hedge import QuoteHedge
from crossmargin.rulebook.charge.scan import Component
from crossmargin.rulebook.charge.spot_in_use import SpotInUse
from crossmargin.rulebook.rate import SizeExcess, SizeLinear, SizePower, SizeStep
from crossmargin.rulebook.reduce import CASH_FIELDS


def without_orders(part: Any) -> Any:
    """The charge, or a part of it, with every `orders` at none that changes no bit of a figure.

    Most rulebooks charge positions at one level and positions with orders at another: without
    orders both are one charge, which is then evaluated once.
    """
    if isinstance(part, tuple):
        return tuple(without_orders(each) for each in part)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    changed = {each.name: without_orders(getattr(part, each.name)) for each in fields(part)}
    if "orders" in changed and _is_the_same_without(part):
        changed["orders"] = OrderFill.NONE
    return replace(part, **changed)


def _is_the_same_without(part: Any) -> bool:
    """Whole ticks add up to the same in any order; other amounts must be added in one order."""
    match part:
        case Component() | CalendarSpread() | QuoteHedge() | SpotInUse():
            return True
        case Exposure() | SizeLinear() | SizeExcess() | SizePower() | SizeStep():
            within = part.within if isinstance(part, Exposure) else None
            in_one_order = within is None and part.amount is not Amount.HEDGED
            return part.amount is not Amount.HELD and (part.of in CASH_FIELDS or in_one_order)
        case _:
            return False
