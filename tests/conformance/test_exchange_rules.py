"""The shapes of worked examples with other numbers, against formulas written a second time."""

from collections.abc import Sequence
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.verdict import Unsupported
from tests.conformance.vectors import agrees, verdict

FEW = settings(max_examples=8, deadline=None)
RATE = st.integers(1, 50).map(lambda x: x / 100)
PRICE = st.integers(1, 90_000).map(float)


@FEW
@given(size=st.integers(1, 5000), base=RATE, spread=RATE, slope=st.integers(0, 100))
def test_standard_margin_grows_with_the_size(
    size: int, base: float, spread: float, slope: int
) -> None:
    per_coin = slope * 1e-6
    agrees(
        "Deribit SM",
        {
            "position_coins": size,
            "im_base": base + spread,
            "mm_base": base,
            "increment_per_coin": per_coin,
        },
        {
            "im_rate": base + spread + per_coin * size,
            "im_coins": size * (base + spread + per_coin * size),
            "mm_rate": base + per_coin * size,
            "mm_coins": size * (base + per_coin * size),
        },
        1e-6,
    )


def test_a_linear_perpetual_pays_in_dollars() -> None:
    agrees(
        "Deribit SM",
        {
            "position_coins": 25,
            "index_price": 100_000,
            "im_base": 0.02,
            "mm_base": 0.01,
            "increment_per_coin": 0.00005,
        },
        {"im_rate": 0.02125, "im_usdc": 53_125, "mm_usdc": 28_125},
        1e-6,
    )


@FEW
@given(
    kind=st.sampled_from(["C", "P", "call", "put"]),
    spot=PRICE,
    ratio=st.integers(50, 200),
    mark=st.integers(0, 150),
    contracts=st.integers(1, 9),
)
def test_short_options_in_coin(
    kind: str, spot: float, ratio: int, mark: int, contracts: int
) -> None:
    call, strike, m = kind.lower().startswith("c"), spot * ratio / 100, mark / 100
    out = max(0.0, (strike - spot if call else spot - strike) / spot)
    initial = max(0.15 - out, 0.1) + m
    maintenance = (0.075 if call else max(0.075, 0.075 * m)) + m
    agrees(
        "Deribit SM (coin-margined options)",
        {
            "type": kind,
            "underlying": spot,
            "strike": strike,
            "mark_price_coins": m,
            "contracts": contracts,
            "factors": {"im_a": 0.15, "im_b": 0.1, "mm": 0.075},
        },
        {
            "initial_margin_coins": contracts * (initial if call else max(initial, maintenance)),
            "maintenance_margin_coins": contracts * maintenance,
        },
        1e-8,
    )
    charge = max(0.1 * (1 if call else 1 + m), 0.15 - out) + m
    agrees(
        "OKX options (historic position margin)",
        {
            "type": kind,
            "futures_mark": spot,
            "strike": strike,
            "mark_coins": m,
            "multiplier": 0.1,
            "contracts": contracts,
        },
        {"position_margin_coins": charge * 0.1 * contracts},
        1e-8,
    )


@FEW
@given(
    kind=st.sampled_from(["C", "P"]),
    index=PRICE,
    ratio=st.integers(50, 200),
    mark=PRICE,
    entry=PRICE,
    size=st.integers(1, 20),
)
def test_short_options_in_money(
    kind: str, index: float, ratio: int, mark: float, entry: float, size: int
) -> None:
    strike = index * ratio / 100
    out = max(0.0, strike - index if kind == "C" else index - strike)
    maintenance = size * (max(0.03 * index, 0.03 * mark) + mark + 0.002 * index)
    initial = size * (max(0.15 * index - out, 0.1 * index) + max(mark, entry))
    agrees(
        "Bybit options (cross)",
        {
            "type": kind,
            "strike": strike,
            "index": index,
            "mark": mark,
            "avg_price": entry,
            "mm_factor": 0.03,
            "liq_fee": 0.002,
            "size": -size,
            "margin_balance": 1e7,
        },
        {
            "position_mm": maintenance,
            "position_im": max(initial, maintenance),
            "account_mm_rate": maintenance / 1e7,
        },
        {"rel": 1e-8},
    )
    leg = index if kind == "C" else strike
    agrees(
        "Reg-T / Cboe 10.3",
        {
            "S": index,
            "K": strike,
            "premium": mark,
            "rate": 0.2,
            "min_rate": 0.1,
            "multiplier": 100,
            "type": kind,
        },
        {"requirement": 100 * (mark + max(0.2 * index - out, 0.1 * leg))},
        {"rel": 1e-8},
    )


def slices(amount: float, bounds: Sequence[float], rates: Sequence[float]) -> float:
    total, below = 0.0, 0.0
    for bound, rate in zip([*bounds, float("inf")], rates, strict=True):
        total += max(0.0, min(amount, bound) - below) * rate
        below = bound
    return total


@FEW
@given(
    bounds=st.lists(st.integers(1, 10**6), min_size=1, max_size=6, unique=True).map(sorted),
    amounts=st.lists(st.integers(0, 2 * 10**6), min_size=1, max_size=4),
    data=st.data(),
)
def test_marginal_tiers_of_any_number(
    bounds: list[int], amounts: list[int], data: st.DataObject
) -> None:
    count = len(bounds) + 1
    weights = sorted(data.draw(st.lists(RATE, min_size=count, max_size=count)), reverse=True)
    expected = [slices(amount, bounds, weights) for amount in amounts]
    agrees(
        "OKX discount rate",
        {"usd": amounts, "now": {"bounds": [*bounds, None], "rates": weights}},
        {"now": expected},
        1e-5,
    )
    agrees(
        "Bybit UTA collateral",
        {
            "eth": amounts,
            "eth_index": 2,
            "usdt": 10,
            "tier_upper_bounds": [*bounds, None],
            "ratios": weights,
        },
        {"margin_balance": [2 * each + 10 for each in expected]},
        1e-5,
    )
    leverage = sorted(data.draw(st.lists(st.integers(1, 50), min_size=count, max_size=count)))
    leverage.reverse()
    for amount in amounts[:1]:
        agrees(
            "Hyperliquid",
            {"tier_lower_bounds": [0, *bounds], "max_leverage": leverage, "notional": amount},
            {"maintenance_margin": slices(amount, bounds, [0.5 / x for x in leverage])},
            1e-5,
        )


@FEW
@given(data=st.data(), count=st.integers(1, 6))
def test_maintenance_amounts_keep_the_margin_in_one_piece(data: st.DataObject, count: int) -> None:
    floors = sorted(data.draw(st.sets(st.integers(1, 10**6), min_size=count, max_size=count)))
    rates = sorted(data.draw(st.lists(RATE, min_size=count + 1, max_size=count + 1)))
    amounts = [0.0]
    for floor, below, above in zip(floors, rates, rates[1:], strict=False):
        amounts.append(amounts[-1] + floor * (above - below))
    agrees("Binance USD-M", {"bracket_floors": [0, *floors], "mmr": rates}, {"cum": amounts}, 1e-6)
    agrees(
        "Binance COIN-M",
        {
            "bracket_floor_btc": floors[-1],
            "mmr_n": rates[-1],
            "mmr_prev": rates[-2],
            "cum_prev": amounts[-2],
        },
        {"cum": amounts[-1]},
        1e-6,
    )
    held = [{"qty": -3.5, "entry": 90.0, "mark": 100.0, "mmr": rates[0], "cum": 2.0}] * count
    agrees(
        "Binance USD-M",
        {"positions": held},
        {"mm": [350 * rates[0] - 2] * count, "upnl": [-35.0] * count, "total_upnl": -35.0 * count},
        1e-6,
    )


@FEW
@given(
    delta=st.integers(-(10**6), 10**6),
    mr1=st.integers(0, 10**5),
    mr3=st.integers(0, 100),
    profit=st.integers(-(10**5), 10**5),
)
def test_parts_of_a_risk_unit(delta: int, mr1: int, mr3: int, profit: int) -> None:
    mr4, mr6, mr7 = abs(delta) * 0.008, 0.5 * max(0, -profit), abs(delta) * 0.007
    brackets = slices(mr7, [250e3, 500e3, 1e6], [1, 2, 4, 6])
    total = max(max(mr1, mr6) + mr3 + mr4, brackets)
    agrees(
        "OKX PM",
        {
            "cash_delta_usd": delta,
            "mr1": mr1,
            "mr3": mr3,
            "mr6_pnl_at_50pct": profit,
            "mr6_factor": 0.5,
            "mr4_rate_perp": 0.008,
            "mr7_rate": 0.007,
            "imr_factor": 1.3,
        },
        {"mr4": mr4, "mr6": mr6, "mr7": brackets, "mmr": total, "imr": 1.3 * total},
        1e-5,
    )


@FEW
@given(
    size=st.integers(1, 10**9),
    factor=st.integers(1, 100).map(lambda x: x * 1e-6),
    base=RATE,
    share=RATE,
)
def test_fractions_of_a_position(size: int, factor: float, base: float, share: float) -> None:
    agrees(
        "FTX (historic)",
        {"imf_factor": factor, "position_open_size": size, "base_imf": base},
        {"imf": max(base, factor * sqrt(size))},
        1e-6,
    )
    agrees(
        "Coinbase INTX",
        {"im": base, "mm_ratio": 2 / 3, "close_out_rule": "max(IM/3, MM-12 %)"},
        {"mm": base * 2 / 3, "close_out": max(base / 3, base * 2 / 3 - 0.12)},
        1e-9,
    )
    agrees(
        "Coinbase INTX",
        {"bim": base, "rp": share, "coh": 9},
        {"im": max(base, 3 * share)},
        1e-9,
    )
    agrees(
        "EMIR APC",
        {"core": size, "stressed": 2 * size, "margin_10y": 5, "buffer": 0.25, "stress_weight": 0.5},
        {"buffered": 1.25 * size, "stress_weighted": 1.5 * size, "floored": max(5, size)},
        {"rel": 1e-9},
    )


@FEW
@given(
    losses=st.lists(st.integers(-3000, 3000), min_size=20, max_size=60),
    tail=st.integers(1, 20),
    window=st.integers(1, 20),
)
def test_the_mean_of_the_worst_of_stated_losses(losses: list[int], tail: int, window: int) -> None:
    worst = sorted(losses, reverse=True)[:tail]
    agrees(
        "LCH PAIRS",
        {"losses": losses, "n_tail": tail, "old_window": window},
        {"es": max(0.0, sum(worst) / tail), "old_worst_loss": max(0, *losses[-window:], 0)},
        1e-7,
    )


def test_a_risk_unit_without_delta_still_has_what_is_stated() -> None:
    inputs = {"cash_delta_usd": 0, "mr2": 5, "mr3": 2, "mr4_rate_perp": 0.002, "imr_factor": 1.3}
    agrees("OKX PM", inputs, {"mr4": 0, "mmr": 7, "imr": 9.1}, 1e-6)


def test_the_first_bracket_carries_what_is_stated() -> None:
    inputs = {"bracket_floor": 0, "mmr_n": 0.05, "mmr_prev": 0.025, "cum_prev": 0.56}
    agrees("Binance COIN-M", inputs, {"cum": 0.56}, 1e-9)


def test_haircuts_of_debts_and_columns_in_another_order() -> None:
    agrees(
        "BIT.com collateral",
        {
            "assets": [[0.1, "ETH", 2, 2000], [0.5, "SOL", 10, 100], [0.2, "BTC", -0.1, 50_000]],
            "columns": ["haircut", "ccy", "qty", "index"],
        },
        {"ETH": 3600, "SOL": 500, "BTC": -5000, "total": -900},
        1e-6,
    )


def test_margin_equity_of_two_coins_and_the_larger_side() -> None:
    agrees(
        "Kraken Futures",
        {
            "eth": 10,
            "eth_usd": 2000,
            "btc": 1,
            "btc_usd": 50_000,
            "haircut": 0.1,
            "usd": 5,
            "upnl": 70,
            "long_margin": 40,
            "short_margin": 60,
        },
        {"margin_equity": 63_075, "total_margin_requirement": 60},
        1e-6,
    )


WALLET = 1_535_443.01
"""The venue's example of two positions, with numbers of freqtrade tests/exchange."""
ETHER = {"qty": 3683.979, "entry": 1456.84, "mmr": 0.1, "cum": 135_365.0}
BITCOIN = {"qty": 109.488, "entry": 32_481.98, "mmr": 0.025, "cum": 16_300.0}


@pytest.mark.parametrize(
    ("position", "other_margin", "other_profit", "price"),
    [
        (ETHER, 71_200.81144, -56_354.57, 1153.26),
        (BITCOIN, 356_512.508, -448_192.89, 26_316.89),
        (ETHER, 0, 0, 1114.78),
        (BITCOIN, 0, 0, 18_778.73),
    ],
)
def test_the_price_at_which_a_position_is_liquidated(
    position: dict[str, float], other_margin: float, other_profit: float, price: float
) -> None:
    inputs = {
        "side": "long",
        "wallet_balance": WALLET,
        "tmm_other": other_margin,
        "upnl_other": other_profit,
        **position,
    }
    agrees("Binance USD-M", inputs, {"liquidation_price": price}, 0.01)


def test_each_position_of_an_account_has_its_own_price() -> None:
    held = [{**BITCOIN, "mark": 31_967.27}, {**ETHER, "mark": 1335.18}]
    agrees(
        "Binance USD-M",
        {"positions": held, "wallet_balance": WALLET},
        {"liquidation_price": [26_316.89, 1153.26]},
        0.01,
    )


def test_a_short_position_is_liquidated_above_its_entry() -> None:
    inputs = {"side": "short", "qty": 2, "entry": 100, "mmr": 0.05, "cum": 1, "wallet_balance": 50}
    price = (50 + 1 + 2 * 100) / (2 * 0.05 + 2)
    agrees("Binance USD-M", inputs, {"liquidation_price": price}, 1e-6)


@pytest.mark.parametrize(
    "inputs",
    [
        {"S": 45, "legs": [["C", 47, 2.1], ["P", 43, 1.2]]},
        {"S": 45, "legs": [{"type": "C", "K": 47, "premium": 2.1, "qty": -1}, ["P", 43, 1.2, -1]]},
        {"S": 45, "call_strike": 47, "call_premium": 2.1, "put_strike": 43, "put_premium": 1.2},
        {"spot": 45, "call": {"K": 47, "premium": 2.1}, "put": {"K": 43, "premium": 1.2}},
    ],
)
def test_a_strangle_pays_the_dearer_side_and_the_premium_of_the_other(
    inputs: dict[str, object],
) -> None:
    expected = {"requirement": 1_030, "call_side": 910, "put_side": 820}
    agrees("Reg-T / Cboe 10.3", {"rate": 0.2, **inputs}, expected, 1e-6)


def test_a_spread_pays_its_width() -> None:
    inputs = {"S": 100, "type": "C", "short_strike": 100, "long_strike": 110, "short_premium": 5}
    agrees("Reg-T / Cboe 10.3", inputs, {"requirement": 1_000}, 1e-6)
    inputs = {"S": 100, "legs": [["P", 90, 2, -3], ["P", 85, 1, 3]]}
    agrees("Reg-T / Cboe 10.3", inputs, {"requirement": 1_500}, 1e-6)


COMMON = {"im_base": 0.02, "mm_base": 0.01, "increment_per_coin": 0.00005}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"position_coins": 25, "price": 100_000}, {"im": 53_125, "mm": 28_125}),
        ({"size_btc": [25, 350], "index": 100_000}, {"im_usdc": [53_125, 1_312_500]}),
        ({"size": 25, "mark": 100_000, "linear": False}, {"im": 0.53125}),
        ({"position": 100}, {"im_rate": 0.025, "mm_coins": 1.5}),
    ],
)
def test_coins_with_a_price_are_linear_unless_it_is_said(
    inputs: dict[str, object], expected: dict[str, object]
) -> None:
    agrees("Deribit SM", {**inputs, **COMMON}, expected, 1e-6)


def test_a_long_option_pays_nothing() -> None:
    factors = {"im_a": 0.15, "im_b": 0.1, "mm": 0.075}
    inputs = {"type": "C", "underlying": 50_000, "strike": 55_000, "mark_coins": 0.03, "size": 2}
    agrees("Deribit SM", {**inputs, "side": "long", "factors": factors}, {"im_coins": 0}, 1e-9)


EDGE = 0.18
"""A captured answer of the venue: one short perpetual of ether, cell by cell."""
COINS = -0.999487053
CELLS = [COINS * p / (1 + p) for p in [EDGE * (step - 4) / 4 for step in range(9)]]


def test_the_matrix_of_a_captured_position() -> None:
    inputs = {
        "position_coins": COINS,
        "index_price": 1949.34,
        "mark_price": 1949.49,
        "price_range": EDGE,
        "buckets_count": 4,
        "min_annualised_move": 0.005,
        "annualised_move_risk": 0.05,
        "extended_dampener": 200_000,
        "mm_factor": 0.8,
    }
    expected = {
        "standard": [cell for cell in CELLS for _ in range(3)],
        "extended": [0] * 8,
        "worst_case": 0.15246412672881357,
        "roll_shock": 0.004997435265,
        "delta_shock": 0,
        "risk_matrix_margin": 0.157461562265,
        "initial_margin": 0.157461562265,
        "maintenance_margin": 0.125969249812,
    }
    agrees("Deribit PM", inputs, expected, 1e-9)
    undamped = {"q": COINS, "price_range": EDGE}
    cells = {"pnl": CELLS, "extended": [CELLS[0]] * 2 + [CELLS[-1]] * 6}
    agrees("Deribit PM", undamped, {**cells, "worst_case": -CELLS[-1]}, 1e-9)


def test_a_matrix_of_another_size_is_not_run() -> None:
    inputs = {"position_coins": 1, "price_range": 0.16, "buckets_count": 5}
    found = verdict("Deribit PM", inputs, {}, {"worst_case": 1})
    assert isinstance(found, Unsupported)
    assert "inputs.buckets_count is another than 4" in found.reason


def test_margins_of_a_stated_risk_matrix() -> None:
    parts = {"open_orders_margin": 0.06, "mmp_margin": 0.01, "spot_margin": 0, "mm_factor": 0.8}
    expected = {"initial_margin": 0.13, "maintenance_margin": 0.048}
    agrees("Deribit PM", {"risk_matrix_margin": 0.06, **parts}, expected, 1e-9)
    found = verdict("Deribit PM", {"worst_case": 1, "spot_margin": 2}, {}, {"im": 3})
    assert isinstance(found, Unsupported)
    assert "inputs.spot_margin" in found.reason


ARRAY = [-460, 610, 690, 1600, -2060, -990, 1460, 2130]
ARRAY += [-4130, -3240, 1940, 2360, -6620, -6010, 3870, -5500]
"""A long future and a short call in a textbook's chapter on SPAN, in its 16 scenarios."""


def test_the_array_of_a_textbook_asks_for_6620() -> None:
    expected = {"requirement": 6_620, "scan_risk": 6_620, "active_scenario": 13}
    agrees("SPAN", {"pnl_by_scenario": ARRAY}, expected, 1e-6)
    agrees("SPAN", {"risk_array": [-row for row in ARRAY]}, expected, 1e-6)


@pytest.mark.parametrize(("minimum", "due"), [(300, 1_254), (1_300, 1_404)])
def test_the_credit_is_taken_off_before_the_short_option_minimum(minimum: int, due: int) -> None:
    inputs = {
        "scan_risk": 1_000,
        "inter_month_charge": 200,
        "delivery_charge": 50,
        "inter_commodity_credit": 100,
        "short_option_minimum": minimum,
        "net_option_value": -104,
    }
    agrees("SPAN", inputs, {"span_requirement": due}, 1e-6)


def test_an_account_of_stated_units_and_what_it_borrowed() -> None:
    units = {"unit_mmr": [1183.82, 191.66], "borrow_usd": 78_553}
    rates = {"borrow_mmr_rate": 0.02, "borrow_imr_rate": 0.1, "imr_factor": 1.3}
    due = {"mmr": 1375.48 + 1571.06, "imr": 1.3 * 1375.48 + 7855.3}
    agrees("OKX PM", {**units, **rates}, due, 1e-6)
    opened = {"unit_imr": [2000, 100], "borrow_usd": 0}
    agrees("OKX PM", {**units, **rates, **opened}, {"imr": 2_100, "mmr": 1375.48}, 1e-6)


def test_what_is_stated_of_a_unit_is_not_made_again() -> None:
    agrees("OKX PM", {"mr1": 0, "mr4": 8053.32, "mr7": 3020.87}, {"mmr": 8053.32}, 1e-6)
    agrees("OKX PM", {"mr1": 0, "mr7": 3020.87}, {"mmr": 3020.87}, 1e-6)


@pytest.mark.parametrize(
    "table",
    [
        {"tier_upper_bounds": [1e6, 5e6, 1e7], "tier_rates": [0.0075, 0.0175, 0.025]},
        {"tiers": [[1e6, 0.0075], [5e6, 0.0175], [1e7, 0.025]]},
    ],
)
def test_a_hedge_of_ten_million_across_stablecoins(table: dict[str, object]) -> None:
    agrees("OKX PM", {"hedge_notional": 1e7, **table}, {"mr9": 202_500}, 1e-6)


@pytest.mark.parametrize(
    "inputs",
    [
        {"WB": WALLET, "position": {"symbol": "ETHUSDT", **ETHER, "side": 1}},
        {"WB": WALLET, "EP": 1456.84, "size": 3683.979, "MMR": 0.1, "cumB": 135_365.0, "side": 1},
    ],
)
def test_a_liquidation_price_by_other_names(inputs: dict[str, object]) -> None:
    agrees("Binance USD-M", inputs, {"LP": 1114.78}, 0.01)


FLOORS = [0, 5e4, 2.5e5, 1e6, 1e7]
KEPT = [0.004, 0.005, 0.01, 0.025, 0.05]
CARRIED = [0, 50, 1_300, 16_300, 266_300]


@pytest.mark.parametrize(
    "table",
    [
        {"notional_floor": FLOORS, "mmr": KEPT},
        {"brackets": [list(each) for each in zip(FLOORS, KEPT, strict=True)]},
        {"upper_bounds": [*FLOORS[1:], 2e7], "mmr": KEPT},
    ],
)
def test_a_table_of_brackets_by_other_names(table: dict[str, object]) -> None:
    agrees("Binance USD-M", table, {"cum": CARRIED}, 1e-6)
    agrees("Binance USD-M", {**table, "notional": 3.5e6}, {"mm": 71_200}, 1e-6)
    one = {"notional": 3.5e6, "mmr": 0.025, "cum": 16_300}
    agrees("Binance USD-M", one, {"mm": 71_200}, 1e-6)


def test_levels_of_contracts_and_weights_of_collateral() -> None:
    levels = {"level_upper_bounds": [5e5, 1e6, 3e6, None], "im_rates": [0.02, 0.04, 0.06, 0.1]}
    expected = {"im_rate": [0.02, 0.06], "mm_rate": [0.01, 0.03], "mm": [4_000, 45_000]}
    agrees("Kraken Futures", {"contracts": [4e5, 1.5e6], **levels}, expected, 1e-6)
    inputs = {"imf_factor": 0.002, "qty": 1e6, "weight": 0.95}
    agrees("FTX (historic)", inputs, {"weight": 1.1 / 3}, 1e-9)
    inputs = {"qty": 35, "index": 50_000, "tier_upper_bounds": [10, None], "ratios": [0.98, 0.9]}
    agrees("Bybit UTA collateral", inputs, {"collateral_value": 1_615_000}, 1e-6)
    inputs = {"base_im": 0.1, "rp": 0.05, "size": 900, "adv": 1_000, "participation": 0.1}
    agrees("Coinbase INTX", inputs, {"im": 0.15}, 1e-9)


def test_deltas_of_a_perpetual_and_of_short_calls() -> None:
    agrees("Paradex PM", {"spot": 70_000, "deltas": [1, -1.5]}, {"min_delta": 1_400}, 1e-6)
