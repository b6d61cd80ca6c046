import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.instant import NS_PER_DAY
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.basis import basis
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.reported import reported_change, reported_rate
from crossmargin.valuation.risk_arrays import RiskArrays, risk_arrays
from crossmargin.valuation.unit_value import unit_value
from tests.valuation.markets import MARKET, UNIVERSE, market_of, row_of

MOVES = [-0.9, -0.16, -0.01, 0.0, 0.18, 1.0, 5.0]


def price_scenarios(
    moves: list[float], code: str = "BTC", time_ns: int = 0, **others: float
) -> ScenarioSet:
    spot = np.zeros((len(UNIVERSE.assets), len(moves)))
    spot[UNIVERSE.assets.index(code)] = moves
    for other, move in others.items():
        spot[UNIVERSE.assets.index(other)] = move
    labels = [str(move) for move in moves]
    return assemble(
        "moves", UNIVERSE.assets, UNIVERSE.venues, labels, labels, spot_move=spot, time_ns=time_ns
    )


def change_of(name: str, scenarios: ScenarioSet) -> np.ndarray:
    return risk_arrays(UNIVERSE, MARKET, scenarios, "mark").change[row_of(UNIVERSE, name)]


def test_the_value_of_a_contract_is_in_its_settlement_currency() -> None:
    value = unit_value(UNIVERSE, MARKET)
    assert value[row_of(UNIVERSE, "perp-linear")] == 0.01 * 50_000
    assert value[row_of(UNIVERSE, "perp-inverse")] == -10 / 50_000
    assert value[row_of(UNIVERSE, "spot")] == 50_000
    assert value[row_of(UNIVERSE, "call-coin")] == 0.05
    assert value[row_of(UNIVERSE, "call-linear")] == 0.1 * 2_000
    assert value[row_of(UNIVERSE, "USDT")] == 1.0


@pytest.mark.parametrize("name", ["perp-linear", "future-linear", "spot"])
def test_a_linear_contract_gains_its_size_times_the_move(name: str) -> None:
    value = unit_value(UNIVERSE, MARKET)[row_of(UNIVERSE, name)]
    assert change_of(name, price_scenarios(MOVES)) == pytest.approx([value * m for m in MOVES])


@pytest.mark.parametrize("name", ["perp-inverse", "future-inverse"])
def test_an_inverse_contract_of_q_coins_gains_q_p_over_1_plus_p_coins(name: str) -> None:
    q = 10 / 50_000
    expected = [q * p / (1 + p) for p in MOVES]
    assert change_of(name, price_scenarios(MOVES)) == pytest.approx(expected, rel=1e-14)


def test_the_captured_cells_of_a_short_inverse_perpetual_are_met() -> None:
    # 0.99949 ETH short at an edge of 18 %: +0.21940 below and -0.15246 above.
    q = 0.99949
    change = change_of("perp-inverse", price_scenarios([-0.18, 0.18])) * -q * 50_000 / 10
    assert change == pytest.approx([0.21940, -0.15246], abs=1e-5)


def test_the_published_price_grid_of_a_short_linear_swap_is_met() -> None:
    # OKX position builder: stress notional -9,703.42 USD, +-4, 8, 12 %.
    contracts = -9_703.424370599994 / (0.01 * 50_000)
    shocks = [-0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12]
    published = [
        1164.4109244719994,
        776.2739496480004,
        388.1369748240002,
        0.0,
        -388.1369748240002,
        -776.2739496480004,
        -1164.4109244719994,
    ]
    change = change_of("perp-linear", price_scenarios(shocks)) * contracts
    assert change == pytest.approx(published, abs=1e-6)


def test_a_leveraged_token_moves_by_its_factor_and_never_below_nothing() -> None:
    moves = [-0.5, -0.2, 0.1, 0.5]
    assert change_of("BTC3L", price_scenarios(moves)) == pytest.approx(
        [-12.0, -0.6 * 12, 0.3 * 12, 1.5 * 12]
    )
    assert change_of("BTC3S", price_scenarios(moves)) == pytest.approx(
        [1.5 * 7, 0.6 * 7, -0.3 * 7, -7.0]
    )


def test_a_balance_is_worth_one_of_itself_in_every_scenario() -> None:
    assert not change_of("BTC", price_scenarios(MOVES)).any()
    assert not change_of("USDT", price_scenarios([-0.1], "USDT")).any()


def reported(
    scenarios: ScenarioSet, *, shocked: bool, reporting: str = "USD"
) -> tuple[np.ndarray, np.ndarray]:
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "mark")
    row = UNIVERSE.assets.index(reporting)
    return reported_change(UNIVERSE, MARKET.index, risk, scenarios, row, shocked=shocked)


def test_one_coin_and_a_short_inverse_of_its_value_is_a_flat_number_of_dollars() -> None:
    scenarios = price_scenarios([*MOVES, -0.999, 100.0])
    value, change = reported(scenarios, shocked=True)
    coin, short = row_of(UNIVERSE, "BTC"), row_of(UNIVERSE, "perp-inverse")
    contracts = -50_000 / 10
    assert value[coin] == 50_000
    flat = change[coin] + contracts * change[short]
    assert flat == pytest.approx(np.zeros(len(flat)), abs=1e-7)


def test_at_the_shocked_rate_an_inverse_contract_gains_q_s_p_dollars() -> None:
    scenarios = price_scenarios(MOVES)
    _, change = reported(scenarios, shocked=True)
    assert change[row_of(UNIVERSE, "perp-inverse")] == pytest.approx([10 * p for p in MOVES])
    _, unshocked = reported(scenarios, shocked=False)
    assert unshocked[row_of(UNIVERSE, "perp-inverse")] == pytest.approx(
        [10 * p / (1 + p) for p in MOVES]
    )
    assert not unshocked[row_of(UNIVERSE, "BTC")].any()


def test_what_is_owned_moves_with_its_settlement_asset_at_the_shocked_rate() -> None:
    scenarios = price_scenarios([0.1])
    value, change = reported(scenarios, shocked=True)
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "mark")
    call = row_of(UNIVERSE, "call-coin")
    after = (risk.value[call] + risk.change[call, 0]) * 55_000
    assert change[call, 0] == pytest.approx(after - value[call], rel=1e-12)


def test_a_stablecoin_that_breaks_lifts_prices_quoted_in_it_and_loses_nothing_else() -> None:
    scenarios = price_scenarios([-0.1], "USDT")
    value, change = reported(scenarios, shocked=True)
    spot, tether = row_of(UNIVERSE, "spot"), row_of(UNIVERSE, "USDT")
    assert change_of("spot", scenarios) == pytest.approx([50_000 / 0.9 - 50_000])
    assert change[spot] == pytest.approx([0.0], abs=1e-9)
    assert change[tether] == pytest.approx([-0.1])
    # A long perpetual gains tethers: (1/0.9 - 1) x 500 of them, at 0.90 each.
    assert change[row_of(UNIVERSE, "perp-linear")] == pytest.approx([500 * (1 / 0.9 - 1) * 0.9])
    assert value[spot] == 50_000


def test_a_coin_reports_in_itself() -> None:
    scenarios = price_scenarios([0.25, -0.5])
    value, change = reported(scenarios, shocked=True, reporting="BTC")
    assert value[row_of(UNIVERSE, "BTC")] == 1.0
    assert not change[row_of(UNIVERSE, "BTC")].any()
    # A dollar is worth fewer coins when the coin rises.
    assert change[row_of(UNIVERSE, "USD")] == pytest.approx([1 / 62_500 - 1 / 50_000, 1 / 50_000])
    assert reported_rate(UNIVERSE, MARKET.index, UNIVERSE.assets.index("BTC"))[0] == 1.0


def test_the_same_perpetual_at_two_venues_is_never_free_under_a_venue_basis() -> None:
    scenarios = basis(
        "basis", UNIVERSE.assets, UNIVERSE.venues, dict.fromkeys(UNIVERSE.venues, 0.01)
    )
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "mark")
    here, there = row_of(UNIVERSE, "perp-linear"), row_of(UNIVERSE, "perp-linear-okx")
    hedged = risk.change[here] - risk.change[there]
    assert hedged == pytest.approx([5.0, -5.0, -5.0, 5.0])
    assert not risk.change[row_of(UNIVERSE, "spot")].any()


def test_a_term_move_shifts_dated_contracts_by_their_years() -> None:
    scenarios = basis("basis", UNIVERSE.assets, UNIVERSE.venues, {}, term_move=0.05)
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "mark")
    shift = 50_000 * 0.05 * 30 / 365
    assert risk.change[row_of(UNIVERSE, "future-linear")] == pytest.approx([shift, -shift])
    assert not risk.change[row_of(UNIVERSE, "perp-linear")].any()


def test_moves_that_leave_no_price_above_zero_are_told_not_valued() -> None:
    spot = np.zeros((3, 1))
    spot[UNIVERSE.assets.index("BTC")] = -0.95
    scenarios = assemble(
        "down",
        UNIVERSE.assets,
        UNIVERSE.venues,
        ["down"],
        ["x"],
        spot_move=spot,
        venue_move=np.array([[-0.1], [0.0]]),
    )
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "model")
    for name in ("perp-linear", "perp-inverse", "call-coin"):
        assert "no price above zero" in risk.missing[row_of(UNIVERSE, name)]
        assert np.isnan(risk.change[row_of(UNIVERSE, name)]).all()
    assert risk.missing[row_of(UNIVERSE, "perp-linear-okx")] == ""


def test_funding_is_paid_for_the_time_that_passes_and_only_then() -> None:
    market = market_of(UNIVERSE, funding_rate=0.0001)
    for name, notional in (("perp-linear", 500.0), ("perp-inverse", 10 / 50_000)):
        row = row_of(UNIVERSE, name)
        still = risk_arrays(UNIVERSE, market, price_scenarios([0.0]), "mark")
        later = risk_arrays(UNIVERSE, market, price_scenarios([0.0], time_ns=NS_PER_DAY), "mark")
        assert still.change[row, 0] == 0.0
        assert later.change[row, 0] == pytest.approx(-notional * 0.0001 * 24)
    assert later.change[row_of(UNIVERSE, "future-linear"), 0] == 0.0


def test_scenarios_over_other_assets_are_a_mistake_of_the_caller() -> None:
    other = assemble("other", ["BTC"], [], ["x"], ["x"])
    with pytest.raises(ValueError, match="other assets or venues"):
        risk_arrays(UNIVERSE, MARKET, other, "mark")
    with pytest.raises(ValueError, match="'last' is not one of"):
        risk_arrays(UNIVERSE, MARKET, price_scenarios([0.1]), "last")


@given(move=st.floats(-0.99, 10.0), quote=st.floats(-0.5, 0.5))
def test_converted_at_the_shocked_rate_a_coin_gains_the_same_held_or_bought(
    move: float, quote: float
) -> None:
    scenarios = price_scenarios([move], USDT=quote)
    risk: RiskArrays = risk_arrays(UNIVERSE, MARKET, scenarios, "mark")
    _, change = reported_change(
        UNIVERSE, MARKET.index, risk, scenarios, UNIVERSE.assets.index("USD"), shocked=True
    )
    # A spot holding through its listing and the coin itself are the same money.
    assert change[row_of(UNIVERSE, "spot"), 0] == pytest.approx(
        change[row_of(UNIVERSE, "BTC"), 0], abs=1e-6
    )
