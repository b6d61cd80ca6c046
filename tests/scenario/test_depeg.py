"""Pegs that break from where they stand: written out, monotone, and only for who has one."""

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.scenario.build import build
from crossmargin.scenario.scenario_set import ScenarioSet
from tests.scenario.tables import resolve

ASSETS = ("BTC", "ETH", "USD", "USDT", "USDe", "sUSDe", "stETH")
TABLE = """
kind = "depeg"
fall = { stablecoin = 0.03, USDe = 0.10, sUSDe = 0.0, stETH = 0.05 }
multiple = 2.0
at_par = ["stETH"]
"""


def fact(code: str, kind: AssetClass, wraps: str | None = None, peg: str | None = None) -> Asset:
    return Asset(code=code, decimals=8, asset_class=kind, wraps=wraps, peg=peg)


FACTS = {
    each.code: each
    for each in (
        fact("BTC", AssetClass.COIN),
        fact("ETH", AssetClass.COIN),
        fact("USD", AssetClass.FIAT),
        fact("USDT", AssetClass.STABLECOIN, peg="USD"),
        fact("USDe", AssetClass.STABLECOIN, peg="USD"),
        fact("EURC", AssetClass.STABLECOIN, peg="EUR"),
        fact("sUSDe", AssetClass.WRAPPED, "USDe"),
        fact("stETH", AssetClass.LIQUID_STAKING, "ETH"),
    )
}


def broken(
    table: str = TABLE, assets: tuple[str, ...] = ASSETS, **price: float
) -> dict[str, dict[str, float]]:
    """Moves that are not 0, by label and asset."""
    s = built(table, assets, **price)
    return {
        label: {
            code: float(move)
            for code, move in zip(s.assets, s.spot_move[:, i], strict=True)
            if move
        }
        for i, label in enumerate(s.labels)
    }


def built(table: str = TABLE, assets: tuple[str, ...] = ASSETS, **price: float) -> ScenarioSet:
    known = {"BTC": 60_000.0, "ETH": 3_000.0, "sUSDe": 1.2, "stETH": 3_000.0, **price}
    prices = np.array([known.get(code, 1.0) for code in assets])
    return build("test", tomllib.loads(table), assets, (), resolve, None, facts=FACTS, price=prices)


def test_at_the_peg_a_coin_falls_by_the_least_and_takes_along_what_wraps_it() -> None:
    found = broken()
    assert found == {
        "USDT falls from its peg": {"USDT": -0.03},
        "USDT at its peg": {},
        "USDe falls from its peg": {"USDe": -0.10, "sUSDe": -0.10},
        "USDe at its peg": {},
        "stETH falls from its peg": {"stETH": -0.05},
        "stETH at its peg": {},
    }


def test_away_from_the_peg_it_falls_by_a_multiple_of_that_and_may_come_back() -> None:
    found = broken(USDT=0.95, stETH=2_700.0, USDe=1.02)
    assert found["USDT falls from its peg"]["USDT"] == pytest.approx(-0.10)
    assert found["USDT at its peg"]["USDT"] == pytest.approx(1 / 0.95 - 1)
    assert found["stETH falls from its peg"]["stETH"] == pytest.approx(-0.20)
    assert found["stETH at its peg"]["stETH"] == pytest.approx(3_000 / 2_700 - 1)
    # Above its peg it has only the least fall, and the way back is down.
    assert found["USDe falls from its peg"]["USDe"] == -0.10
    assert found["USDe at its peg"]["sUSDe"] == pytest.approx(1 / 1.02 - 1)


@given(st.floats(0.01, 1.5), st.floats(0.01, 1.5))
def test_the_lower_it_stands_the_further_it_falls(one: float, other: float) -> None:
    low, high = sorted((one, other))
    label = "USDT falls from its peg"
    further, nearer = (broken(USDT=price)[label]["USDT"] for price in (low, high))
    assert -1.0 < further <= nearer <= -0.03


def test_a_coin_that_is_not_at_par_has_no_distance() -> None:
    # One staked dollar is worth 1.2 of what it wraps, which is no premium.
    table = 'kind = "depeg"\nfall = { sUSDe = 0.1 }\nmultiple = 2.0'
    assert broken(table)["sUSDe falls from its peg"] == {"sUSDe": -0.1}
    assert broken(table)["sUSDe at its peg"] == {}


def test_without_a_peg_nothing_moves() -> None:
    s = built('kind = "depeg"\nfall = { stablecoin = 0.03 }\nmultiple = 1', ("BTC", "USD"))
    assert s.labels == ("no coin has a peg",)
    assert not s.spot_move.any()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('kind = "depeg"\nmultiple = 1', "fall: is needed"),
        ('kind = "depeg"\nfall = { stablecoin = 0.03 }', "multiple: is needed"),
        ('kind = "depeg"\nfall = { stablecoin = 1.0 }\nmultiple = 1', "below 1"),
        (TABLE + "fell = 1", "fell: is not a key here"),
        (TABLE.replace('["stETH"]', '["BTC"]'), "wraps nothing"),
    ],
)
def test_what_cannot_be_read_is_refused(table: str, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        broken(table)


def test_a_distance_that_cannot_be_told_is_refused_by_name() -> None:
    table = 'kind = "depeg"\nfall = { stablecoin = 0.03 }\nmultiple = 1'
    with pytest.raises(InputRefused, match="EURC is pegged to EUR"):
        broken(table, ("EURC", "USD"))
    with pytest.raises(InputRefused, match="no present prices"):
        build("x", tomllib.loads(table), ("USDT",), (), resolve, None, facts=FACTS)
