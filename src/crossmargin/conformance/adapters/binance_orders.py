"""Binance futures: what an open order would lose at once."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import NodeFigure, Translation
from crossmargin.conformance.vector_reading import inputs_shape, nearest_misfit, renamed
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.holding import Side

WORDS = {
    "size": "qty quantity amount contracts position",
    "order_price": "limit_price limit price entry",
    "mark": "mark_price",
    "side": "direction",
    "contract_size": "multiplier contract_multiplier",
}
ORDER = inputs_shape("size order_price mark side", "contract_size symbol")
SOLD = frozenset({"short", "sell", "-1", "-1.0"})
KEYS = ("open_loss", "open_loss_usd", "open_loss_coins", "open_loss_usdt")
COIN = "BTC"


def is_of_orders(case: Case) -> bool:
    """Whether the vector asks what an order loses."""
    return any(key in KEYS for key in case.expected)


def translate(case: Case) -> Translation | Unsupported:
    """One order under `binance-usdm`, or `binance-coinm` with contracts in dollars."""
    named = renamed(case, WORDS)
    return nearest_misfit(named, [ORDER]) or _order(named)


def _order(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    inverse = "COIN" in case.system
    coin = scene.asset(COIN, index=inputs["mark"])
    row = scene.perpetual(
        coin,
        settle=coin if inverse else "USD",
        inverse=inverse,
        contract_size=inputs.get("contract_size", 1),
        mark=inputs["mark"],
    )
    side = Side.SELL if str(inputs["side"]).lower() in SOLD else Side.BUY
    scene.order(
        row, side, inputs["size"], account=scene.account(), limit_price=inputs["order_price"]
    )
    return Translation(
        recipe="binance-coinm" if inverse else "binance-usdm",
        scene=scene,
        figures=dict.fromkeys(KEYS, NodeFigure(level="initial", node="open_loss")),
        reporting=coin if inverse else None,
    )
