"""Binance futures: maintenance margin of stated brackets, and the amounts of a bracket table."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    ListFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import given, inputs_shape, lacking, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import decimal_of, float_of

POSITIONS = inputs_shape(
    "positions[].qty positions[].mark positions[].mmr",
    "positions[].symbol positions[].entry positions[].cum wallet_balance",
)
FLOOR = "bracket_floor_btc bracket_floor_eth bracket_floor bracket_floor_usd bracket_floor_coins"
BRACKET = inputs_shape("mmr_n mmr_prev", f"{FLOOR} cum_prev")
FLOORS = "bracket_floors floors notional_floors"
RATES = "mmr rates maintenance_rates"
TABLE = inputs_shape("", f"{FLOORS} {RATES}")

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
    if "positions" in case.inputs:
        return nearest_misfit(case, [POSITIONS]) or _positions(case)
    if given(case.inputs, FLOORS) is not None:
        return nearest_misfit(case, [TABLE]) or lacking(case, RATES) or _table(case)
    return nearest_misfit(case, [BRACKET]) or lacking(case, FLOOR) or _bracket(case)


def _positions(case: Case) -> Translation:
    """Each position in an account of its own, and all of them in one."""
    scene = Scene()
    rate, amount, names = {}, {}, []
    for number, each in enumerate(case.inputs["positions"]):
        coin = scene.asset(f"COIN{number}", index=each["mark"])
        row = scene.perpetual(coin, mark=each["mark"])
        names.append(f"only {coin}")
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
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures=figures,
        overrides={"rate": rate, "amount": amount},
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
            "bounds": [float_of(floor)],
            "rates": [float_of(inputs["mmr_prev"]), float_of(inputs["mmr_n"])],
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
