"""Binance futures: maintenance margin of stated brackets, and the amounts of a bracket table."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    CrossingFigure,
    Figure,
    LevelFigure,
    ListFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import given, inputs_shape, lacking, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import decimal_of, float_of, negative_of

POSITIONS = inputs_shape(
    "positions[].qty positions[].mark positions[].mmr",
    "positions[].symbol positions[].entry positions[].cum wallet_balance",
)
FLOOR = "bracket_floor_btc bracket_floor_eth bracket_floor bracket_floor_usd bracket_floor_coins"
BRACKET = inputs_shape("mmr_n mmr_prev", f"{FLOOR} cum_prev")
NEXT = ("mmr_n",)
FLOORS = "bracket_floors floors notional_floors"
RATES = "mmr rates maintenance_rates"
TABLE = inputs_shape("", f"{FLOORS} {RATES}")

WALLET = "wallet_balance wb"
OTHER_MARGIN = "tmm_other other_mm mm_other tmm"
OTHER_PROFIT = "upnl_other other_upnl upnl"
SIZE = "qty position size amount"
SIDE = "side"
ENTRY = "entry entry_price"
RATE = "mmr mm_ratio"
AMOUNT = "cum maintenance_amount"
ALONE = inputs_shape(
    "", f"{WALLET} {OTHER_MARGIN} {OTHER_PROFIT} {SIZE} {SIDE} {ENTRY} {RATE} {AMOUNT} mark symbol"
)
SOLD = frozenset({"short", "sell", "-1", "-1.0"})
LIQUIDATION_KEYS = ("liquidation_price", "lp")

REQUIRED = {
    "mm": ("maintenance", "requirement"),
    "upnl": ("maintenance", "equity"),
}
TOTALS = {
    "mm_total": ("maintenance", "requirement"),
    "total_mm": ("maintenance", "requirement"),
    "account_mm": ("maintenance", "requirement"),
    "upnl_total": ("maintenance", "equity"),
    "total_upnl": ("maintenance", "equity"),
}


def translate(case: Case) -> Translation | Unsupported:
    """Positions with the bracket that each reaches, or the amounts of brackets."""
    if any(key in LIQUIDATION_KEYS for key in case.expected) and "positions" not in case.inputs:
        return nearest_misfit(case, [ALONE]) or lacking(case, SIZE, ENTRY, RATE) or _alone(case)
    if "positions" in case.inputs:
        return nearest_misfit(case, [POSITIONS]) or _positions(case)
    if given(case.inputs, FLOORS) is not None:
        return nearest_misfit(case, [TABLE]) or lacking(case, RATES) or _table(case)
    return nearest_misfit(case, [BRACKET]) or lacking(case, FLOOR) or _bracket(case)


def _positions(case: Case) -> Translation:
    """Each position in an account of its own, and all of them in one."""
    scene = Scene()
    rate, amount, names, rows = {}, {}, [], []
    for number, each in enumerate(case.inputs["positions"]):
        coin = scene.asset(f"COIN{number}", index=each["mark"])
        row = scene.perpetual(coin, mark=each["mark"])
        names.append(f"only {coin}")
        rows.append(row)
        for account in ("account", names[number]):
            entry = each.get("entry", each["mark"])
            scene.position(row, each["qty"], entry=entry, account=account)
        rate[coin] = float_of(each["mmr"])
        amount[coin] = float_of(each.get("cum", 0))
    figures: dict[str, Figure] = {
        key: ListFigure(
            figures=tuple(LevelFigure(level=level, part=part, account=name) for name in names)
        )
        for key, (level, part) in REQUIRED.items()
    }
    for key, (level, part) in TOTALS.items():
        figures[key] = LevelFigure(level=level, part=part)
    if "wallet_balance" in case.inputs:
        scene.balance("USD", case.inputs["wallet_balance"])
        prices = tuple(CrossingFigure(level="maintenance", row=row) for row in rows)
        figures.update(dict.fromkeys(LIQUIDATION_KEYS, ListFigure(figures=prices)))
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures=figures,
        overrides={"rate": rate, "amount": amount},
    )


def _alone(case: Case) -> Translation:
    """One position beside others of which the margin and the profit are stated."""
    inputs, scene = case.inputs, Scene()
    entry = given(inputs, ENTRY)
    coin = scene.asset("COIN", index=entry)
    row = scene.perpetual(coin, mark=entry)
    held = given(inputs, SIZE)
    sold = str(given(inputs, SIDE)).lower() in SOLD
    scene.position(row, negative_of(held) if sold and held > 0 else held, entry=entry)
    rest = scene.asset("REST", index=1)
    beside = scene.perpetual(rest, mark=1)
    scene.position(beside, 1, profit=given(inputs, OTHER_PROFIT) or 0)
    scene.balance("USD", given(inputs, WALLET) or 0)
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures=dict.fromkeys(LIQUIDATION_KEYS, CrossingFigure(level="maintenance", row=row)),
        overrides={
            "rate": {coin: float_of(given(inputs, RATE))},
            "amount": {
                coin: float_of(given(inputs, AMOUNT) or 0),
                rest: float_of(negative_of(given(inputs, OTHER_MARGIN) or 0)),
            },
        },
    )


def _bracket(case: Case) -> Translation:
    """A position that just reaches the bracket, one unit each."""
    inputs, scene = case.inputs, Scene()
    floor = given(inputs, FLOOR)
    row = scene.perpetual(scene.asset("COIN", index=1), mark=1)
    scene.position(row, floor)
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures={"cum": LevelFigure(level="amount", part="requirement")},
        overrides={
            "bounds": [float_of(floor)] if floor else [],
            "rates": [float_of(inputs[key]) for key in (("mmr_prev", "mmr_n") if floor else NEXT)],
            "whole_rate": {"account": float_of(inputs["mmr_n"])},
            "carried": float_of(inputs.get("cum_prev", 0)),
        },
    )


def _table(case: Case) -> Translation:
    """A position that just reaches each bracket; the first begins at nothing and has no amount."""
    floors, rates = given(case.inputs, FLOORS), given(case.inputs, RATES)
    scene = Scene()
    row = scene.perpetual(scene.asset("COIN", index=1), mark=1)
    named = [f"bracket {number}" for number in range(len(floors))]
    for account, floor in zip(named, floors, strict=True):
        scene.position(row, floor, account=account)
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures={
            "cum": ListFigure(
                figures=tuple(
                    LevelFigure(level="amount", part="requirement", account=account)
                    for account in named
                )
            )
        },
        overrides={
            "bounds": [float_of(floor) for floor in floors if decimal_of(floor)],
            "rates": [float_of(rate) for rate in rates],
            "whole_rate": {
                account: float_of(rate) for account, rate in zip(named, rates, strict=True)
            },
        },
    )
