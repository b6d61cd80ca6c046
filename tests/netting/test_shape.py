import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.kernels import NotFinite, TickOverflow
from crossmargin.netting.shape import (
    Damping,
    GainLimit,
    GainShare,
    MinusAbsolute,
    RangeShare,
    SignDiscount,
    is_homogeneous,
    shape_slopes,
    shaped_ticks,
)

DAMPING = Damping(move_frac=np.array([-0.16, 0.33, -0.66]), range_frac=0.16, allowance_ticks=1000.0)
SHAPES = [
    SignDiscount(positive_frac=0.9, negative_frac=1.04),
    MinusAbsolute(),
    GainShare(gain_frac=0.6),
    GainLimit(most_ticks=500.0),
    RangeShare(move_frac=DAMPING.move_frac, range_frac=0.16),
    DAMPING,
]
WHOLE = st.integers(-(2**40), 2**40)


def shaped(shape, value, change):
    return shaped_ticks(shape, np.array(value, float), np.array(change, float)).tolist()


def test_a_positive_shocked_value_is_discounted_and_a_negative_one_grows():
    discount = SignDiscount(positive_frac=0.5, negative_frac=2.0)
    # V + change = 6 -> 3, so the change is -7; -4 -> -8, so it is -18; no move still costs 5
    assert shaped(discount, [10], [[-4, -14, 0]]) == [[-7, -18, -5]]


def test_factors_may_differ_by_group():
    discount = SignDiscount(positive_frac=np.array([0.5, 1.0]), negative_frac=np.array([1.0, 2.0]))
    assert shaped(discount, [0, 0], [[8, -8], [8, -8]]) == [[4, -8], [8, -16]]


def test_nothing_offsets_when_the_absolute_change_is_lost():
    assert shaped(MinusAbsolute(), [7], [[5, -5, 0]]) == [[-5, -5, 0]]


def test_a_share_of_a_gain_counts_and_a_loss_in_full():
    # cells of a captured account: 0.2193996 coins count as 0.1316398 elsewhere
    gain = shaped(GainShare(gain_frac=0.6), [0], [[2193996, -1524600]])
    assert gain == [[1316398, -1524600]]


def test_a_gain_counts_up_to_its_limit_and_a_loss_in_full():
    limit = GainLimit(most_ticks=np.array([40.0, 0.0]))
    assert shaped(limit, [0, 0], [[39, 41, -90], [1, 0, -1]]) == [[39, 40, -90], [0, 0, -1]]


def test_the_dampener_spares_small_changes_and_only_bites_beyond_the_range():
    # beyond the range: 0.33/0.16 - 1 = 1.0625 and 0.66/0.16 - 1 = 3.125 allowances of 1,000
    assert shaped(DAMPING, [0, 0], [[-500, -500, -500], [-9000, 9000, -9000]]) == [
        [-500, 0, 0],
        [-9000, 7938, -5875],
    ]


def test_only_a_limit_and_the_dampener_depend_on_size():
    sized = [type(shape) for shape in SHAPES if not is_homogeneous(shape)]
    assert sized == [GainLimit, Damping]


@given(value=WHOLE, change=st.lists(WHOLE, min_size=3, max_size=3), factor=st.integers(0, 16))
def test_a_homogeneous_shape_scales_with_the_position(value, change, factor):
    for shape in SHAPES:
        if is_homogeneous(shape):
            once = np.array(shaped(shape, [value], [change]))
            scaled = np.array(shaped(shape, [value * factor], [[c * factor for c in change]]))
            assert np.abs(scaled - factor * once).max() <= (factor + 1) / 2


@given(value=WHOLE, change=st.lists(WHOLE, min_size=3, max_size=3), scenario=st.integers(0, 2))
def test_slopes_give_the_shaped_change_to_half_a_tick(value, change, scenario):
    at = np.array([scenario])
    for shape in SHAPES:
        values, changes = np.array([float(value)]), np.array([change], float)
        a, b = shape_slopes(shape, values, changes, at)
        whole = shaped_ticks(shape, values, changes)[0, scenario]
        assert abs(a[0] * value + b[0] * change[scenario] - whole) <= 0.501


@given(value=WHOLE, change=st.lists(WHOLE, min_size=3, max_size=3))
def test_a_shaped_change_is_whole_and_never_a_negative_zero(value, change):
    for shape in SHAPES:
        ticks = shaped_ticks(shape, np.array([float(value)]), np.array([change], float))
        assert (ticks == np.rint(ticks)).all()
        assert not np.signbit(ticks[ticks == 0]).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_change_that_is_not_a_number_is_refused_with_its_group(shape):
    change = np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])
    with pytest.raises(NotFinite, match="group 1"):
        shaped_ticks(shape, np.zeros(2), change)


def test_a_shocked_value_beyond_the_limit_is_refused():
    discount = SignDiscount(positive_frac=0.1, negative_frac=1.0)
    with pytest.raises(TickOverflow, match="group 0"):
        shaped(discount, [2**52], [[2**52]])


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (SignDiscount(positive_frac=-0.1, negative_frac=1.0), "positive_frac"),
        (SignDiscount(positive_frac=1.0, negative_frac=np.nan), "negative_frac"),
        (GainShare(gain_frac=1.1), "gain_frac"),
        (GainLimit(most_ticks=-1.0), "most_ticks"),
        (GainLimit(most_ticks=np.nan), "most_ticks"),
        (Damping(move_frac=np.zeros(3), range_frac=0.0, allowance_ticks=1.0), "range_frac"),
        (Damping(move_frac=np.zeros(2), range_frac=0.1, allowance_ticks=1.0), "move_frac"),
        (Damping(move_frac=np.zeros(3), range_frac=0.1, allowance_ticks=-1.0), "allowance_ticks"),
        (RangeShare(move_frac=np.zeros(3), range_frac=-0.1), "range_frac"),
        (RangeShare(move_frac=np.zeros((2, 3)), range_frac=0.1), "move_frac"),
        (RangeShare(move_frac=np.array([0.0, np.inf, 0.0]), range_frac=0.1), "move_frac"),
    ],
)
def test_a_parameter_out_of_bounds_is_refused_by_name(shape, message):
    with pytest.raises(ValueError, match=message):
        shaped(shape, [0], [[1, 2, 3]])


def test_a_position_that_follows_the_price_loses_no_more_beyond_the_range_than_at_its_edge():
    # Extended moves of Deribit and Paradex; ten coins at 60,000, in ticks of a dollar.
    moves = np.array([-0.16, -0.66, -0.33, 0.08, 0.5, 5.0])
    share = RangeShare(move_frac=moves, range_frac=0.16)
    found = shaped(share, [600_000], [list(np.rint(600_000 * moves))])
    assert found == [[-96_000, -96_000, -96_000, 48_000, 96_000, 96_000]]


def test_counted_in_the_coin_that_moves_it_loses_no_more_than_at_the_edge_either():
    # A captured answer of Deribit: the extended cells of a perpetual are those of its edge.
    moves = np.array([-0.18, 0.18, -0.66, -0.33, 0.5, 1.0, 5.0])
    change = np.rint(1e9 * moves / (1 + moves))
    share = RangeShare(move_frac=moves, range_frac=0.18, unit_move_frac=moves)
    (found,) = shaped(share, [0], [list(change)])
    down, up = change[:2]
    assert found == pytest.approx([down, up, down, down, up, up, up], abs=1)


def test_each_group_may_have_its_own_moves_and_its_own_range():
    share = RangeShare(
        move_frac=np.array([[0.5, 0.1], [0.5, 0.36]]), range_frac=np.array([0.16, 0.18])
    )
    found = shaped(share, [0, 0], [[100_000, 100_000], [100_000, 100_000]])
    assert found == [[32_000, 100_000], [36_000, 50_000]]
