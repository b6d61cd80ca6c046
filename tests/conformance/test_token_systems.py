"""Published vectors of decentralised venues through the engine, and vectors with other numbers."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.case import read_cases
from crossmargin.conformance.runner import report, run_cases, verdict_of
from crossmargin.conformance.verdict import ACTION, Differing, Matched, Unsupported

DATA = Path(__file__).parent / "data"
SYSTEMS = {
    "binance-zkmerkle": (6, 0),
    "drift-v2": (36, 7),
    "mango-v4": (18, 0),
    "opyn-gamma": (33, 0),
    "paradex-docs": (2, 2),
    "percolator": (0, 1),
    "synthetix-v3-perps": (3, 0),
}
"""System -> how many vectors match, and how many are about what is done with an account."""


def read(system: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((DATA / f"{system}.json").read_bytes())
    return vectors


def verdict(vector: dict[str, Any]) -> Matched | Differing | Unsupported:
    (case,) = read_cases(json.dumps([vector]).encode())
    return verdict_of(case)


def vector(system: str, word: str) -> dict[str, Any]:
    return next(each for each in read(system) if word in each["case"])


@pytest.mark.parametrize("system", SYSTEMS)
def test_published_vectors_match_or_wait_for_the_floor_action(system: str) -> None:
    results = run_cases(read_cases((DATA / f"{system}.json").read_bytes()))
    told = report(results)["cases"]
    assert [each for each in told if each["verdict"] == "differing"] == []
    waiting = [each for each in told if each["verdict"] == "unsupported"]
    assert all(each["reason"].endswith(ACTION) for each in waiting)
    assert (len(told) - len(waiting), len(waiting)) == SYSTEMS[system]


@pytest.mark.parametrize("system", [name for name, (matched, _) in SYSTEMS.items() if matched])
def test_a_wrong_figure_differs_and_says_by_how_much(system: str) -> None:
    for each in read(system):
        changed = {
            key: value + max(1, abs(value)) if type(value) in (int, float) else value
            for key, value in each["expected"].items()
        }
        found = verdict(each | {"expected": changed})
        if changed != each["expected"] and not isinstance(found, Unsupported):
            assert isinstance(found, Differing), each["case"]
            assert all(gap.got is not None for gap in found.differences)


@pytest.mark.parametrize("system", [name for name, (matched, _) in SYSTEMS.items() if matched])
def test_a_key_that_nobody_knows_is_named_and_never_ignored(system: str) -> None:
    for each in read(system):
        found = verdict(each | {"inputs": {**each["inputs"], "moon_phase": 1}})
        assert isinstance(found, Unsupported)
        assert "moon_phase" in found.reason or found.reason.endswith(ACTION)


@pytest.mark.parametrize(
    ("system", "word", "table", "key", "reason"),
    [
        ("opyn-gamma", "put vault (2)", "inputs", "option_type", "neither put nor call"),
        ("opyn-gamma", "put vault (2)", "params", "settlement", "is not known"),
        ("opyn-gamma", "put vault (2)", "params", "collateral_asset", "as collateral"),
        ("drift-v2", "asset weight size=100000", "inputs", "side", "neither asset nor liability"),
        ("drift-v2", "custom margin ratio 0.5", "params", "requirement", "is no level"),
        ("drift-v2", "strict price, deposit", "params", "rule", "a rule that is not known"),
        ("synthetix-v3-perps", "five-market", "params", "fill_price", "a rule that is not known"),
    ],
)
def test_a_word_that_nobody_knows_is_unsupported(
    system: str, word: str, table: str, key: str, reason: str
) -> None:
    known = vector(system, word)
    found = verdict(known | {table: {**known[table], key: "else"}})
    assert isinstance(found, Unsupported)
    assert reason in found.reason


COVERED: dict[str, Any] = {
    "system": "opyn-gamma",
    "case": "drawn",
    "params": {"settlement": "european, before expiry"},
    "source": "drawn",
    "tolerance": {"abs": 1e-6},
}
LEG = st.fixed_dictionaries({"amount": st.integers(1, 40), "strike": st.integers(50, 400)})


@settings(max_examples=20)
@given(put=st.booleans(), short=LEG | st.none(), long=LEG | st.none(), coins=st.integers(0, 500))
def test_vaults_agree_with_the_closed_formulas(
    put: bool, short: dict[str, int] | None, long: dict[str, int] | None, coins: int
) -> None:
    sold, bought = short or {"amount": 0, "strike": 1}, long or {"amount": 0, "strike": 0}
    a, b = sold["amount"], bought["amount"]
    if put:
        required = max(a * sold["strike"] - bought["strike"] * min(a, b), 0.0)
    else:
        away = bought["strike"] - sold["strike"]
        spread = away * a / bought["strike"] if bought["strike"] else 0.0
        required = max(spread, a - b, 0.0)
    drawn = COVERED | {
        "inputs": {
            "option_type": "put" if put else "call",
            "short": short,
            "long": long,
            "collateral": coins,
        },
        "params": {**COVERED["params"], "collateral_asset": "USDC" if put else "underlying"},
        "expected": {"required": required, "excess_collateral": coins - required},
    }
    assert isinstance(verdict(drawn), Matched), verdict(drawn)


TABLE = {"7": 0.1678, "14": 0.237, "28": 0.3326}


@settings(max_examples=20)
@given(
    put=st.booleans(),
    strike=st.integers(10, 500),
    spot=st.integers(10, 500),
    days=st.integers(1, 28),
    shock=st.integers(10, 100),
)
def test_naked_margin_agrees_with_the_published_formula(
    put: bool, strike: int, spot: int, days: int, shock: int
) -> None:
    bound = next(value for key, value in TABLE.items() if int(key) >= days)
    reach = spot * shock / 100 if put else 1.0
    size = float(strike) if put else strike * shock / 100 / spot
    required = bound * min(size, reach) + (max(size - reach, 0) if put else max(1 - size, 0))
    drawn = {
        "system": "opyn-gamma",
        "case": "drawn",
        "inputs": {
            "option_type": "put" if put else "call",
            "amount": 3,
            "strike": strike,
            "spot": spot,
            "days_to_expiry": days,
        },
        "params": {"spot_shock": shock / 100, "upper_bound_table_days_to_value": TABLE},
        "expected": {"required": 3 * required, "asset": "USDC" if put else "WETH"},
        "tolerance": {"rel": 1e-9},
    }
    assert isinstance(verdict(drawn), Matched), verdict(drawn)


def test_beyond_the_last_term_of_the_table_there_is_no_figure() -> None:
    known = vector("opyn-gamma", "naked margin 100 put")
    found = verdict(known | {"inputs": {**known["inputs"], "days_to_expiry": 57}})
    assert isinstance(found, Differing)
    assert found.differences[0].got is None


@settings(max_examples=12)
@given(
    held=st.integers(-20, 20),
    buys=st.integers(0, 20),
    sells=st.integers(0, 20),
    mark=st.integers(1, 200_000),
)
def test_the_larger_open_side_is_what_paradex_charges(
    held: int, buys: int, sells: int, mark: int
) -> None:
    buy, sell = max(buys + held, 0), max(sells - held, 0)
    drawn = vector("paradex-docs", "open orders") | {
        "inputs": {
            "position": held,
            "buy_orders": buys,
            "sell_orders": sells,
            "mark_price": mark,
        },
        "expected": {
            "buy_open_size": buy,
            "sell_open_size": sell,
            "net_imr": float(0.02 * max(buy, sell) * mark),
        },
    }
    assert isinstance(verdict(drawn), Matched), verdict(drawn)


@settings(max_examples=12)
@given(
    positions=st.lists(
        st.tuples(st.integers(-40, 40), st.integers(100, 5000), st.integers(100, 5000)),
        max_size=3,
    ),
    skew=st.integers(-50, 50),
    cash=st.integers(0, 400_000),
)
def test_synthetix_portfolios_agree_with_a_second_computation(
    positions: list[tuple[int, int, int]], skew: int, cash: int
) -> None:
    names = ["BTC", "ETH", "OP"][: len(positions)]
    scale, ratio, least, scalar, flag, fixed = 1000, 2, 0.01, 0.5, 0.05, 100
    profit, initial, maintenance, flags = {}, 0.0, 0.0, 0.0
    for name, (size, price, entry) in zip(names, positions, strict=True):
        profit[name] = size * (price - entry * (1 + (skew + size / 2) / scale))
        own = abs(size) * price * (abs(size) / scale * ratio + least)
        held = fixed if size else 0
        initial, maintenance = initial + own + held, maintenance + own * scalar + held
        flags += abs(size) * price * flag
    available = cash + sum(profit.values())
    reward = min(flags, 10_000 if flags else 0, max(available, 0))
    market = {
        "skew_scale": scale,
        "initial_margin_ratio": ratio,
        "min_initial_margin_ratio": least,
        "maintenance_scalar": scalar,
        "flag_reward_ratio": flag,
        "min_position_margin": fixed,
    }
    drawn = {
        "system": "synthetix-v3-perps",
        "case": "drawn",
        "inputs": {
            "collateral_usd": cash,
            "positions": [
                {"market": name, "size": size, "price": price, "entry_oracle": entry}
                for name, (size, price, entry) in zip(names, positions, strict=True)
            ],
            "starting_skew": skew,
        },
        "params": {
            "markets": [{"market": name, **market} for name in names],
            "max_liquidation_reward": 10_000,
            "min_liquidation_reward": 0,
            "keeper_scaling_ratio": 1,
        },
        "expected": {
            "available_margin": float(available),
            "initial_margin_excl_reward": float(initial),
            "maintenance_margin_excl_reward": float(maintenance),
            "liquidation_reward": float(reward),
            "withdrawable_margin": float(available - initial - reward),
            "position_pnl": {name: float(value) for name, value in profit.items()},
        },
        "tolerance": {"abs": 1e-3},
    }
    assert isinstance(verdict(drawn), Matched), verdict(drawn)


@settings(max_examples=20)
@given(
    price=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
    base=st.sampled_from([1, -1, 2, -3.5, 0, 500]),
    quote=st.sampled_from([-0.25, 0.75, 0, -400, 1_000]),
)
def test_a_share_of_a_prediction_market_owes_its_price_or_what_is_left_of_the_payout(
    price: float, base: float, quote: float
) -> None:
    owed = base * price if base > 0 else -base * (1.0 - price)
    gained = base * price + quote
    known = vector("drift-v2", "prediction market")
    drawn = known | {
        "inputs": {"oracle_price": price, "max_price": 1.0, "base": base, "quote": quote},
        "expected": {
            "initial_margin": owed,
            "initial_weighted_upnl": min(gained, 0.0),
            "maintenance_margin": 0.9999 * owed,
            "maintenance_weighted_upnl": gained,
        },
    }
    assert isinstance(verdict(drawn), Matched), verdict(drawn)


def test_tokens_of_any_name_have_their_own_weights() -> None:
    known = vector("drift-v2", "sol deposit + 5x sol ask")
    drawn = known | {
        "inputs": {"deposits": {"mSOL": 3, "BTC": 1}, "prices": {"mSOL": 10, "BTC": 20}},
        "params": {"msol": known["params"]["sol"], "btc": known["params"]["sol"]},
        "expected": {"margin_requirement": 0, "total_collateral": 0.8 * 50},
    }
    assert isinstance(verdict(drawn), Matched), verdict(drawn)
    holds_nothing = drawn | {
        "inputs": {"deposits": None, "borrows": None, "open_spot_orders": None, "prices": {}},
        "expected": {"margin_requirement": 0, "total_collateral": 0},
    }
    assert isinstance(verdict(holds_nothing), Matched)


def test_isolated_positions_may_be_none_or_several() -> None:
    known = vector("drift-v2", "isolated perp next to")
    (bucket,) = known["inputs"]["isolated"]
    none = known | {
        "inputs": {**known["inputs"], "isolated": []},
        "expected": {"cross_ok": True, "isolated_ok": True, "account_ok": True},
    }
    assert isinstance(verdict(none), Matched), verdict(none)
    safe = {**bucket, "size": -10, "quote": 1_100, "deposit_usdc": 200}
    several = known | {
        "inputs": {**known["inputs"], "isolated": [safe, bucket]},
        "expected": {"cross_ok": True, "isolated_ok": False, "account_ok": False},
    }
    assert isinstance(verdict(several), Matched), verdict(several)
    unread = several | {"expected": {"isolated_margin_requirement": 1}}
    assert verdict(unread) == Unsupported(
        reason="isolated_margin_requirement of several isolated positions"
    )


@pytest.mark.parametrize("name", ["potential", "potential_serum_tokens", "potential_serum"])
def test_tokens_in_orders_of_a_bank_have_several_names_and_null_is_none(name: str) -> None:
    known = vector("mango-v4", "case 17")
    banks = [
        None if not bank else {name if "potential" in key else key: bank[key] for key in bank}
        for bank in known["inputs"]["bank_totals"]
    ]
    assert sum(name in bank for bank in banks if bank) == 2
    drawn = known | {"inputs": {**known["inputs"], "bank_totals": banks}}
    assert isinstance(verdict(drawn), Matched), verdict(drawn)
