"""One row per rulebook over the same accounts: what it ties up, its shortfalls, and who falls
first.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from crossmargin.rulebook.figures import unit_of
from crossmargin.rulebook.pocket import Pockets
from crossmargin.rulebook.standing import STANDINGS


def compared(found: Pockets) -> Mapping[str, Any]:
    """Totals over accounts for every level of the recipe, and the worst standing.

    `locked` is net liquidation value less buffer: only buffers compare between rulebooks.
    """
    summary = found.summary
    unit = unit_of(summary)
    level = summary.levels[summary.recipe.liquidation_level]
    unavailable = sorted(
        str(summary.account_ids[i]) for i in np.flatnonzero(np.isnan(level.buffer))
    )
    requirements = {
        name: unit.amount(float(own.requirement.sum())) for name, own in summary.levels.items()
    }
    shortfall = unit.amount(float(np.maximum(-found.lowest_buffer, 0.0).sum()))
    locked = unit.amount(float((summary.net_liquidation - level.buffer).sum()))
    return {
        "status": "unavailable" if unavailable else "complete",
        "reason": f"unavailable for {', '.join(unavailable)}" if unavailable else None,
        "title": summary.recipe.terms.title,
        "reporting": summary.reporting,
        "requirement": requirements,
        "buffer": unit.amount(float(level.buffer.sum())),
        "locked": locked,
        "shortfall": shortfall if shortfall is not None else Decimal(0),
        "liquidation_level": summary.recipe.liquidation_level,
        "worst_standing": STANDINGS[int(summary.standing.max(initial=0))],
    }
