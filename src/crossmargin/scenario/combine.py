"""Scenario sets made from scenario sets: larger or smaller, and one after the other."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.scenario.scenario_set import ScenarioSet


def scaled(scenarios: ScenarioSet, factor: float, name: str | None = None) -> ScenarioSet:
    """The same scenarios with price, vol, venue and term moves times `factor`; time stays as it is.

    Scaling one-day moves by the square root of the days is the caller's assumption, not ours.
    """
    if not 0.0 <= factor < np.inf:
        text = f"{factor} is not a finite factor of 0 or more"
        where = f"scenarios.{name or scenarios.name}.factor"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, text)])
    return replace(
        scenarios,
        name=name or scenarios.name,
        spot_move=scenarios.spot_move * factor,
        vol_move=scenarios.vol_move * factor,
        venue_move=scenarios.venue_move * factor,
        term_move=scenarios.term_move * factor,
    )


def joined(
    name: str, sets: Sequence[ScenarioSet], shares: Sequence[float] | None = None
) -> ScenarioSet:
    """All scenarios of `sets` in order, over the same assets and venues.

    With `shares`, which sum to 1, probabilities are those of each set times its share; every set
    must then have them. Without, the joined set has none: nobody said how likely each set is.
    """
    _refuse_unlike(name, sets, shares)
    distinct = tuple(dict.fromkeys(rule for s in sets for rule in s.vol_rules))
    rules = [np.array([distinct.index(rule) for rule in s.vol_rules])[s.vol_rule] for s in sets]
    probability = None
    if shares is not None:
        known = [s.probability for s in sets if s.probability is not None]
        probability = np.concatenate(
            [part * share for part, share in zip(known, shares, strict=True)]
        )
    return ScenarioSet(
        name=name,
        assets=sets[0].assets,
        venues=sets[0].venues,
        labels=tuple(label for s in sets for label in s.labels),
        family=tuple(family for s in sets for family in s.family),
        spot_move=np.concatenate([s.spot_move for s in sets], axis=1),
        vol_move=np.concatenate([s.vol_move for s in sets], axis=1),
        vol_rule=np.concatenate(rules),
        vol_rules=distinct,
        venue_move=np.concatenate([s.venue_move for s in sets], axis=1),
        term_move=np.concatenate([s.term_move for s in sets]),
        time_ns=np.concatenate([s.time_ns for s in sets]),
        loss_weight=np.concatenate([s.loss_weight for s in sets]),
        damping_multiple=np.concatenate([s.damping_multiple for s in sets]),
        probability=probability,
    )


def _refuse_unlike(name: str, sets: Sequence[ScenarioSet], shares: Sequence[float] | None) -> None:
    where = f"scenarios.{name}"
    if not sets:
        raise InputRefused([Failure(Reason.MISSING_FIELD, where, "there is nothing to join")])
    found = [
        Failure(Reason.CONTRADICTION, where, f"{s.name} has other assets or venues than the first")
        for s in sets[1:]
        if (s.assets, s.venues) != (sets[0].assets, sets[0].venues)
    ]
    if shares is not None:
        if len(shares) != len(sets):
            text = f"{len(shares)} shares for {len(sets)} sets"
            found.append(Failure(Reason.CONTRADICTION, where, text))
        found += [
            Failure(Reason.MISSING_FIELD, where, f"{s.name} has no probabilities to share")
            for s in sets
            if s.probability is None
        ]
    if found:
        raise InputRefused(found)


def side_by_side(sets: Sequence[ScenarioSet]) -> ScenarioSet:
    """One set per copy of a universe, alike but for the moves of assets -> one over all copies."""
    if len(sets) == 1:
        return sets[0]
    return replace(
        sets[0],
        assets=tuple(code for s in sets for code in s.assets),
        spot_move=np.concatenate([s.spot_move for s in sets]),
        vol_move=np.concatenate([s.vol_move for s in sets]),
    )


def for_copies(scenarios: ScenarioSet, copies: int) -> ScenarioSet:
    """The same scenarios over a universe that holds its assets `copies` times."""
    return replace(
        scenarios,
        assets=scenarios.assets * copies,
        spot_move=np.tile(scenarios.spot_move, (copies, 1)),
        vol_move=np.tile(scenarios.vol_move, (copies, 1)),
    )
