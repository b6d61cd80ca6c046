import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from crossmargin.kernels import NotFinite, net_ticks, net_worst_tail
from crossmargin.netting.shape import GainShare, MinusAbsolute, SignDiscount, shaped_ticks
from crossmargin.risk.measure import (
    Tail,
    expected_shortfall,
    loss_of,
    scan_loss,
    shortfall_of_sum,
    tail_at_level,
    tail_of_worst,
    tail_scenarios,
    value_at_risk,
    weighted_tail,
)

WHOLE = st.integers(-(2**40), 2**40).map(float)
SCENARIOS = 8
TICKS = arrays.arrays(np.float64, (2, SCENARIOS), elements=WHOLE)
TAILS = st.integers(1, 2 * SCENARIOS - 1).map(
    lambda halves: Tail(
        scenarios_count=SCENARIOS, whole_count=halves // 2, part_frac=(halves % 2) / 2
    )
)


def measures(ticks, tail):
    return scan_loss(ticks)[0], expected_shortfall(ticks, tail)[0]


def test_the_mean_of_the_six_worst_of_2500_is_2497_and_a_half():
    losses = np.random.default_rng(0).permutation(np.arange(1.0, 2501.0))
    shortfall, driver = expected_shortfall(loss_of(losses)[None], tail_of_worst(6, 2500))
    assert shortfall.tolist() == [2497.5]
    assert losses[driver[0]] == 2500


def test_a_level_gives_a_tail_with_a_stated_fraction_and_a_printed_name():
    tail = tail_at_level(0.975, 500)
    assert (tail.weight, tail.rank) == (12.5, 13)
    assert tail.name == "mean of the 12.5 worst of 500"
    assert tail.order_statistic_name == "13th worst of 500"


@pytest.mark.parametrize(
    ("level", "count", "rank", "name"),
    [
        (0.99, 500, 5, "5th worst of 500"),
        (0.99, 250, 3, "3rd worst of 250"),
        (0.999, 500, 1, "worst of 500"),
        (0.995, 2400, 12, "12th worst of 2400"),
        (0.99, 2200, 22, "22nd worst of 2200"),
        (0.99, 2100, 21, "21st worst of 2100"),
        (0.97, 100, 3, "3rd worst of 100"),
    ],
)
def test_value_at_risk_is_a_named_order_statistic(level, count, rank, name):
    # in binary floats 100 x (1 - 0.97) is a little above 3 and would name the 4th
    tail = tail_at_level(level, count)
    assert tail.rank == rank
    assert tail.order_statistic_name == name
    losses = np.arange(1.0, count + 1)
    value, scenario = value_at_risk(loss_of(losses)[None], tail)
    assert value.tolist() == [count + 1 - rank]
    assert scenario.tolist() == [count - rank]


def test_half_of_the_scenario_at_the_edge_counts_half():
    ticks = np.array([[-10.0, -8.0, -6.0, 4.0]])
    tail = Tail(scenarios_count=4, whole_count=2, part_frac=0.5)
    assert expected_shortfall(ticks, tail)[0].tolist() == [(10 + 8 + 0.5 * 6) / 2.5]


def test_the_scan_takes_the_largest_weighted_loss_and_the_lowest_index_among_equals():
    ticks = np.array([[-4.0, -8.0, -8.0, 50.0], [1.0, 2.0, 1.0, 3.0]])
    assert [part.tolist() for part in scan_loss(ticks)] == [[8, 0], [1, 0]]
    weight = np.array([2.0, 0.5, 1.0, 1.0])
    assert [part.tolist() for part in scan_loss(ticks, weight)] == [[8, 0], [0, 1]]


def test_a_tail_that_gains_is_a_negative_loss():
    ticks = np.array([[5.0, 7.0, 9.0]])
    tail = tail_of_worst(2, 3)
    assert expected_shortfall(ticks, tail)[0].tolist() == [-6]
    assert value_at_risk(ticks, tail)[0].tolist() == [-7]
    assert scan_loss(ticks)[0].tolist() == [0]


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, tail=TAILS)
def test_shortfall_is_never_below_value_at_risk(ticks, tail):
    shortfall, at_risk = expected_shortfall(ticks, tail)[0], value_at_risk(ticks, tail)[0]
    assert (shortfall >= at_risk - 1e-12 * np.abs(at_risk)).all()


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, tail=TAILS)
def test_the_whole_is_at_most_the_sum_of_its_parts(ticks, tail):
    for risk, together in zip(
        measures(ticks, tail), measures(ticks.sum(axis=0, keepdims=True), tail), strict=True
    ):
        assert together[0] <= risk.sum() + 1e-9 * np.abs(ticks).max()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), tail=TAILS)
@pytest.mark.parametrize(
    "shape",
    [
        SignDiscount(positive_frac=0.9, negative_frac=1.04),
        MinusAbsolute(),
        GainShare(gain_frac=0.6),
    ],
)
def test_homogeneous_shapes_keep_it_within_one_tick_per_position(seed, tail, shape):
    draw = np.random.default_rng(seed)
    change = draw.normal(0, 1e5, (4, SCENARIOS))
    value = draw.normal(0, 1e5, (4, 1))
    contracts = np.round(draw.normal(0, 5, 8), 1)
    listing = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    apart, merged = np.array([0, 4, 8]), np.array([0, 4])
    both = contracts[:4] + contracts[4:]

    def shaped(held, groups):
        rows = (listing[: held.size], held, groups)
        return shaped_ticks(shape, net_ticks(value, *rows)[:, 0], net_ticks(change, *rows))

    for risk, together in zip(
        measures(shaped(contracts, apart), tail), measures(shaped(both, merged), tail), strict=True
    ):
        assert together[0] <= risk.sum() + contracts.size


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, tail=TAILS, factor=st.integers(0, 1024))
def test_a_multiple_of_the_book_has_that_multiple_of_the_risk(ticks, tail, factor):
    for once, many in zip(measures(ticks, tail), measures(ticks * factor, tail), strict=True):
        np.testing.assert_allclose(many, once * factor, rtol=1e-13, atol=0)


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, tail=TAILS, cash=WHOLE)
def test_cash_lowers_the_risk_by_its_amount(ticks, tail, cash):
    before, after = expected_shortfall(ticks, tail)[0], expected_shortfall(ticks + cash, tail)[0]
    np.testing.assert_allclose(after, before - cash, rtol=0, atol=2.0**-8)
    losing = ticks - np.abs(ticks).max(axis=1, keepdims=True) - abs(cash)
    assert (scan_loss(losing + cash)[0] == scan_loss(losing)[0] - cash).all()
    assert (value_at_risk(ticks + cash, tail)[0] == value_at_risk(ticks, tail)[0] - cash).all()


@settings(max_examples=60, deadline=None)
@given(
    ticks=TICKS,
    tail=TAILS,
    worse=arrays.arrays(np.float64, (2, SCENARIOS), elements=st.integers(0, 2**40).map(float)),
)
def test_a_book_that_loses_more_in_every_scenario_never_has_less_risk(ticks, tail, worse):
    for before, after in zip(measures(ticks, tail), measures(ticks - worse, tail), strict=True):
        assert (after >= before - 1e-9 * np.abs(before)).all()
    assert (value_at_risk(ticks - worse, tail)[0] >= value_at_risk(ticks, tail)[0]).all()


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, further=arrays.arrays(np.float64, (2, 1), elements=WHOLE))
def test_another_scenario_never_lowers_the_scan(ticks, further):
    assert (scan_loss(np.hstack([ticks, further]))[0] >= scan_loss(ticks)[0]).all()


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, tail=TAILS, order=st.permutations(range(SCENARIOS)))
def test_the_order_of_scenarios_changes_no_figure(ticks, tail, order):
    for one, other in zip(measures(ticks, tail), measures(ticks[:, order], tail), strict=True):
        assert one.tobytes() == other.tobytes()


@settings(max_examples=60, deadline=None)
@given(ticks=TICKS, tail=TAILS)
def test_equal_probabilities_are_the_plain_tail(ticks, tail):
    level = 1 - tail.weight / SCENARIOS
    chance = np.full(SCENARIOS, 1 / SCENARIOS)
    at_risk, shortfall, _, share = weighted_tail(ticks, chance, level)
    assert (at_risk == value_at_risk(ticks, tail)[0]).all()
    plain = expected_shortfall(ticks, tail)[0]
    np.testing.assert_allclose(shortfall, plain, rtol=1e-12, atol=1e-12 * np.abs(ticks).max())
    np.testing.assert_allclose(share.sum(axis=1), 1)


def test_a_boundary_of_the_tail_is_met_in_spite_of_float_sums():
    losses = np.arange(1.0, 101.0)
    for count in range(1, 100):
        level = 1 - count / 100
        at_risk = weighted_tail(loss_of(losses)[None], np.full(100, 0.01), round(level, 2))[0]
        assert at_risk.tolist() == [101 - count]


def test_probabilities_decide_how_far_the_tail_reaches():
    ticks = np.array([[-10.0, -30.0, -20.0, 0.0]])
    chance = np.array([0.5, 0.125, 0.25, 0.125])
    at_risk, shortfall, scenario, share = weighted_tail(ticks, chance, 0.5)
    assert at_risk.tolist() == [10]
    assert shortfall.tolist() == [(30 * 0.125 + 20 * 0.25 + 10 * 0.125) / 0.5]
    assert scenario.tolist() == [[1, 2, 0, 3]]
    assert share.tolist() == [[0.25, 0.5, 0.25, 0]]


def test_the_fused_tail_is_the_same_shortfall():
    draw = np.random.default_rng(5)
    rows = (draw.normal(0, 1e6, (9, 40)), draw.integers(0, 9, 90), draw.normal(0, 3, 90))
    indptr = np.arange(0, 91, 3)
    tail = Tail(scenarios_count=40, whole_count=2, part_frac=0.5)
    _, scenario, tail_sum = net_worst_tail(*rows, indptr, 2, tail_fraction=0.5)
    shortfall, driver = expected_shortfall(net_ticks(*rows, indptr), tail)
    assert shortfall_of_sum(tail_sum, tail).tobytes() == shortfall.tobytes()
    assert driver.tolist() == scenario.tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_lost_scenario_is_refused_with_its_group(bad):
    ticks = np.array([[1.0, 2.0], [bad, 2.0]])
    tail = tail_of_worst(1, 2)
    for measure in (
        lambda: scan_loss(ticks),
        lambda: value_at_risk(ticks, tail),
        lambda: expected_shortfall(ticks, tail),
        lambda: weighted_tail(ticks, np.array([0.5, 0.5]), 0.9),
    ):
        with pytest.raises(NotFinite, match="group 1") as refusal:
            measure()
        assert refusal.value.group == 1


def test_weights_that_are_none_are_refused_by_name():
    ticks = np.zeros((1, 2))
    for weight in (np.array([1.0, -1.0]), np.array([1.0, np.nan]), np.ones(3)):
        with pytest.raises(ValueError, match="loss_weight"):
            scan_loss(ticks, weight)
    for chance in (np.array([0.5, 0.4]), np.array([1.5, -0.5])):
        with pytest.raises(ValueError, match="probability"):
            weighted_tail(ticks, chance, 0.9)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, float("nan")])
def test_a_level_outside_nought_and_one_is_refused(level):
    with pytest.raises(ValueError, match="no tail at level"):
        tail_at_level(level, 500)
    with pytest.raises(ValueError, match="no tail at level"):
        weighted_tail(np.zeros((1, 2)), np.array([0.5, 0.5]), level)


def test_a_tail_of_other_scenarios_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        tail_scenarios(np.zeros((1, 3)), tail_of_worst(1, 4))
    with pytest.raises(ValueError, match="5 worst of 4"):
        tail_of_worst(5, 4)
