"""Vega: the margin levels of one market, its estimates, and the margin of isolated orders."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import flag
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import CrossingFigure, Figure, LevelFigure, Translation
from crossmargin.conformance.verdict import Unsupported, needs_action
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.wire.units import contracts_at_factor, float_of

FACTORS = (
    "risk_factor_long",
    "risk_factor_short",
    "linear_slippage",
    "quadratic_slippage",
)
LEVELS = ("maintenance", "search", "initial", "release")
MULTIPLE = "collateral_multiple_of_maintenance"
AT_MULTIPLE = "liquidation_price"
AT_MAINTENANCE = "liquidation_price_when_collateral_equals_maintenance"
TRANSITIONS = frozenset({"released", "additional_required"})

SIDES = {Side.BUY: "buy_orders", Side.SELL: "sell_orders"}
UNITS = {Side.BUY: "buy_order_units", Side.SELL: "sell_order_units"}
ORDERS = """
    inputs.buy_orders[].size! inputs.buy_orders[].price! inputs.buy_orders[].market_order
    inputs.sell_orders[].size! inputs.sell_orders[].price! inputs.sell_orders[].market_order
"""
MARKET = """
    inputs.mark_price inputs.position_units params.position_factor params.linear_slippage
    params.quadratic_slippage params.risk_factor_long params.risk_factor_short
"""
STATE = "inputs.auction inputs.auction_price inputs.funding_per_unit"
LEVEL_SHAPE = shape(
    MARKET,
    f"""{ORDERS} {STATE} inputs.buy_order_units inputs.sell_order_units
    params.search params.initial params.release
    expected.maintenance expected.search expected.initial expected.release""",
)
CROSSING_SHAPE = shape(
    f"{MARKET} inputs.{MULTIPLE}",
    f"{STATE} {ORDERS} expected.maintenance expected.{AT_MULTIPLE} expected.{AT_MAINTENANCE}",
)
ISOLATED_SHAPE = shape(
    "inputs.position_units params.margin_factor params.position_factor expected.order_margin",
    f"{ORDERS} inputs.auction_price",
)

COARSEST_EXPONENT = -6
"""Levels are whole units: a tick must be a small part of one."""


def translate(case: Case) -> Translation | Unsupported:
    """One market of one party, under the recipe `vega` or `vega-isolated`."""
    if TRANSITIONS & case.expected.keys():
        return needs_action("what an isolated margin account gets or gives when a trade is made")
    if "order_margin" in case.expected:
        return misfit(case, ISOLATED_SHAPE) or _isolated(case)
    if MULTIPLE in case.inputs:
        return misfit(case, CROSSING_SHAPE) or _crossing(case)
    return misfit(case, LEVEL_SHAPE) or _levels(case)


def _levels(case: Case) -> Translation | Unsupported:
    """Levels in whole units where the vector has their factors; else the estimate, unrounded."""
    scene, row = _market(case)
    for side, key in UNITS.items():
        units = case.inputs.get(key, 0)
        if units and case.inputs.get("auction"):
            return Unsupported(reason="the prices of orders in an auction are not stated")
        if units:
            scene.order(row, side, contracts_at_factor(units, case.params["position_factor"]))
    whole = [key for key in LEVELS if key in case.params]
    absent = [key for key in case.expected if key != "maintenance" and key not in case.params]
    if absent:
        return Unsupported(reason=f"missing keys {', '.join(f'params.{key}' for key in absent)}")
    figures: dict[str, Figure] = {
        key: LevelFigure(level=key if whole else "estimate", part="requirement")
        for key in case.expected
    }
    return Translation(
        recipe="vega",
        scene=scene,
        figures=figures,
        overrides={
            **_factors(case),
            **{key: float_of(case.params[key]) for key in whole},
            "level_unit": 1.0,
        },
        coarsest_exponent=COARSEST_EXPONENT,
    )


def _crossing(case: Case) -> Translation | Unsupported:
    """The estimate, and the price at which it takes all the cash of the party."""
    if any(case.inputs.get(key) for key in SIDES.values()):
        return Unsupported(reason="a liquidation price after fills of its orders is not modelled")
    scene, row = _market(case)
    multiple = float_of(case.inputs[MULTIPLE])
    figures: dict[str, Figure] = {
        "maintenance": LevelFigure(level="estimate", part="requirement"),
        AT_MULTIPLE: CrossingFigure(level="estimate", row=row, multiple=multiple),
        AT_MAINTENANCE: CrossingFigure(level="estimate", row=row, multiple=1.0),
    }
    return Translation(recipe="vega", scene=scene, figures=figures, overrides=_factors(case))


def _market(case: Case) -> tuple[Scene, str]:
    """The market at its mark, with the party's position at that price and its orders."""
    mark = float_of(case.inputs["mark_price"])
    scene = Scene()
    row = scene.perpetual(scene.asset("COIN", index=mark), mark=mark)
    _position_and_orders(case, scene, row, mark)
    scene.figure("funding_per_unit", row, case.inputs.get("funding_per_unit", 0))
    if flag(case.inputs.get("auction", False), "inputs.auction"):
        scene.figure("auction_price", row, case.inputs.get("auction_price", 0))
    return scene, row


def _position_and_orders(case: Case, scene: Scene, row: str, entry: float) -> None:
    factor = case.params["position_factor"]
    scene.position(row, contracts_at_factor(case.inputs["position_units"], factor), entry=entry)
    for side, key in SIDES.items():
        for number, order in enumerate(case.inputs.get(key) or ()):
            where = f"inputs.{key}[{number}].market_order"
            at_market = flag(order.get("market_order", False), where)
            scene.order(
                row,
                side,
                contracts_at_factor(order["size"], factor),
                limit_price=None if at_market else order["price"],
                kind=OrderKind.MARKET if at_market else OrderKind.LIMIT,
            )


def _factors(case: Case) -> dict[str, float]:
    return {key: float_of(case.params[key]) for key in FACTORS}


def _isolated(case: Case) -> Translation:
    """The orders of an isolated position. A price of 0 is that of no auction: no order is below
    it.
    """
    scene = Scene()
    row = scene.perpetual(scene.asset("COIN", index=1), mark=1)
    _position_and_orders(case, scene, row, 1.0)
    scene.figure("auction_price", row, case.inputs.get("auction_price", 0))
    return Translation(
        recipe="vega-isolated",
        scene=scene,
        figures={"order_margin": LevelFigure(level="orders", part="requirement")},
        overrides={"margin_factor": float_of(case.params["margin_factor"]), "level_unit": 1.0},
        coarsest_exponent=COARSEST_EXPONENT,
    )
