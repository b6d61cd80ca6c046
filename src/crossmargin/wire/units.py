"""The units in which other systems write numbers, turned into ours. No rule of a rulebook is here.

Exact where the input is: integers and decimals stay so, a float is read as the decimal that is
written for it.
"""

from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from crossmargin.base.exact import PRECISE
from crossmargin.base.failure import Failure, InputRefused, Reason

Number: TypeAlias = int | float | Decimal

PPM_DIGITS = 6
PPM_OF_ONE = 10**PPM_DIGITS
SECONDS_PER_DAY = 86_400


def decimal_of(value: Number | str, where: str = "a number") -> Decimal:
    """The decimal that is written: 0.1 is one tenth, "12" is twelve. `InputRefused` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"{value!r} is not a number")])
    try:
        made = Decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError:
        made = Decimal("NaN")
    if not made.is_finite():
        raise InputRefused([Failure(Reason.NOT_A_NUMBER, where, f"{value!r} is not a number")])
    return made


def whole_coins(atoms: Number | str, decimals: int) -> Decimal:
    """Smallest units with so many decimals -> whole coins: 1,500,000 with 6 is 1.5."""
    return decimal_of(atoms).scaleb(-decimals, PRECISE)


def at_exponent(amount: Number | str, exponent: int) -> Decimal:
    """A number of units of 10**exponent -> units of 1: 5,555 at -1 is 555.5."""
    return decimal_of(amount).scaleb(exponent, PRECISE)


def in_exponent(amount: Number | str, exponent: int) -> Decimal:
    """Units of 1 -> units of 10**exponent: 1.5 at -6 is 1,500,000."""
    return decimal_of(amount).scaleb(-exponent, PRECISE)


def frac_of_ppm(ppm: Number | str) -> float:
    """Parts per million -> a fraction."""
    return float(whole_coins(ppm, PPM_DIGITS))


def frac_of_percent(percent: Number | str) -> float:
    """Percent -> a fraction."""
    return float(whole_coins(percent, 2))


def coins_of_lots(lots: Number | str, lot_size: Number | str) -> Decimal:
    """Lots of so many coins each -> coins."""
    return PRECISE.multiply(decimal_of(lots), decimal_of(lot_size))


def coins_bought_for(paid: Number | str, price: Number | str) -> Decimal:
    """Coins of the quote currency spent at a price -> coins bought with them."""
    return PRECISE.divide(decimal_of(paid), decimal_of(price))


def negative_of(amount: Number | str) -> Decimal:
    """What was received -> what was paid; what is owed -> what is held."""
    return PRECISE.minus(decimal_of(amount))


def contracts_at_factor(units: Number | str, units_per_contract: Number | str) -> Decimal:
    """Integer position units, so many to one contract -> contracts."""
    return PRECISE.divide(decimal_of(units), decimal_of(units_per_contract))


def seconds_of_days(days: Number | str) -> Decimal:
    """Days -> seconds."""
    return PRECISE.multiply(decimal_of(days), Decimal(SECONDS_PER_DAY))


def days_of_seconds(seconds: Number | str) -> float:
    """Seconds -> days."""
    return float(Fraction(decimal_of(seconds)) / SECONDS_PER_DAY)


def move_of_multiple(multiple: Number | str) -> float:
    """What a price is multiplied by -> its relative move: 1.18 is +0.18."""
    return float(PRECISE.subtract(decimal_of(multiple), Decimal(1)))


def share_of(part: Number | str, whole: Number | str) -> float:
    """An amount stated beside its whole -> a fraction: 1,860 of 20,000 is 0.093."""
    return float(Fraction(decimal_of(part)) / Fraction(_not_zero(whole)))


def fraction_of(written: Number | str) -> float:
    """A number or a written fraction -> the nearest float: "+1/3", "-2"."""
    if not isinstance(written, str):
        return float_of(written)
    above, _, below = written.partition("/")
    return float(Fraction(decimal_of(above.strip())) / Fraction(_not_zero(below.strip() or 1)))


def level_of_worst(count: Number | str, scenarios: Number | str) -> float:
    """So many worst of so many scenarios -> the confidence level of their tail: 6 of 2,500 is
    0.9976.
    """
    return float(1 - Fraction(decimal_of(count)) / Fraction(_not_zero(scenarios)))


def _not_zero(value: Number | str) -> Decimal:
    made = decimal_of(value)
    if not made:
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, "a number", "is 0, and is divided by")])
    return made


def float_of(value: Number | str) -> float:
    """The nearest float."""
    return float(decimal_of(value))
