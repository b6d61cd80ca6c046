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
    known, p, o = run.keep("covered", lambda: covered(run)), context.positions, context.orders
    if known.all():
        return {}
    counts = np.concatenate([p.contracts != 0.0, o.contracts != 0.0])
    instrument = np.concatenate([p.instrument, o.instrument])
    rows = np.flatnonzero(counts & ~known[instrument])
    if not len(rows):
        return {}
    # Each instrument of an account once; an instrument's sentence is made once for everybody.
    account = np.concatenate([p.account, o.account])[rows]
    held = np.unique(account * len(known) + instrument[rows])
    sentences = {
        int(row): f"{run.universe.name_of(int(row))} is nothing that {run.terms.name} is for"
        for row in np.unique(held % len(known))
    }
    words = [sentences[row] for row in (held % len(known)).tolist()]
    accounts, first = np.unique(held // len(known), return_index=True)
    ends = [*first[1:].tolist(), len(words)]
    return {
        number: tuple(words[start:end])
        for number, start, end in zip(accounts.tolist(), first.tolist(), ends, strict=True)
    }
