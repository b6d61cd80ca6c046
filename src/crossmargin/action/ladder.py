"""The ladder in time: worse at once, skipping rungs; better only with room to spare, and lasting.

No argument names an account, a role or a flag: whoever has the figures has the standing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import final

import numpy as np

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.rulebook.assess import LevelColumns, standings
from crossmargin.rulebook.standing import STANDINGS, Ladder, Standing
from crossmargin.rulebook.statement_types import LevelFigures

GRACE_MAX_NS = 4 * 3_600 * NS_PER_SECOND
"""The longest time without liquidations after an outage: four hours, as in Aave v3."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """A time in which nobody is liquidated, because nobody could act before: the same for all."""

    from_ns: int
    until_ns: int
    reason: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LadderPolicy:
    """A ladder, and what a release takes: `release_frac` more than every requirement, for
    `dwell_ns`. `InputRefused` with everything that is wrong.
    """

    ladder: Ladder
    release_frac: float = 0.02
    dwell_ns: int = 60 * NS_PER_SECOND
    grace: Grace | None = None

    def __post_init__(self) -> None:
        refuse_if_any(_failures(self))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a ladder looks at: every level of one account, and its net liquidation value, in the
    recipe's reporting unit; None where unavailable.
    """

    levels: tuple[LevelFigures, ...]
    net_liquidation_value: Decimal | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Where an account stands, and since when.

    `known` is the last standing that could be told, which is `standing` unless that is UNAVAILABLE.
    `better_since_ns`: since when the figures have allowed a release, None when they do not.
    """

    standing: Standing
    since_ns: int
    known: Standing
    better_since_ns: int | None = None


def held_at(standing: Standing, as_of_ns: int) -> Held:
    """A first standing: an account that was never measured before."""
    known = Standing.HEALTHY if standing is Standing.UNAVAILABLE else standing
    return Held(standing=standing, since_ns=as_of_ns, known=known)


def next_standing(
    policy: LadderPolicy,
    before: Held | None,
    measured: Measure,
    as_of_ns: int,
    *,
    best: Measure | None = None,
) -> Held:
    """Where an account stands at `as_of_ns`.

    A worse standing holds at once, however many rungs away. A better one holds when the figures,
    with every requirement `release_frac` larger, have given it for `dwell_ns` without a break; what
    they give at that moment is the new standing. UNAVAILABLE neither escalates nor releases.

    `best` are the figures at the best end of an interval, where a price is in doubt: an account
    that is not liquidated there is at most reduce-only. One that is liquidated even there is so
    although nobody can tell the rest: dust in a dead coin is no shield. In a time of grace, too, an
    account is at most reduce-only.

    ValueError when time goes backwards.
    """
    now = _allowed(policy, standing_of(policy.ladder, measured), best, as_of_ns)
    if before is None:
        return held_at(now, as_of_ns)
    if as_of_ns < before.since_ns:
        raise ValueError(f"{as_of_ns} comes before the standing of {before.since_ns}")
    if now is Standing.UNAVAILABLE:
        if before.standing is now:
            return before
        return Held(standing=now, since_ns=as_of_ns, known=before.known)
    if severity(now) > severity(before.known):
        return Held(standing=now, since_ns=as_of_ns, known=now)
    eased = standing_of(policy.ladder, measured, policy.release_frac)
    eased = _allowed(policy, eased, best, as_of_ns)
    back = before.standing is Standing.UNAVAILABLE
    since_ns = as_of_ns if back else before.since_ns
    if severity(eased) >= severity(before.known):
        return Held(standing=before.known, since_ns=since_ns, known=before.known)
    started_ns = as_of_ns if before.better_since_ns is None else before.better_since_ns
    if as_of_ns - started_ns >= policy.dwell_ns:
        return Held(standing=eased, since_ns=as_of_ns, known=eased)
    return Held(
        standing=before.known, since_ns=since_ns, known=before.known, better_since_ns=started_ns
    )


def standing_of(ladder: Ladder, measured: Measure, easing_frac: float = 0.0) -> Standing:
    """The last rung reached by the figures alone, with every requirement `easing_frac` larger."""
    levels = {
        level.name: LevelColumns(
            name=level.name,
            equity=_column(level.equity),
            requirement=_column(level.requirement) * (1.0 + easing_frac),
        )
        for level in measured.levels
    }
    found = standings(ladder, levels, _column(measured.net_liquidation_value))
    return STANDINGS[int(found[0])]


def severity(standing: Standing) -> int:
    """0 for healthy, rising with what follows; ValueError for UNAVAILABLE, which has none."""
    if standing is Standing.UNAVAILABLE:
        raise ValueError("nobody can tell how severe an unavailable standing is")
    return STANDINGS.index(standing)


def is_reduce_only(held: Held) -> bool:
    """Whether only acts that reduce are open: from CALLED on, and while nobody can tell."""
    if held.standing is Standing.UNAVAILABLE:
        return True
    return severity(held.standing) >= severity(Standing.CALLED)


def _allowed(
    policy: LadderPolicy, standing: Standing, best: Measure | None, as_of_ns: int
) -> Standing:
    """The standing, held at reduce-only where a liquidation may not start; where nobody can tell,
    the standing at the best end, if even that one liquidates.
    """
    at_best = standing if best is None else standing_of(policy.ladder, best)
    if _liquidates(at_best) and standing is Standing.UNAVAILABLE:
        standing = at_best
    if not _liquidates(standing):
        return standing
    graced = policy.grace is not None and policy.grace.from_ns <= as_of_ns < policy.grace.until_ns
    return Standing.REDUCE_ONLY if graced or not _liquidates(at_best) else standing


def _liquidates(standing: Standing) -> bool:
    if standing is Standing.UNAVAILABLE:
        return False
    return severity(standing) >= severity(Standing.LIQUIDATING)


def _column(amount: Decimal | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.nan if amount is None else float(amount)])


def _failures(policy: LadderPolicy) -> Iterator[Failure]:
    if not 0.0 <= policy.release_frac < 1.0:
        message = f"{policy.release_frac} is not at least 0 and below 1"
        yield Failure(Reason.OUT_OF_BOUNDS, "ladder.release_frac", message)
    if policy.dwell_ns < 0:
        yield Failure(Reason.OUT_OF_BOUNDS, "ladder.dwell_ns", f"{policy.dwell_ns} is below 0")
    grace = policy.grace
    if grace is not None and not 0 < grace.until_ns - grace.from_ns <= GRACE_MAX_NS:
        message = f"lasts {grace.until_ns - grace.from_ns} ns, not above 0 and at most 4 hours"
        yield Failure(Reason.OUT_OF_BOUNDS, "ladder.grace", message)
    if grace is not None and not grace.reason:
        message = "a time without liquidations says why"
        yield Failure(Reason.MISSING_FIELD, "ladder.grace.reason", message)
