"""What a margin call is made on: the terms, locked when the call is issued."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import final

from crossmargin.base.exact import decimal_text
from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptable:
    """An asset that a call may be met with: `price` in the call's currency per coin, at the low end
    of what is known, and the fraction that does not count. `decimals` is its smallest unit.
    """

    asset: str
    price: Decimal
    haircut_frac: Decimal
    decimals: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallTerms:
    """When margin is called, for how much, and until when. Amounts in `currency`, times in ns.

    Called when the buffer of `call_level` is negative; cured when that of `cure_level` is not. Of
    the amount to cure, `threshold` is left unsecured; what remains is called if it is at least
    `minimum_transfer`, rounded up to `rounding`. `notice_ns` runs from the issue, or, for a call
    issued after `cut_off_ns` of its UTC day, from the end of that day. A dispute is settled within
    `dispute_ns`. `lock_up_ns` is how long the terms of a call stay as they were at its issue.

    `InputRefused` with everything that is wrong.
    """

    call_level: str
    cure_level: str
    currency: str
    threshold: Decimal
    minimum_transfer: Decimal
    rounding: Decimal
    notice_ns: int
    dispute_ns: int
    lock_up_ns: int
    cut_off_ns: int | None = None
    acceptable: tuple[Acceptable, ...] = ()

    def __post_init__(self) -> None:
        refuse_if_any(_failures(self))


def deadline_ns(terms: CallTerms, issued_ns: int) -> int:
    """When a call issued at `issued_ns` must be met."""
    start_ns = issued_ns
    of_day_ns = issued_ns % NS_PER_DAY
    if terms.cut_off_ns is not None and of_day_ns > terms.cut_off_ns:
        start_ns = issued_ns - of_day_ns + NS_PER_DAY
    return start_ns + terms.notice_ns


def horizon_failures(
    notice_ns: int, cut_off_ns: int | None, horizon_ns: int, where: str
) -> Iterator[Failure]:
    """A deadline beyond the horizon that a requirement covers: nobody covers the rest."""
    longest_ns = notice_ns
    if cut_off_ns is not None:
        longest_ns += NS_PER_DAY - cut_off_ns
    if longest_ns > horizon_ns:
        message = f"a deadline may be {longest_ns} ns away; the requirement covers {horizon_ns} ns"
        yield Failure(Reason.CONTRADICTION, where, message)


def counted(acceptable: Acceptable, coins: Decimal) -> Fraction:
    """What some coins count for, exactly, in the call's currency: price x (1 - haircut)."""
    share = 1 - Fraction(acceptable.haircut_frac)
    return Fraction(coins) * Fraction(acceptable.price) * share


def coins_for(acceptable: Acceptable, amount: Decimal) -> Decimal | None:
    """The least whole number of units, in coins, that counts for `amount`; None when none does."""
    per_coin = counted(acceptable, Decimal(1))
    if per_coin <= 0:
        return None
    units = -((-Fraction(amount) / per_coin * 10**acceptable.decimals).__floor__())
    return Decimal(decimal_text(Fraction(units, 10**acceptable.decimals)))


def rounded_up(amount: Fraction, rounding: Decimal) -> Decimal:
    """An amount >= 0 as the next whole multiple of `rounding`."""
    unit = Fraction(rounding)
    return Decimal(decimal_text(-((-amount / unit).__floor__()) * unit))


def _failures(terms: CallTerms) -> Iterator[Failure]:
    for name in ("threshold", "minimum_transfer"):
        value: Decimal = getattr(terms, name)
        if not (value.is_finite() and value >= 0):
            yield Failure(Reason.OUT_OF_BOUNDS, f"call.{name}", f"{value} is not at least 0")
    if not (terms.rounding.is_finite() and terms.rounding > 0):
        yield Failure(Reason.OUT_OF_BOUNDS, "call.rounding", f"{terms.rounding} is not above 0")
    for name in ("notice_ns", "dispute_ns", "lock_up_ns"):
        if getattr(terms, name) < 0:
            message = f"{getattr(terms, name)} is below 0"
            yield Failure(Reason.OUT_OF_BOUNDS, f"call.{name}", message)
    if terms.cut_off_ns is not None and not 0 <= terms.cut_off_ns < NS_PER_DAY:
        message = f"{terms.cut_off_ns} is not a time of day in ns"
        yield Failure(Reason.OUT_OF_BOUNDS, "call.cut_off_ns", message)
    seen: set[str] = set()
    for own in terms.acceptable:
        where = f"call.acceptable.{own.asset}"
        if own.asset in seen:
            yield Failure(Reason.DUPLICATE, where, "is named twice")
        seen.add(own.asset)
        if not (own.price.is_finite() and own.price > 0):
            yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.price", f"{own.price} is not above 0")
        if not (own.haircut_frac.is_finite() and 0 <= own.haircut_frac <= 1):
            message = f"{own.haircut_frac} is not between 0 and 1"
            yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.haircut_frac", message)
