"""Synthetix v3: perpetuals that need more the larger they are in their market, and discounts."""

import re
from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    Figure,
    GroupsFigure,
    LevelFigure,
    NodeFigure,
    Translation,
    WorthFigure,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of

PORTFOLIO = shape(
    """inputs.collateral_usd inputs.positions[].market inputs.positions[].size
    params.markets[].market params.markets[].skew_scale""",
    """inputs.positions[].price inputs.positions[].current_price inputs.positions[].entry_oracle
    inputs.positions[].entry_oracle_price inputs.starting_skew
    params.markets[].initial_margin_ratio params.markets[].min_initial_margin_ratio
    params.markets[].maintenance_scalar params.markets[].flag_reward_ratio
    params.markets[].min_position_margin params.max_liquidation_reward
    params.min_liquidation_reward params.keeper_scaling_ratio params.fill_price
    expected.available_margin expected.initial_margin_excl_reward
    expected.maintenance_margin_excl_reward expected.liquidation_reward
    expected.withdrawable_margin expected.position_pnl.*""",
)
COLLATERAL = shape(
    """inputs.collateral[].asset inputs.collateral[].amount inputs.collateral[].price
    params.*.skew_scale params.*.discount_scalar params.*.lower_limit params.*.upper_limit""",
    "expected.undiscounted_value expected.available_trading_margin",
)

MARKET_PARAMETERS = {
    "skew_scale": "skew_scale",
    "initial_margin_ratio": "initial_ratio",
    "min_initial_margin_ratio": "least_initial_ratio",
    "maintenance_scalar": "maintenance_scalar",
    "flag_reward_ratio": "flag_reward",
    "min_position_margin": "position_margin",
}
COLLATERAL_PARAMETERS = {
    "skew_scale": "collateral_scale",
    "discount_scalar": "discount_multiple",
    "lower_limit": "least_discount",
    "upper_limit": "most_discount",
}
REWARD_PARAMETERS = {
    "max_liquidation_reward": "most_reward",
    "min_liquidation_reward": "least_reward",
    "keeper_scaling_ratio": "reward_share",
}
NODES = {
    "available_margin": "available_margin",
    "initial_margin_excl_reward": "initial_margin",
    "liquidation_reward": "liquidation_reward",
}


FILL_RULE = r"mean of .*price before and after.*"
"""How a position was filled, in words: half of what it adds to the skew counts."""


def translate(case: Case) -> Translation | Unsupported:
    """A portfolio of perpetuals, or collateral alone, under the recipe `synthetix-v3`."""
    if "collateral" in case.inputs:
        return misfit(case, COLLATERAL) or _collateral(case)
    return misfit(case, PORTFOLIO) or _portfolio(case)


def _collateral(case: Case) -> Translation:
    scene = Scene()
    scene.account()
    for holding in case.inputs["collateral"]:
        scene.balance(scene.asset(holding["asset"], index=holding["price"]), holding["amount"])
    return Translation(
        recipe="synthetix-v3",
        scene=scene,
        figures={
            "undiscounted_value": WorthFigure(),
            "available_trading_margin": LevelFigure(level="initial", part="equity"),
        },
        overrides={
            ours: {asset: float_of(table[key]) for asset, table in case.params.items()}
            for key, ours in COLLATERAL_PARAMETERS.items()
        },
    )


def _portfolio(case: Case) -> Translation | Unsupported:
    fill = case.params.get("fill_price")
    if fill is not None and not re.fullmatch(FILL_RULE, str(fill)):
        return Unsupported(reason=f"params.fill_price states a rule that is not known: {fill!r}")
    scene = Scene()
    scene.account()
    scene.balance("USD", case.inputs["collateral_usd"])
    entries, rows = {}, {}
    for position in case.inputs["positions"]:
        price = position.get("price", position.get("current_price"))
        entry = position.get("entry_oracle", position.get("entry_oracle_price"))
        if price is None or entry is None:
            return Unsupported(reason="a position states no price or no price of its entry")
        market = position["market"]
        row = scene.perpetual(scene.asset(market, index=price), mark=price)
        scene.position(row, position["size"], entry=entry)
        entries[row], rows[row] = float_of(entry), market
    figures: dict[str, Figure] = {
        key: NodeFigure(level="initial", node=node) for key, node in NODES.items()
    }
    figures["maintenance_margin_excl_reward"] = NodeFigure(
        level="maintenance", node="maintenance_margin"
    )
    figures["withdrawable_margin"] = LevelFigure(level="initial")
    figures["position_pnl"] = GroupsFigure(
        level="initial", node="position_profit.each", labels=rows
    )
    overrides: dict[str, Any] = {
        ours: {x["market"]: float_of(x[key]) for x in case.params["markets"] if key in x}
        for key, ours in MARKET_PARAMETERS.items()
    }
    for key, ours in REWARD_PARAMETERS.items():
        if key in case.params:
            overrides[ours] = float_of(case.params[key])
    overrides["entry_price"] = entries
    overrides["skew"] = dict.fromkeys(rows, float_of(case.inputs.get("starting_skew", 0)))
    return Translation(recipe="synthetix-v3", scene=scene, figures=figures, overrides=overrides)
