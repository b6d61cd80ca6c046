"""Percolator: who bears a loss in which order, not a requirement."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.verdict import Unsupported, needs_action


def translate(case: Case) -> Unsupported:
    """Always unsupported: a waterfall of losses is an action."""
    return needs_action(case.system)
