"""Spreads, straddles and what is left of them: published numbers, and what no pairing undercuts."""

from collections.abc import Sequence
from itertools import permutations
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.scene import Scene
from crossmargin.domain.instrument import Right
from crossmargin.rulebook.assess import assess
from crossmargin.wire.recipes import bundled_recipe

SPOT = 100.0
TICK = -20
Leg: TypeAlias = tuple[str, float, float, int]
"""Call or put, strike, mark, contracts."""


def needed(legs: Sequence[Leg], spot: float = SPOT, days: Sequence[int] | None = None) -> float:
    """Dollars under Regulation T, a hundred shares a contract; every part added up."""
    scene = Scene()
    share = scene.asset("X", index=spot)
    scene.account()
    terms = [30] * len(legs) if days is None else days
    for (kind, strike, mark, contracts), term in zip(legs, terms, strict=True):
        row = scene.option(
            share,
            seconds=86_400 * term,
            strike=strike,
            right=Right.CALL if kind == "C" else Right.PUT,
            contract_size=100,
            forward=spot,
            mark=mark,
        )
        scene.position(row, contracts)
    found = assess(bundled_recipe("reg-t"), *scene.built(), explain=True, tick_exponent=TICK)
    (tree,) = (each for each in found.answers["maintenance"] if each.node.name == "strategies")
    parts = tree.outcome.parts
    assert parts is not None
    np.testing.assert_allclose(parts.positions.sum(), tree.outcome.amount[0], rtol=1e-9, atol=1)
    return float(found.levels["maintenance"].requirement[0]) * 2.0**TICK


@pytest.mark.parametrize(
    ("spot", "legs", "dollars"),
    [
        # support.tastyworks.com, naked short call, and short straddle or strangle.
        (65.0, [("C", 68, 1.5, -1)], 1_150),
        (45.0, [("C", 47, 2.1, -1), ("P", 43, 1.2, -1)], 1_030),
        # 77 FR 54626: the most that can be lost on intrinsic values.
        (100.0, [("C", 100, 5, -1), ("C", 110, 2, 1)], 1_000),
        (100.0, [("C", 110, 2, -1), ("C", 100, 5, 1)], 0),
        (100.0, [("P", 90, 2, -1), ("P", 85, 1, 1)], 500),
        # An iron condor pays one side, a long butterfly nothing, a short box its width.
        (100.0, [("C", 110, 2, -1), ("C", 115, 1, 1), ("P", 90, 2, -1), ("P", 85, 1, 1)], 500),
        (100.0, [("C", 95, 7, 1), ("C", 100, 4, -2), ("C", 105, 2, 1)], 0),
        (100.0, [("C", 95, 7, -1), ("C", 105, 2, 1), ("P", 105, 7, -1), ("P", 95, 2, 1)], 1_000),
        # One of two is covered, the other pays 10 % of 100 and its mark.
        (100.0, [("C", 100, 5, 1), ("C", 110, 2, -2)], 1_200),
    ],
)
def test_strategies_of_the_rule(spot: float, legs: list[Leg], dollars: float) -> None:
    assert needed(legs, spot) == pytest.approx(dollars, abs=0.011)


def test_a_long_that_expires_another_day_covers_nothing_here() -> None:
    spread: list[Leg] = [("C", 100, 5, -1), ("C", 110, 2, 1)]
    assert needed(spread, days=[30, 60]) == needed(spread[:1])


LEG = st.tuples(
    st.sampled_from("CP"),
    st.sampled_from([80.0, 90.0, 100.0, 110.0, 120.0]),
    st.just(3.0),
    st.integers(-2, 2).filter(bool),
)
LEGS = st.lists(LEG, min_size=1, max_size=4, unique_by=lambda leg: leg[:2])


def naked(leg: Leg) -> float:
    kind, strike, mark, _ = leg
    out = max(0.0, strike - SPOT if kind == "C" else SPOT - strike)
    return 100 * (mark + max(0.2 * SPOT - out, 0.1 * (SPOT if kind == "C" else strike)))


@settings(max_examples=30)
@given(LEGS)
def test_it_lies_between_the_worst_payoff_or_a_tenth_and_every_short_by_itself(
    legs: list[Leg],
) -> None:
    found = needed(legs)
    alone = sum(-n * naked((k, s, m, n)) for k, s, m, n in legs if n < 0)
    assert 0.0 <= found <= alone + 0.011
    if not any(n < 0 for *_, n in legs):
        assert found == 0.0


@settings(max_examples=30)
@given(LEGS, LEG)
def test_another_long_never_costs_and_another_short_never_pays(legs: list[Leg], more: Leg) -> None:
    if more[:2] in [leg[:2] for leg in legs]:
        return
    bought = [*legs, (*more[:3], abs(more[3]))]
    assert needed(bought) <= needed(legs) + 0.011


@settings(max_examples=20)
@given(LEGS)
def test_the_order_of_legs_changes_no_bit_and_twice_as_much_pays_twice(legs: list[Leg]) -> None:
    whole = needed(legs)
    for other in list(permutations(legs))[:4]:
        assert needed(other) == whole
    doubled: list[Leg] = [(k, s, m, 2 * n) for k, s, m, n in legs]
    assert needed(doubled) == pytest.approx(2 * whole, abs=0.022)
