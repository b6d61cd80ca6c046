"""What a rulebook is for: an account with anything else has no figures under it, and is told
why.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.run import Run


def covered(run: Run) -> NDArray[np.bool_]:
    """(instruments,) which instruments the rulebook says it is for; all where it does not say."""
    universe = run.universe
    if not run.terms.covers:
        return np.ones(universe.instruments_count, dtype=np.bool_)
    known: NDArray[np.bool_] = universe.kind == Kind.BALANCE
    for selection in run.terms.covers:
        known |= run.chosen(selection)
    return known


def uncovered_reasons(context: Context) -> Mapping[int, tuple[str, ...]]:
    """Account of the batch -> a sentence for every holding or order that the rulebook is not
    for.
    """
    run = context.run
    if not run.terms.covers:
        return {}
    known, p, o = covered(run), context.positions, context.orders
    found: dict[int, list[str]] = {}
    for account, instrument, counts in (
        (p.account, p.instrument, p.contracts != 0.0),
        (o.account, o.instrument, o.contracts != 0.0),
    ):
        for row in np.flatnonzero(counts & ~known[instrument]):
            name = run.universe.name_of(int(instrument[row]))
            words = f"{name} is nothing that {run.terms.name} is for"
            found.setdefault(int(account[row]), []).append(words)
    return {account: tuple(dict.fromkeys(words)) for account, words in found.items()}
