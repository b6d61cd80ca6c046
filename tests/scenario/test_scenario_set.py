from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.combine import joined, scaled
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule, VolShock
from tests.scenario.tables import DERIBIT, HOUSE, built

PLAIN = assemble(
    "plain", ["BTC", "USD"], ["okx"], ["a", "b"], ["f", "f"], probability=np.array([0.5, 0.5])
)


@pytest.mark.parametrize(
    ("field", "array", "text"),
    [
        ("spot_move", [[np.nan, 0.0], [0.0, 0.0]], "nan in BTC, a"),
        ("spot_move", [[-1.0, 0.0], [0.0, 0.0]], "not above -100 %"),
        ("spot_move", [[np.inf, 0.0], [0.0, 0.0]], "not finite"),
        ("spot_move", [[0.0, 0.0]], "shape"),
        ("vol_move", [[0.0, np.nan], [0.0, 0.0]], "nan in BTC, b"),
        ("venue_move", [[-1.0, 0.0]], "not within"),
        ("loss_weight", [1.0, -0.1], "-0.1 in b: negative, or not finite"),
        ("loss_weight", [1.0, np.nan], "nan in b"),
        ("damping_multiple", [0.0, -1.0], "negative"),
        ("probability", [0.5, 0.4], "sum to 0.9"),
        ("probability", [1.5, -0.5], "not within 0 to 1"),
        ("time_ns", [0, -1], "backwards"),
        ("vol_rule", [0, 1], "no such vol rule"),
    ],
)
def test_a_set_refuses_what_cannot_be_a_scenario(field: str, array: list[float], text: str) -> None:
    dtype = np.int64 if field in ("time_ns", "vol_rule") else np.float64
    with pytest.raises(InputRefused, match=text):
        replace(PLAIN, **{field: np.array(array, dtype=dtype)})


def test_a_set_without_scenarios_is_refused() -> None:
    with pytest.raises(InputRefused, match="no scenario"):
        assemble("empty", ["BTC"], [], [], [])


def test_the_arrays_of_a_set_are_its_own_and_read_only() -> None:
    moves = np.zeros((2, 2))
    s = replace(PLAIN, spot_move=moves)
    moves[0, 0] = 9.0
    assert s.spot_move[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        s.spot_move[0, 0] = 1.0


def cells(s: ScenarioSet) -> list[tuple[object, ...]]:
    """Everything that a scenario does, scenario by scenario."""
    return [
        (
            s.labels[i],
            s.family[i],
            s.spot_move[:, i].tolist(),
            s.vol_move[:, i].tolist(),
            s.vol_rules[s.vol_rule[i]],
            s.venue_move[:, i].tolist(),
            s.time_ns[i],
            s.loss_weight[i],
            s.damping_multiple[i],
        )
        for i in range(s.scenarios_count)
    ]


def test_joined_sets_keep_every_scenario_as_it_was() -> None:
    first, second = built(DERIBIT), built(HOUSE)
    both = joined("both", [first, second])
    assert cells(both) == cells(first) + cells(second)
    assert both.probability is None
    # Up with a floor, `same`, and one for all the others: equal rules are kept once.
    assert len(both.vol_rules) == 3


def test_joined_probabilities_need_a_share_for_each_set() -> None:
    both = joined("both", [PLAIN, PLAIN], shares=[0.75, 0.25])
    assert both.probability is not None
    assert both.probability.tolist() == [0.375, 0.375, 0.125, 0.125]
    with pytest.raises(InputRefused, match="no probabilities"):
        joined("both", [PLAIN, replace(PLAIN, probability=None)], shares=[0.5, 0.5])
    with pytest.raises(InputRefused, match="sum to"):
        joined("both", [PLAIN, PLAIN], shares=[0.5, 0.6])


def test_sets_over_other_assets_are_not_joined() -> None:
    other = assemble("other", ["ETH", "USD"], ["okx"], ["a"], ["f"])
    with pytest.raises(InputRefused, match="other has other assets"):
        joined("both", [PLAIN, other])
    with pytest.raises(InputRefused, match="nothing to join"):
        joined("none", [])


@given(factor=st.floats(0.0, 3.0))
@settings(max_examples=40)
def test_scaling_scales_every_move_and_nothing_else(factor: float) -> None:
    s = built(HOUSE)
    bigger = scaled(s, factor)
    assert (bigger.spot_move == s.spot_move * factor).all()
    assert (bigger.vol_move == s.vol_move * factor).all()
    assert (bigger.time_ns == s.time_ns).all()
    assert bigger.labels == s.labels


def test_a_move_scaled_beyond_the_floor_is_refused() -> None:
    with pytest.raises(InputRefused, match="not above -100 %"):
        scaled(built(HOUSE), 7.0)
    with pytest.raises(InputRefused, match="not a finite factor"):
        scaled(built(HOUSE), -1.0)


def test_rules_that_are_equal_are_one_rule() -> None:
    rule = VolRule(shock=VolShock.POINTS)
    s = assemble("x", ["BTC"], [], ["a", "b", "c"], ["f"] * 3, vol_rules=[rule, rule, rule])
    assert s.vol_rules == (rule,)
