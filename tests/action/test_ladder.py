from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.action.ladder import (
    Grace,
    Held,
    LadderPolicy,
    Measure,
    held_at,
    is_reduce_only,
    next_standing,
    severity,
    standing_of,
)
from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.rulebook.standing import Standing, default_ladder
from crossmargin.rulebook.statement_types import LevelFigures

SECOND = NS_PER_SECOND
LADDER = default_ladder("initial", "maintenance", or_at=False)
POLICY = LadderPolicy(ladder=LADDER, release_frac=0.1, dwell_ns=60 * SECOND)


def level(name: str, equity: float | None, requirement: float | None) -> LevelFigures:
    return LevelFigures(
        name=name,
        equity=None if equity is None else Decimal(str(equity)),
        requirement=None if requirement is None else Decimal(str(requirement)),
        buffer=None,
        utilisation=None,
        utilisation_reason=None,
    )


def figures(equity: float | None, initial: float | None = 100.0) -> Measure:
    maintenance = None if initial is None else 0.8 * initial
    return Measure(
        levels=(level("initial", equity, initial), level("maintenance", equity, maintenance)),
        net_liquidation_value=None if equity is None else Decimal(str(equity)),
    )


def walked(*steps: tuple[int, float | None], policy: LadderPolicy = POLICY) -> list[Held]:
    """Standings after each (second, equity) against an initial requirement of 100."""
    held, found = None, []
    for second, equity in steps:
        held = next_standing(policy, held, figures(equity), second * SECOND)
        found.append(held)
    return found


@pytest.mark.parametrize(
    ("equity", "standing"),
    [
        (200.0, Standing.HEALTHY),
        (100.0, Standing.WARNED),
        (99.99, Standing.CALLED),
        (80.0, Standing.CALLED),
        (79.99, Standing.LIQUIDATING),
        (0.0, Standing.LIQUIDATING),
        (-0.01, Standing.BANKRUPT),
        (None, Standing.UNAVAILABLE),
    ],
)
def test_the_figures_alone_give_the_rung(equity: float | None, standing: Standing) -> None:
    assert standing_of(LADDER, figures(equity)) is standing


def test_a_fall_skips_rungs_at_once() -> None:
    healthy, bankrupt = walked((0, 200.0), (1, -5.0))
    assert (healthy.standing, bankrupt.standing) == (Standing.HEALTHY, Standing.BANKRUPT)
    assert bankrupt.since_ns == SECOND


def test_a_release_needs_room_and_time() -> None:
    found = walked((0, 99.0), (10, 105.0), (100, 105.0), (200, 111.0), (259, 111.0), (260, 111.0))
    assert [x.standing for x in found] == [
        Standing.CALLED,
        Standing.CALLED,
        Standing.CALLED,
        Standing.CALLED,
        Standing.CALLED,
        Standing.HEALTHY,
    ]
    assert found[-2].since_ns == 0
    assert found[-1].since_ns == 260 * SECOND


def test_a_relapse_starts_the_time_anew() -> None:
    found = walked((0, 99.0), (10, 200.0), (50, 99.0), (60, 200.0), (100, 200.0), (120, 200.0))
    assert [x.standing for x in found[:-1]] == [Standing.CALLED] * 5
    assert found[-1].standing is Standing.HEALTHY


def test_an_unavailable_figure_neither_escalates_nor_releases() -> None:
    found = walked((0, 79.0), (10, None), (500, None), (510, 200.0), (569, 200.0), (570, 200.0))
    assert [x.standing for x in found] == [
        Standing.LIQUIDATING,
        Standing.UNAVAILABLE,
        Standing.UNAVAILABLE,
        Standing.LIQUIDATING,
        Standing.LIQUIDATING,
        Standing.HEALTHY,
    ]
    assert found[2].since_ns == 10 * SECOND
    assert is_reduce_only(found[1])


def test_no_liquidation_starts_unless_the_account_fails_at_the_best_end() -> None:
    healthy = held_at(Standing.HEALTHY, 0)
    for best, expected in (
        (figures(90.0), Standing.REDUCE_ONLY),
        (figures(None), Standing.REDUCE_ONLY),
        (figures(70.0), Standing.LIQUIDATING),
        (None, Standing.LIQUIDATING),
    ):
        assert next_standing(POLICY, healthy, figures(70.0), 1, best=best).standing is expected


def test_in_a_time_of_grace_nobody_is_liquidated_and_after_it_everybody_may_be() -> None:
    grace = Grace(from_ns=0, until_ns=60 * SECOND, reason="the venue was down for 25 minutes")
    policy = LadderPolicy(ladder=LADDER, grace=grace)
    during, after = walked((59, 70.0), (60, 70.0), policy=policy)
    assert (during.standing, after.standing) == (Standing.REDUCE_ONLY, Standing.LIQUIDATING)


def test_only_acts_that_reduce_are_open_from_a_call_on() -> None:
    closed = [s for s in Standing if is_reduce_only(held_at(s, 0))]
    assert closed == [s for s in Standing if s not in (Standing.HEALTHY, Standing.WARNED)]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.one_of(st.none(), st.floats(-50.0, 300.0))),
        min_size=1,
        max_size=25,
    )
)
def test_worse_is_never_late_and_better_never_early(
    steps: list[tuple[int, float | None]],
) -> None:
    now, held = 0, None
    better_since: int | None = None
    for gap, equity in steps:
        now += gap * SECOND
        before = held
        held = next_standing(POLICY, held, figures(equity), now)
        plain = standing_of(LADDER, figures(equity))
        if plain is Standing.UNAVAILABLE:
            assert held.standing is plain
            better_since = None
            continue
        assert severity(held.standing) >= severity(plain)
        if before is None:
            continue
        eased = standing_of(LADDER, figures(equity), POLICY.release_frac)
        if severity(eased) < severity(before.known):
            better_since = now if better_since is None else better_since
        else:
            better_since = None
        if severity(held.known) < severity(before.known):
            assert better_since is not None
            assert now - better_since >= POLICY.dwell_ns
            better_since = None
        elif severity(held.known) > severity(before.known):
            better_since = None


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"release_frac": float("nan")}, "ladder.release_frac"),
        ({"dwell_ns": -1}, "ladder.dwell_ns"),
        (
            {"grace": Grace(from_ns=0, until_ns=5 * 3_600 * SECOND, reason="an outage")},
            "ladder.grace",
        ),
        ({"grace": Grace(from_ns=0, until_ns=SECOND, reason="")}, "ladder.grace.reason"),
    ],
)
def test_a_policy_out_of_bounds_is_refused(words: dict[str, object], field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        LadderPolicy(ladder=LADDER, **words)  # type: ignore[arg-type]
    assert [failure.where for failure in refused.value.failures] == [field]


def test_time_does_not_go_backwards() -> None:
    with pytest.raises(ValueError, match="comes before"):
        next_standing(POLICY, held_at(Standing.HEALTHY, 5), figures(200.0), 4)
