"""Mango v4: the health of an account from its tokens, its spot markets and one perpetual."""

from collections.abc import Mapping
from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import LevelFigure, Translation
from crossmargin.conformance.vector_reading import given
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.holding import Side
from crossmargin.wire.units import coins_bought_for, float_of, negative_of

IN_ORDERS = "potential potential_serum_tokens potential_serum potential_tokens serum_tokens"
"""Names under which a bank's tokens in orders of spot markets are stated, divided by blanks."""

HEALTH = shape(
    """inputs.balances.* inputs.spot_open_orders[].base inputs.spot_open_orders[].quote
    inputs.spot_open_orders[].reserved_quote inputs.spot_open_orders[].reserved_base
    inputs.perp.base_lots inputs.perp.quote_native inputs.perp.bids_lots inputs.perp.asks_lots
    params.tokens.*.price params.tokens.*.asset_weight params.tokens.*.liab_weight
    params.perp.price params.perp.base_lot_size params.perp.base_asset_weight
    params.perp.base_liab_weight params.perp.overall_asset_weight params.perp.settle_token
    expected.init_health""",
    f"""inputs.spot_open_orders[].lowest_ask inputs.spot_open_orders[].highest_bid
    inputs.bank_totals[].deposits inputs.bank_totals[].dep_scale inputs.bank_totals[].borrows
    inputs.bank_totals[].bor_scale
    {" ".join(f"inputs.bank_totals[].{name}" for name in IN_ORDERS.split())}""",
)


def translate(case: Case) -> Translation | Unsupported:
    """Initial health is the buffer of the recipe's initial level."""
    return misfit(case, HEALTH) or _health(case)


def _health(case: Case) -> Translation | Unsupported:
    inputs, tokens = case.inputs, case.params["tokens"]
    scene = Scene()
    for token, table in tokens.items():
        scene.asset(token, index=table["price"], twap=table["price"])
    scene.account()
    for token, amount in inputs["balances"].items():
        scene.balance(token if token in tokens else scene.asset(token), amount)
    for market in inputs["spot_open_orders"]:
        _reserve(scene, market)
    perp = _perpetual(scene, case)
    totals = inputs.get("bank_totals") or []
    if len(totals) not in (0, len(tokens)):
        return Unsupported(reason="inputs.bank_totals has not one entry for each token")
    starts: dict[str, dict[str, float]] = {"deposit_scale_start": {}, "borrow_scale_start": {}}
    for token, bank in zip(tokens, totals, strict=False):
        _scale(scene, token, bank or {}, starts)
    return Translation(
        recipe="mango-v4",
        scene=scene,
        figures={"init_health": LevelFigure(level="initial")},
        overrides={**starts, **_weights(case, perp)},
    )


def _reserve(scene: Scene, market: Mapping[str, Any]) -> None:
    """What the orders of one spot market have put aside.

    Quote put aside by purchases without a known limit is quote that is for sale, at no limit.
    """
    base, quote = market["base"], market["quote"]
    row = scene.spot(base, quote=quote)
    if market["reserved_base"]:
        limit = market.get("lowest_ask") or None
        scene.order(row, Side.SELL, market["reserved_base"], limit_price=limit)
    bid = market.get("highest_bid") or None
    if market["reserved_quote"] and bid:
        bought = coins_bought_for(market["reserved_quote"], bid)
        scene.order(row, Side.BUY, bought, limit_price=bid)
    elif market["reserved_quote"]:
        scene.order(scene.spot(quote, quote=base), Side.SELL, market["reserved_quote"])


def _perpetual(scene: Scene, case: Case) -> str:
    perp, terms = case.inputs["perp"], case.params["perp"]
    settle = terms["settle_token"]
    row = scene.perpetual(
        scene.asset("BASE", index=terms["price"], twap=terms["price"]),
        quote=settle,
        settle=settle,
        contract_size=terms["base_lot_size"],
        mark=terms["price"],
    )
    scene.position(row, perp["base_lots"], cost=negative_of(perp["quote_native"]))
    for side, key in ((Side.BUY, "bids_lots"), (Side.SELL, "asks_lots")):
        if perp[key]:
            scene.order(row, side, perp[key])
    return row


def _scale(
    scene: Scene, token: str, bank: dict[str, float], starts: dict[str, dict[str, float]]
) -> None:
    """What the bank of a token has lent and borrowed, and from where on that counts."""
    for name, value in (
        ("venue_deposits", bank.get("deposits") or 0),
        ("venue_deposits_in_orders", given(bank, IN_ORDERS) or 0),
        ("venue_borrows", bank.get("borrows") or 0),
    ):
        scene.figure(name, token, value)
    for name, key in (("deposit_scale_start", "dep_scale"), ("borrow_scale_start", "bor_scale")):
        if bank.get(key):
            starts[name][token] = float_of(bank[key])


def _weights(case: Case, perp: str) -> dict[str, dict[str, float]]:
    tokens, terms = case.params["tokens"], case.params["perp"]
    return {
        "initial_asset_weight": {t: float_of(x["asset_weight"]) for t, x in tokens.items()},
        "initial_liability_weight": {t: float_of(x["liab_weight"]) for t, x in tokens.items()},
        "perp_initial_asset_weight": {perp: float_of(terms["base_asset_weight"])},
        "perp_initial_liability_weight": {perp: float_of(terms["base_liab_weight"])},
        "perp_initial_gain_weight": {perp: float_of(terms["overall_asset_weight"])},
    }
