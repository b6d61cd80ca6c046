"""OKX portfolio margin: the parts of a risk unit, some of them stated, and the scan of a swap."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import (
    DriverFigure,
    LevelFigure,
    NodeFigure,
    ScenarioFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    lacking,
    nearest_misfit,
    tiers,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, negative_of

EXTREME = "mr6_pnl_at_"
STATED = {
    "mr1": "mr1_spot_shock mr1_with_orders",
    "mr2": "mr2_theta mr2_theta_with_orders",
    "mr3": "mr3_vega_term mr3_vega_term_with_orders",
    "mr5": "mr5_rates mr5_rates_with_orders",
}
HEDGES = "hedge_usd hedged_usd hedge hedge_notional_usd hedged_notional_usd hedge_size_usd"
BOUNDS = "bounds tier_upper_bounds"
RATES = "rates tier_rates"
DEPEG = inputs_shape("", f"{HEDGES} {BOUNDS} {RATES}")
NEEDS = {"mr4": "mr4_rate_perp", "mr7": "mr7_rate", "imr": "imr_factor"}
SCAN = inputs_shape("signed_stress_notional_usd spot_shocks")
UNPUBLISHED = {"vol_relative": 0.0, "depeg_rates": [0.0, 0.0, 0.0]}
"""Figures without a source, which the vectors do not read: no options and no stablecoins."""


def translate(case: Case) -> Translation | Unsupported:
    """A position that is worth its cash delta, at one dollar a coin, under `okx-portfolio`."""
    if "spot_shocks" in case.inputs:
        return nearest_misfit(case, [SCAN]) or _scan(case)
    if given(case.inputs, HEDGES) is not None:
        return nearest_misfit(case, [DEPEG]) or lacking(case, BOUNDS, RATES) or _depeg(case)
    extremes = " ".join(key for key in case.inputs if key.startswith(EXTREME))
    unit = inputs_shape(
        "cash_delta_usd",
        f"mr1 mr2 mr3 mr5 {extremes} mr6_factor mr4_rate_perp mr7_rate imr_factor",
    )
    needed = [names for key, names in NEEDS.items() if key in case.expected]
    if "mr6" in case.expected:
        needed.append(extremes or f"{EXTREME}24pct")
    return nearest_misfit(case, [unit]) or lacking(case, *needed) or _unit(case)


def _unit(case: Case) -> Translation:
    inputs = case.inputs
    scene, coin = _swap(inputs["cash_delta_usd"])
    definitions: dict[str, dict[str, Any]] = {}
    for key, nodes in STATED.items():
        for node in nodes.split():
            definitions[node] = stated(float_of(inputs.get(key, 0)))
    profits = [inputs[key] for key in inputs if key.startswith(EXTREME)]
    loss = {
        "op": "max",
        "parts": [*[stated(float_of(negative_of(profit))) for profit in profits], stated(0.0)],
    }
    for node in ("mr6_extreme", "mr6_with_orders"):
        definitions[node] = {"op": "scale", "part": loss, "factor": "$extreme_share"}
    overrides: dict[str, Any] = {
        **UNPUBLISHED,
        "basis_least": {coin: float_of(inputs.get("mr4_rate_perp", 0))},
        "minimum_rate": {coin: float_of(inputs.get("mr7_rate", 0))},
        "vega_spread": 0.0,
        "rate_shift": 0.0,
    }
    for key, name in (("mr6_factor", "extreme_share"), ("imr_factor", "initial_factor")):
        if key in inputs:
            overrides[name] = float_of(inputs[key])
    return Translation(
        recipe="okx-portfolio",
        scene=scene,
        figures={
            "mr4": NodeFigure(level="maintenance", node="mr4_futures_basis"),
            "mr6": NodeFigure(level="maintenance", node="mr6_extreme"),
            "mr7": NodeFigure(level="maintenance", node="mr7_minimum"),
            "mmr": LevelFigure(level="maintenance", part="requirement"),
            "imr": LevelFigure(level="initial", part="requirement"),
        },
        overrides=overrides,
        definitions=definitions,
    )


def _depeg(case: Case) -> Translation:
    """Long against one stablecoin and as much short against another, at one dollar a coin."""
    inputs = case.inputs
    bound, rate = tiers(given(inputs, BOUNDS), given(inputs, RATES))
    scene = Scene()
    coin = scene.asset(COIN, index=1)
    hedge = given(inputs, HEDGES)
    for money, held in (("USDT", hedge), ("USDC", negative_of(hedge))):
        settle = scene.asset(money, index=1)
        row = scene.perpetual(coin, quote=settle, settle=settle, mark=1, funding_rate=0)
        scene.position(row, held, entry=1)
    return Translation(
        recipe="okx-portfolio",
        scene=scene,
        figures=dict.fromkeys(
            ("mr9", "mr9_depeg", "depeg_charge"), NodeFigure(level="maintenance", node="mr9_depeg")
        ),
        overrides={
            **UNPUBLISHED,
            "vega_spread": 0.0,
            "rate_shift": 0.0,
            "depeg_bounds": [float_of(each) for each in bound],
            "depeg_rates": [float_of(each) for each in rate],
        },
    )


def _scan(case: Case) -> Translation:
    inputs = case.inputs
    shocks = [float_of(shock) for shock in inputs["spot_shocks"]]
    scene, _ = _swap(inputs["signed_stress_notional_usd"])
    node = "mr1_spot_shock"
    cells = tuple((node, number) for number in range(len(shocks)))
    return Translation(
        recipe="okx-portfolio",
        scene=scene,
        figures={
            "pnl": ScenarioFigure(level="maintenance", cells=cells),
            "mr1": NodeFigure(level="maintenance", node=node),
            "worst_shock": DriverFigure(level="maintenance", node=node, told=tuple(shocks)),
        },
        overrides={**UNPUBLISHED, "vega_spread": 0.0, "rate_shift": 0.0},
        scenarios={"spot_shock": {"price_edge": 1.0, "price_move": shocks, "vol": ["same"]}},
    )


def _swap(worth: Any) -> tuple[Scene, str]:
    scene = Scene()
    coin = scene.asset(COIN, index=1)
    row = scene.perpetual(coin, mark=1, funding_rate=0)
    scene.position(row, worth, entry=1)
    return scene, coin
