"""Coinbase International on its published policy."""

import pytest

from tests.rulebook.recipes.venue_book import Assessed, assessed

BTC, ETH = "BTC/USDC:USDC", "ETH/USDC:USDC"


def account(positions: dict[str, float], **words) -> Assessed:
    return assessed(
        "coinbase-international",
        "coinbase_international",
        index={
            "BTC": {"index": 50_000, "adv": 1e9},
            "ETH": {"index": 2_000, "adv": 5e8},
            "USDC": 1,
        },
        listings={
            BTC: {"mark": 50_000, "contract_size": 1},
            ETH: {"mark": 2_000, "contract_size": 1},
        },
        positions=positions,
        overrides={
            "risk_parameter": {"BTC": 0.10, "ETH": 0.12},
            "volume_share": 0.05,
            **words.pop("overrides", {}),
        },
        **words,
    )


def test_maintenance_is_two_thirds_and_close_out_the_larger_of_two_rules() -> None:
    found = account({BTC: 1})
    assert found.requirement("initial") == pytest.approx(0.2 * 50_000, abs=1e-3)
    assert found.requirement() == pytest.approx(50_000 * 0.13333333333, abs=1e-2)
    assert found.requirement("close_out") == pytest.approx(50_000 * 0.06666666667, abs=1e-2)


def test_close_out_of_a_high_rate_is_maintenance_less_twelve_per_cent() -> None:
    found = account({BTC: 1}, overrides={"base_initial": {"BTC": 0.6, "ETH": 0.6}})
    assert found.requirement("close_out") == pytest.approx(50_000 * (0.4 - 0.12), abs=1e-2)


def test_a_large_position_pays_by_the_root_of_the_days_it_takes_to_close() -> None:
    found = account({BTC: 10_000})
    days = 10_000 * 50_000 / (0.05 * 1e9)
    assert days == 10
    assert found.requirement("initial") == pytest.approx(5e8 * 0.10 * days**0.5, rel=1e-9)


def test_opposite_bitcoin_and_ether_get_back_forty_per_cent_of_the_matched_margin() -> None:
    apart = 0.2 * (50_000 + 30 * 2_000)
    found = account({BTC: 1, ETH: -30})
    assert found.requirement("initial") == pytest.approx(apart - 0.4 * 0.2 * 100_000, abs=1e-3)
    assert account({BTC: 1, ETH: 30}).requirement("initial") == pytest.approx(apart, abs=1e-3)


def test_two_thousand_dollars_of_coins_count_1800_and_nothing_above_the_cap() -> None:
    coins = {"ETH": 1}
    assert account({}, balances=coins).equity() == pytest.approx(1_800, abs=1e-3)
    capped = account({}, balances=coins, overrides={"account_cap": {"ETH": 500}})
    assert capped.equity() == pytest.approx(500, abs=1e-3)
