"""Assets, parameters and scenario tables that the tests share."""

import tomllib
from collections.abc import Mapping
from typing import Any

from crossmargin.domain.asset import Asset, AssetClass
from crossmargin.market.history import ReturnHistory
from crossmargin.scenario.build import build
from crossmargin.scenario.scenario_set import ScenarioSet

ASSETS = ("BTC", "ETH", "SOL", "USD", "USDT", "sUSDe", "stETH")
VENUES = ("deribit", "okx")


def asset(code: str, asset_class: AssetClass, wraps: str | None = None) -> Asset:
    return Asset(code=code, decimals=8, asset_class=asset_class, wraps=wraps)


FACTS = {
    fact.code: fact
    for fact in (
        asset("BTC", AssetClass.COIN),
        asset("ETH", AssetClass.COIN),
        asset("SOL", AssetClass.COIN),
        asset("USD", AssetClass.FIAT),
        asset("USDT", AssetClass.STABLECOIN),
        asset("USDe", AssetClass.STABLECOIN),
        asset("sUSDe", AssetClass.WRAPPED, "USDe"),
        asset("stETH", AssetClass.LIQUID_STAKING, "ETH"),
    )
}

PARAMETERS: Mapping[str, float | Mapping[str, float]] = {
    "price_range": 0.16,
    "vol_up": 0.50,
    "vol_down": 0.25,
    "edge": {"BTC": 0.12, "ETH": 0.12, "SOL": 0.18, "DOGE": 0.18, "*": 0.25},
    "venue_basis": 0.005,
}


def resolve(reference: str) -> float | Mapping[str, float]:
    return PARAMETERS[reference.removeprefix("$")]


def built(
    text: str,
    assets: tuple[str, ...] = ASSETS,
    venues: tuple[str, ...] = VENUES,
    history: ReturnHistory | None = None,
    vol_history: ReturnHistory | None = None,
) -> ScenarioSet:
    table: dict[str, Any] = tomllib.loads(text)
    return build(
        "test",
        table,
        assets,
        venues,
        resolve,
        history,
        facts=FACTS,
        vol_history=vol_history,
    )


DERIBIT = """
kind = "grid"
[vol_move.up]
shock = "relative"
move = "$vol_up"
power_short = 0.30
power_long = 0.13
vol_floor = 0.50
[vol_move.down]
shock = "relative"
move = "-$vol_down"
power_short = 0.30
power_long = 0.13
[[family]]
name = "standard"
price_edge = "$price_range"
price_move = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]
vol = ["down", "same", "up"]
[[family]]
name = "extended"
price_move = [-0.66, -0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]
vol = ["up"]
standard_range = "$price_range"
loss_weight = "range_over_move"
dampened = true
"""

PARADEX = """
kind = "grid"
[vol_move.up]
shock = "relative"
move = 0.40
power_short = 0.30
power_long = 0.13
days_floor = 1
[vol_move.down]
shock = "relative"
move = -0.22
power_short = 0.30
power_long = 0.13
days_floor = 1
[[family]]
name = "top"
price_move = [0.16]
vol = ["up"]
[[family]]
name = "inner"
price_move = [0.12, 0.08, 0.04, 0.0, -0.04, -0.08, -0.12]
vol = ["up", "down"]
[[family]]
name = "bottom"
price_move = [-0.16]
vol = ["up"]
[[family]]
name = "tail"
price_move = [-0.66, -0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]
vol = ["up"]
loss_weight = [0.24, 0.48, 0.32, 0.16, 0.08, 0.0533, 0.04, 0.032]
"""

OKX = """
kind = "grid"
price_edge = "$edge"
price_move = [
  -1.0, -0.6666666666666666, -0.3333333333333333, 0.0,
  0.3333333333333333, 0.6666666666666666, 1.0,
]
vol = ["points down", "points up", "same", "relative down", "relative up"]
[vol_move."points up"]
shock = "points"
move = 0.30
[vol_move."points down"]
shock = "points"
move = -0.30
[vol_move."relative up"]
shock = "relative"
move = 0.40
[vol_move."relative down"]
shock = "relative"
move = -0.40
"""

SPAN = """
kind = "grid"
[vol_move.up]
shock = "points"
move = 0.04
[vol_move.down]
shock = "points"
move = -0.04
[[family]]
name = "scan"
price_edge = 0.093
price_move = [
  0.0, 0.3333333333333333, -0.3333333333333333,
  0.6666666666666666, -0.6666666666666666, 1.0, -1.0,
]
vol = ["up", "down"]
[[family]]
name = "extreme"
price_edge = 0.093
price_move = [2.0, -2.0]
vol = ["same"]
loss_weight = 0.35
"""

ONE_MOVE = """
kind = "grid"
price_move = [-0.15, 0.15]
vol = ["same"]
"""

HOUSE = """
kind = "grid"
price_edge = "$price_range"
price_move = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]
vol = ["down", "same", "up"]
time_days = 1
[vol_move.up]
shock = "relative"
move = "$vol_up"
power_short = 0.30
power_long = 0.13
[vol_move.down]
shock = "relative"
move = "-$vol_down"
power_short = 0.30
power_long = 0.13
"""
