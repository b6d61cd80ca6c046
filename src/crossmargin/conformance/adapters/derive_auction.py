"""Derive's liquidation auctions: a price path and slices of an account, not a requirement."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.verdict import Unsupported, needs_action


def translate(case: Case) -> Unsupported:
    """Always unsupported: who takes how much of an account at which price is an action."""
    return needs_action(case.system)
