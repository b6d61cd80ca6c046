"""A charge that is no whole number of units: who pays the remainder, and where it goes."""

from fractions import Fraction
from math import ceil, floor

from crossmargin.ledger.entry import Code, Draft
from crossmargin.ledger.path import rounding_path


def charge_drafts(
    payer: str, receiver: str, asset: str, amount: Fraction, code: Code
) -> tuple[Draft, ...]:
    """Drafts of a charge of `amount` units (exact, >= 0), each side whole.

    The payer pays the next whole number up, the receiver gets the next one down, and the unit
    between them (0 or 1) goes to `rounding/ASSET`, so that a charge is never short and never given
    away. A negative amount is a ValueError: swap the sides.
    """
    if amount < 0:
        raise ValueError(f"a charge of {amount} units from {payer}: swap the sides")
    received = floor(amount)
    drafts = [
        Draft(debit=payer, credit=side, asset=asset, amount_units=units, code=code)
        for side, units in (
            (receiver, received),
            (rounding_path(asset), ceil(amount) - received),
        )
        if units
    ]
    return tuple(drafts)
