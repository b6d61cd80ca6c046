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
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
    renamed,
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
INSTEAD = {
    "mr4": "mr4_futures_basis mr4_with_orders",
    "mr6": "mr6_extreme mr6_with_orders",
    "mr7": "mr7_minimum mr7_with_orders",
    "mr9": "mr9_depeg mr9_depeg_with_orders",
}
"""Stated, or made from what else is."""
WORDS = {
    "hedge_usd": """hedged_usd hedge hedge_notional_usd hedged_notional_usd hedge_size_usd
        hedge_notional hedge_size hedged_notional""",
    "bounds": "tier_upper_bounds upper_bounds tier_bounds tier_upper_usd",
    "rates": "tier_rates",
    "unit_mmr": "units_mmr mmr_units risk_unit_mmr risk_units_mmr mmr_by_unit derivatives_mmr",
    "unit_imr": "units_imr imr_units risk_unit_imr risk_units_imr imr_by_unit",
    "borrow_usd": "borrow_liability_usd liability_usd borrowed_usd borrow usdt_liability_usd",
    "borrow_mmr_rate": "borrow_mm_rate mr8_mmr_rate",
    "borrow_imr_rate": "borrow_im_rate mr8_imr_rate",
}
BORROWED = {"borrow_mmr_rate": "mr8_borrowing", "borrow_imr_rate": "mr8_borrowing_initial"}
DEPEG = inputs_shape("", "hedge_usd bounds rates tiers")
NEEDS = {"mr4": "mr4_rate_perp", "mr7": "mr7_rate", "imr": "imr_factor"}
SCAN = inputs_shape("signed_stress_notional_usd spot_shocks")
UNPUBLISHED = {"vol_relative": 0.0, "depeg_rates": [0.0, 0.0, 0.0]}
"""Figures without a source, which the vectors do not read: no options and no stablecoins."""


def translate(case: Case) -> Translation | Unsupported:
    """A position that is worth its cash delta, at one dollar a coin, under `okx-portfolio`."""
    if "spot_shocks" in case.inputs:
        return nearest_misfit(case, [SCAN]) or _scan(case)
    case = renamed(case, WORDS)
    if "hedge_usd" in case.inputs:
        needed = ("tiers",) if "tiers" in case.inputs else ("bounds", "rates")
        return nearest_misfit(case, [DEPEG]) or lacking(case, *needed) or _depeg(case)
    extremes = " ".join(key for key in case.inputs if key.startswith(EXTREME))
    rated = any(key in case.inputs for key in ("mr4_rate_perp", "mr7_rate"))
    unit = inputs_shape(
        "cash_delta_usd" if rated or not (INSTEAD.keys() | {"unit_mmr"}) & set(case.inputs) else "",
        f"""cash_delta_usd mr1 mr2 mr3 mr5 {extremes} mr6_factor mr4_rate_perp mr7_rate imr_factor
        {" ".join(INSTEAD)} unit_mmr unit_imr borrow_usd {" ".join(BORROWED)}""",
    )
    lack = [
        names for key, names in NEEDS.items() if key in case.expected and key not in case.inputs
    ]
    if "mr6" in case.expected:
        lack.append(extremes or f"{EXTREME}24pct")
    if "unit_mmr" in case.inputs:
        lack = []
    return nearest_misfit(case, [unit]) or lacking(case, *lack) or _unit(case)


def _unit(case: Case) -> Translation:
    inputs = case.inputs
    scene, coin = _swap(inputs.get("cash_delta_usd", 0))
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
    for key, nodes in INSTEAD.items():
        if key in inputs:
            definitions.update(dict.fromkeys(nodes.split(), stated(float_of(inputs[key]))))
    overrides: dict[str, Any] = {
        **UNPUBLISHED,
        "basis_least": {coin: float_of(inputs.get("mr4_rate_perp", 0))},
        "minimum_rate": {coin: float_of(inputs.get("mr7_rate", 0))},
        "vega_spread": 0.0,
        "rate_shift": 0.0,
    }
    if "unit_mmr" in inputs:
        units = {"op": "sum", "parts": [stated(float_of(x)) for x in listed(inputs["unit_mmr"])]}
        definitions = {"risk_units": units, "risk_units_with_orders": units}
    if "unit_imr" in inputs:
        opened = [stated(float_of(each)) for each in listed(inputs["unit_imr"])]
        definitions["risk_units_with_orders"] = {"op": "sum", "parts": opened}
    for key, node in BORROWED.items():
        if key in inputs:
            owed = stated(float_of(inputs.get("borrow_usd", 0)))
            definitions[node] = {"op": "scale", "part": owed, "factor": float_of(inputs[key])}
    for key, name in (("mr6_factor", "extreme_share"), ("imr_factor", "initial_factor")):
        if key in inputs:
            overrides[name] = float_of(inputs[key])
    if "unit_imr" in inputs:
        overrides["initial_factor"] = 1.0
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
    pairs = inputs.get("tiers")
    bounds = inputs["bounds"] if pairs is None else [bound for bound, _ in pairs]
    bound, rate = tiers(bounds, inputs["rates"] if pairs is None else [each for _, each in pairs])
    scene = Scene()
    coin = scene.asset(COIN, index=1)
    hedge = inputs["hedge_usd"]
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
