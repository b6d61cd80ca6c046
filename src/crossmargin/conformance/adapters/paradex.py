"""Paradex: net margin with open orders, and the least requirement on delta."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import NodeFigure, SizeFigure, Translation
from crossmargin.conformance.verdict import Unsupported, needs_action
from crossmargin.domain.holding import Side
from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.wire.units import float_of

ACTIONS = frozenset({"liquidation_share", "penalty", "new_mmr", "socialised_loss", "loss_factor"})
CROSS = shape(
    """inputs.position inputs.buy_orders inputs.sell_orders inputs.mark_price params.imf""",
    "expected.buy_open_size expected.sell_open_size expected.net_imr",
)
DELTA = shape(
    "inputs.deltas inputs.spot params.unhedged_factor params.hedged_factor",
    """expected.net_delta expected.gross_delta expected.hedged_delta
    expected.min_delta_requirement""",
)


def translate(case: Case) -> Translation | Unsupported:
    """One market under `paradex-cross`, or deltas of one underlying under `paradex-portfolio`."""
    if any(key in ACTIONS for key in (*case.expected, *case.inputs)):
        return needs_action("which share of an account is liquidated, and at which penalty")
    if "deltas" in case.inputs:
        return misfit(case, DELTA) or _delta(case)
    return misfit(case, CROSS) or _cross(case)


def _cross(case: Case) -> Translation:
    mark = case.inputs["mark_price"]
    scene = Scene()
    row = scene.perpetual(scene.asset("COIN", index=mark), mark=mark)
    scene.position(row, case.inputs["position"], entry=mark)
    for side, key in ((Side.BUY, "buy_orders"), (Side.SELL, "sell_orders")):
        if case.inputs[key]:
            scene.order(row, side, case.inputs[key])
    return Translation(
        recipe="paradex-cross",
        scene=scene,
        figures={
            "buy_open_size": SizeFigure(
                amount=Amount.NET_LONG, of="contracts", orders=OrderFill.WORST
            ),
            "sell_open_size": SizeFigure(
                amount=Amount.NET_SHORT, of="contracts", orders=OrderFill.WORST
            ),
            "net_imr": NodeFigure(level="initial", node="net_initial"),
        },
        overrides={"initial_factor": float_of(case.params["imf"])},
    )


def _delta(case: Case) -> Translation:
    """Each delta is a perpetual of its own on the same coin."""
    spot = case.inputs["spot"]
    scene = Scene()
    coin = scene.asset("COIN", index=spot)
    scene.account()
    for number, delta in enumerate(case.inputs["deltas"]):
        row = scene.perpetual(coin, name=f"#{number}", mark=spot, funding_rate=0)
        scene.position(row, delta, entry=spot)
    return Translation(
        recipe="paradex-portfolio",
        scene=scene,
        figures={
            "net_delta": SizeFigure(amount=Amount.NET, of="delta_coins"),
            "gross_delta": SizeFigure(amount=Amount.GROSS, of="delta_coins"),
            "hedged_delta": SizeFigure(amount=Amount.HEDGED, of="delta_coins"),
            "min_delta_requirement": NodeFigure(level="initial", node="min_delta"),
        },
        overrides={
            "net_delta": float_of(case.params["unhedged_factor"]),
            "hedged_delta": float_of(case.params["hedged_factor"]),
        },
    )
