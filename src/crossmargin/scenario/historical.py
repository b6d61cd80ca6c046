"""Historical scenarios: what all assets did together over past windows of days."""

from collections.abc import Sequence

import numpy as np

from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.joint_history import JointMoves
from crossmargin.scenario.scenario_set import NO_VOL_MOVE, ScenarioSet, VolRule


def historical(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    joint: JointMoves,
    vol_rule: VolRule | None = None,
) -> ScenarioSet:
    """The W joint moves as they were, 1/W each; vol indexes act through `vol_rule`."""
    count = len(joint.end_ns)
    rule = vol_rule if vol_rule is not None and joint.vol is not None else NO_VOL_MOVE
    return assemble(
        name,
        assets,
        venues,
        joint.labels,
        ["historical"] * count,
        spot_move=joint.spot.by_asset(joint.spot.moves),
        vol_move=None if joint.vol is None else joint.vol.by_asset(joint.vol.moves),
        vol_rules=[rule] * count,
        probability=np.full(count, 1.0 / count),
    )
