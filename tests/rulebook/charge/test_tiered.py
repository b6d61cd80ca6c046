import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.tiered import Brackets, Stated, Tiered, effective_rate
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import FromParameter
from tests.rulebook.small_book import in_units, small_context

BTC = "binance:BTC/USDT:USDT"
ETH = "binance:ETH/USDT:USDT"

# Binance USD-M, 18 March 2021.
BOUNDS = [5e4, 2.5e5, 1e6, 1e7, 2e7, 5e7, 1e8, 2e8, 3e8]
RATES = [0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15, 0.25, 0.5]
DEDUCTED = [0, 50, 1_300, 16_300, 266_300, 1_266_300, 2_516_300, 5_016_300, 25_016_300, 100_016_300]

ETH_BOUNDS = [1e4, 1e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7]
ETH_RATES = [0.005, 0.0065, 0.01, 0.02, 0.05, 0.1, 0.125, 0.15, 0.25]

MAINTENANCE = Tiered(
    amount=Amount.GROSS, of="notional", by="listing", bounds="$bounds", rates="$rates"
)


def book(
    positions: dict[str, float],
    parameters: dict[str, object],
    mark: float = 31_967.27,
    **account: object,
) -> Context:
    return small_context(
        accounts={"one": {"positions": positions, **account}},
        prices={"BTC": mark, "ETH": 1_335.18, "USDT": 1.0},
        listings={BTC: {"mark": mark}, ETH: {"mark": 1_335.18}},
        parameters=parameters,
        tick_exponent=-14,
    )


def charged(context: Context, charge: Tiered) -> float:
    return float(in_units(context, charge.evaluate(context, "account").amount)[0])


def test_binance_maintenance_is_slice_by_slice_what_the_deduction_table_says() -> None:
    parameters = {"bounds": BOUNDS, "rates": RATES}
    found = charged(book({BTC: 109.488}, parameters), MAINTENANCE)
    assert found == pytest.approx(71_200.81144, abs=0.01)
    for size in (1e4, 5e4, 9e4, 3e6, 1.5e7, 4e8):
        tier = int(np.searchsorted(BOUNDS, size, side="right"))
        expected = size * RATES[tier] - DEDUCTED[tier]
        rate = effective_rate(
            np.array([size]), np.array([BOUNDS]), np.array([RATES]), Brackets.MARGINAL, False
        )
        assert rate[0] * size == pytest.approx(expected, rel=1e-12)


def test_each_asset_has_its_own_brackets() -> None:
    parameters = {
        "bounds": {"value": {"BTC": BOUNDS, "ETH": [1_000_000.0]}, "by": "asset"},
        "rates": {"value": {"BTC": RATES, "ETH": [0.01, 0.1]}, "by": "asset"},
    }
    context = book({BTC: 109.488, ETH: -3_683.979}, parameters)
    ether = 3_683.979 * 1_335.18
    expected = 71_200.81144 + 1e6 * 0.01 + (ether - 1e6) * 0.1
    assert charged(context, MAINTENANCE) == pytest.approx(expected, abs=0.01)


def test_a_stated_leverage_is_the_inverse_of_a_rate() -> None:
    # Hyperliquid, ETH: 25x to 100M, 15x above; maintenance is half the initial rate.
    charge = Tiered(
        amount=Amount.ABS_NET,
        of="notional",
        by="listing",
        bounds="$bounds",
        rates="$leverage",
        stated=Stated.LEVERAGE,
    )
    parameters = {"bounds": [1e8], "leverage": [50.0, 30.0]}
    context = book({BTC: 130.0}, parameters, mark=1e6)
    assert charged(context, charge) == pytest.approx(3_000_000.0)


def test_the_whole_amount_pays_the_rate_of_the_tier_it_reaches() -> None:
    # Kraken: the tier is found by contracts, the rate acts on the notional.
    charge = Tiered(
        amount=Amount.ABS_NET,
        of="notional",
        by="listing",
        bounds="$bounds",
        rates="$rates",
        brackets=Brackets.WHOLE,
        measured_by="contracts",
    )
    parameters = {"bounds": [100.0, 200.0], "rates": [0.02, 0.04, 0.06]}
    assert charged(book({BTC: -99.0}, parameters, mark=10.0), charge) == pytest.approx(19.8)
    assert charged(book({BTC: -150.0}, parameters, mark=10.0), charge) == pytest.approx(60.0)
    assert charged(book({BTC: -250.0}, parameters, mark=10.0), charge) == pytest.approx(150.0)


@pytest.mark.parametrize(("below", "expected"), [(False, 40.0), (True, 20.0)])
def test_a_recipe_says_to_which_tier_a_bound_belongs(below: bool, expected: float) -> None:
    charge = Tiered(
        amount=Amount.ABS_NET,
        of="notional",
        by="listing",
        bounds="$bounds",
        rates="$rates",
        brackets=Brackets.WHOLE,
        bound_below=below,
    )
    parameters = {"bounds": [1_000.0], "rates": [0.02, 0.04]}
    context = book({BTC: 100.0}, parameters, mark=10.0)
    assert charged(context, charge) == pytest.approx(expected)


def test_a_users_own_leverage_raises_every_rate_to_its_inverse() -> None:
    charge = Tiered(
        amount=Amount.ABS_NET,
        of="notional",
        by="listing",
        bounds="$bounds",
        rates="$rates",
        leverage=FromParameter(name="leverage"),
    )
    parameters = {
        "bounds": [1_000.0],
        "rates": [0.02, 0.2],
        "leverage": {"value": {"one": 10.0}, "by": "account", "otherwise": 100.0},
    }
    context = book({BTC: 150.0}, parameters, mark=10.0)
    assert charged(context, charge) == pytest.approx(1_000 * 0.1 + 500 * 0.2)


def test_open_orders_count_on_their_worse_side() -> None:
    charge = Tiered(
        amount=Amount.ABS_NET,
        of="notional",
        by="listing",
        bounds="$bounds",
        rates="$rates",
        orders=OrderFill.WORST,
    )
    orders = [
        {"listing": BTC, "side": "buy", "contracts": 50.0},
        {"listing": BTC, "side": "sell", "contracts": 120.0},
        {"listing": ETH, "side": "buy", "contracts": 1.0},
    ]
    parameters = {"bounds": [1_000.0], "rates": [0.02, 0.2]}
    context = book({BTC: 100.0}, parameters, mark=10.0, orders=orders)
    expected = (1_000 * 0.02 + 500 * 0.2) + (1_000 * 0.02 + 335.18 * 0.2)
    assert charged(context, charge) == pytest.approx(expected, abs=1e-3)
    outcome = charge.evaluate(context, "account")
    assert outcome.parts is not None
    assert outcome.parts.positions.sum() == pytest.approx(outcome.amount[0])


def test_a_listing_without_brackets_is_unavailable_only_where_it_is_held() -> None:
    parameters = {
        "bounds": {"value": {"BTC": [1.0]}, "by": "asset"},
        "rates": {"value": {"BTC": [0.1, 0.2]}, "by": "asset"},
    }
    assert np.isnan(charged(book({ETH: 1.0}, parameters), MAINTENANCE))
    assert charged(book({ETH: 0.0}, parameters), MAINTENANCE) == 0.0


def test_the_driver_is_the_highest_tier_reached() -> None:
    context = book({BTC: 109.488}, {"bounds": BOUNDS, "rates": RATES})
    outcome = MAINTENANCE.evaluate(context, "account")
    assert outcome.driver is not None
    assert outcome.driver_names[outcome.driver[0]] == "tier 4"


@pytest.mark.parametrize(
    ("bounds", "rates", "message"),
    [
        ([1.0, 2.0], [0.1, 0.2], "2 bounds and 2 rates"),
        ([2.0, 1.0], [0.1, 0.2, 0.3], "bounds do not ascend"),
        ([0.0], [0.1, 0.2], "bounds do not ascend"),
        (None, [0.1], "no source gives this figure"),
    ],
)
def test_brackets_that_do_not_fit_are_refused(
    bounds: list[float] | None, rates: list[float], message: str
) -> None:
    context = book({BTC: 1.0}, {"bounds": {"value": bounds}, "rates": rates})
    with pytest.raises(InputRefused, match=message):
        MAINTENANCE.evaluate(context, "account")


@given(
    size=st.floats(0.0, 1e9),
    step=st.floats(1e-3, 1e6),
    bounds=st.lists(st.floats(1.0, 1e8), min_size=3, max_size=3, unique=True).map(sorted),
)
def test_marginal_brackets_are_continuous_and_convex(
    size: float, step: float, bounds: list[float]
) -> None:
    rate = np.array([[0.01, 0.02, 0.05, 0.5]])

    def charge(amount: float) -> float:
        found = effective_rate(
            np.array([amount]), np.array([bounds]), rate, Brackets.MARGINAL, False
        )
        return float(found[0]) * amount

    low, middle, high = charge(size), charge(size + step), charge(size + 2 * step)
    dust = 1e-9 * (size + 2 * step)
    assert low <= middle + dust
    assert middle - low <= 0.5 * step + dust
    assert high - middle >= middle - low - dust
