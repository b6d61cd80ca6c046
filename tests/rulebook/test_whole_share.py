import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.rulebook.evaluate import evaluate
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.rate import FromField, FromParameter, Number, Ramp, Rounded
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.whole_share import whole_share
from tests.rulebook.small_book import small_context

BTC = "dydx:BTC/USDC:USDC"


@given(units=st.integers(0, 2**32), ppm=st.integers(0, 1_000_000), up=st.booleans())
def test_a_share_in_millionths_is_the_share_of_integers(units: int, ppm: int, up: bool) -> None:
    expected = -(-units * ppm // 1_000_000) if up else units * ppm // 1_000_000
    found = whole_share(np.array([float(units)]), np.array([ppm / 1e6]), np.array([1e6]), up=up)
    assert found.tolist() == [expected]


def test_a_product_of_floats_would_be_off_by_one() -> None:
    units, factor = np.array([335.0 * 10]), np.array([1.1])
    assert np.ceil(units * factor).tolist() == [3_686.0]
    assert whole_share(units, factor, np.array([1e5]), up=True).tolist() == [3_685.0]


def test_a_share_of_nine_trillion_quantums_is_exact() -> None:
    found = whole_share(np.array([9_186_626_009_601.0]), np.array([0.05]), np.array([1e6]), up=True)
    assert found.tolist() == [-(-9_186_626_009_601 * 50_000 // 1_000_000)]


def test_a_factor_that_is_no_whole_number_of_parts_is_a_float_product() -> None:
    third, million = np.array([1 / 3]), np.array([1e6])
    assert whole_share(np.array([100.0]), third, million, up=True).tolist() == [34.0]
    assert whole_share(np.array([100.0]), third, million, up=False).tolist() == [33.0]


def test_what_is_missing_stays_missing() -> None:
    missing, half, million = np.array([np.nan]), np.array([0.5]), np.array([1e6])
    assert np.isnan(whole_share(missing, half, million, up=True)).all()
    assert np.isnan(whole_share(half, missing, million, up=True)).all()


RECIPE = {
    "name": "share",
    "title": "a recipe of a test",
    "valid_from": "2026-01-01",
    "source": "illustrative",
    "reporting": "USD",
    "tick_exponent": -20,
}
NOTIONAL = {"charge": "exposure", "amount": "abs_net", "of": "notional", "by": "listing", "rate": 1}


def requirement(node: dict[str, object], contracts: float) -> float:
    recipe = load_recipe(
        RECIPE | {"level": {"maintenance": {"equity": {"charge": "cash"}, "requirement": node}}}
    )
    context = small_context(
        accounts={"one": {"positions": {BTC: contracts}}},
        prices={"BTC": 1.0, "USDC": 1.0},
        listings={BTC: {"mark": 1.0}},
    )
    amount = evaluate(recipe.level("maintenance").requirement, context, "account").outcome.amount
    return float(amount[0]) * 2.0**-20


def test_round_nodes_take_the_dust_of_ticks_for_nothing_and_a_real_rest_for_a_unit() -> None:
    up = {"op": "round_up", "unit": 0.01, "part": NOTIONAL}
    assert requirement(up, 33.33) == pytest.approx(33.33, abs=1e-9)
    assert requirement(up, 33.331) == pytest.approx(33.34, abs=1e-9)
    down = {"op": "round_down", "unit": 0.01, "part": NOTIONAL}
    assert requirement(down, 33.33) == pytest.approx(33.33, abs=1e-9)
    assert requirement(down, 33.339) == pytest.approx(33.33, abs=1e-9)


def test_a_share_node_takes_whole_units_only() -> None:
    whole = {"op": "round_down", "unit": 1.0, "part": NOTIONAL}
    share = {"op": "share_up", "unit": 1.0, "factor": 0.387653, "out_of": 1e6, "part": whole}
    assert requirement(share, 7_001.9) == -(-7_001 * 387_653 // 1_000_000)
    with pytest.raises(ValueError, match="not in whole units"):
        requirement({**share, "part": NOTIONAL}, 7_001.5)


def ramp(open_interest: float | None, base: float, lower: float, upper: float) -> float:
    listing = (
        {"mark": 1.0} if open_interest is None else {"mark": 1.0, "open_interest": open_interest}
    )
    context = small_context(
        accounts={"one": {"positions": {BTC: 1.0}}},
        prices={"BTC": 1.0, "USDC": 1.0},
        listings={BTC: listing},
        parameters={"base": base},
    )
    rate = Rounded(
        rate=Ramp(
            base=FromParameter(name="base"),
            field="open_interest_notional",
            lower=Number(value=lower),
            upper=Number(value=upper),
        ),
        unit=Number(value=1e-6),
        up=False,
    )
    return float(rate_of(rate, context, "listing")[0])


@pytest.mark.parametrize(
    ("open_interest", "lower", "upper", "ppm"),
    [
        (0, 1_000_000, 2_000_000, 200_000),
        (1_000_000, 1_000_000, 2_000_000, 200_000),
        (1_234_567, 1_000_000, 2_000_000, 387_653),
        (1_999_999, 1_000_000, 2_000_000, 999_999),
        (2_500_000, 1_000_000, 2_000_000, 1_000_000),
        (2_500_000, 0, 0, 200_000),
        (1_000_000, 1_000_000, 1_000_000, 200_000),
        (1_000_001, 1_000_000, 1_000_000, 1_000_000),
    ],
)
def test_dydx_fractions_follow_open_interest_in_whole_millionths(
    open_interest: float, lower: float, upper: float, ppm: int
) -> None:
    assert ramp(open_interest, 0.2, lower, upper) == pytest.approx(ppm / 1e6, abs=1e-15)


def test_a_ramp_without_open_interest_is_missing_unless_it_is_switched_off() -> None:
    assert np.isnan(ramp(None, 0.2, 1e6, 2e6))
    assert ramp(None, 0.2, 0.0, 0.0) == pytest.approx(0.2, abs=1e-15)


def test_a_rounded_rate_drops_no_whole_part_for_float_dust() -> None:
    context = small_context(accounts={"one": {}}, prices={})
    for ppm in (1, 7, 29, 57, 113, 200_000, 387_653, 999_999):
        rate = Number(value=ppm / 1e6)
        for up in (True, False):
            found = rate_of(Rounded(rate=rate, unit=Number(value=1e-6), up=up), context, "account")
            assert found[0] == pytest.approx(ppm / 1e6, abs=1e-15)
    field = Rounded(rate=FromField(field="mark"), unit=Number(value=1e-6), up=True)
    assert np.isnan(rate_of(field, context, "account")).all()
