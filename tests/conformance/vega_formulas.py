"""Vega's rules once more, in exact fractions and one order at a time."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any

LEVELS = ("search", "initial", "release")


def exact(value: float) -> Fraction:
    return Fraction(str(value))


def maintenance(inputs: Mapping[str, Any], params: Mapping[str, Any]) -> Fraction:
    factor = exact(params["position_factor"])
    held = exact(inputs["position_units"])
    bids: list[tuple[Fraction, Fraction]] = []
    asks: list[tuple[Fraction, Fraction]] = []
    for side, sign, resting in (("buy", 1, bids), ("sell", -1, asks)):
        for order in inputs.get(f"{side}_orders", ()):
            if order.get("market_order"):
                held += sign * exact(order["size"])
            else:
                resting.append((exact(order["size"]) / factor, exact(order["price"])))
        if inputs.get(f"{side}_order_units"):
            resting.append((exact(inputs[f"{side}_order_units"]) / factor, Fraction(0)))
    held /= factor
    long = _side(held, bids, params["risk_factor_long"], inputs, params)
    short = _side(-held, asks, params["risk_factor_short"], inputs, params)
    owed = max(Fraction(0), exact(inputs.get("funding_per_unit", 0)) * held)
    return max(long, short) + owed


def _side(
    held: Fraction,
    orders: list[tuple[Fraction, Fraction]],
    risk: float,
    inputs: Mapping[str, Any],
    params: Mapping[str, Any],
) -> Fraction:
    mark = exact(inputs["mark_price"])
    resting = sum((size for size, _ in orders), Fraction(0))
    if held + resting <= 0:
        return Fraction(0)
    own = max(held, Fraction(0))
    slippage = exact(params["linear_slippage"]) * own
    slippage += exact(params["quadratic_slippage"]) * own * own
    value = resting * mark
    if inputs.get("auction"):
        at_limits = sum((size * price for size, price in orders), Fraction(0))
        value = max(at_limits, resting * exact(inputs.get("auction_price", 0)))
    return mark * (slippage + own * exact(risk)) + value * exact(risk)


def levels(inputs: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, int]:
    whole = ceil(maintenance(inputs, params))
    return {"maintenance": whole} | {
        name: floor(whole * exact(params[name])) for name in LEVELS if name in params
    }


def order_margin(inputs: Mapping[str, Any], params: Mapping[str, Any]) -> int:
    rate = exact(params["margin_factor"]) / exact(params["position_factor"])
    return max(floor(_opening(inputs, side) * rate) for side in ("buy", "sell"))


def _opening(inputs: Mapping[str, Any], side: str) -> Fraction:
    sign = 1 if side == "buy" else -1
    free = max(-sign * inputs["position_units"], 0)
    value = Fraction(0)
    for order in sorted(inputs[f"{side}_orders"], key=lambda each: -sign * each["price"]):
        closing = min(free, order["size"])
        free -= closing
        price = max(order["price"], inputs["auction_price"])
        value += (order["size"] - closing) * exact(price)
    return value


def liquidation_price(
    inputs: Mapping[str, Any], params: Mapping[str, Any], multiple: Fraction
) -> Fraction | None:
    held = exact(inputs["position_units"]) / exact(params["position_factor"])
    risk = exact(params["risk_factor_long" if held > 0 else "risk_factor_short"])
    per_price = exact(params["linear_slippage"]) * abs(held)
    per_price += exact(params["quadratic_slippage"]) * held * held + abs(held) * risk
    if per_price == held:
        return None
    owed = max(Fraction(0), exact(inputs.get("funding_per_unit", 0)) * held)
    cash = multiple * maintenance(inputs, params)
    found = (cash - held * exact(inputs["mark_price"]) - owed) / (per_price - held)
    return max(found, Fraction(0))
