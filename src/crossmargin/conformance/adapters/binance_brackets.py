"""Binance futures: maintenance margin of stated brackets, and the amounts of a bracket table."""

from dataclasses import replace

from crossmargin.conformance.adapters import binance_orders
from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    CrossingFigure,
    Figure,
    LevelFigure,
    ListFigure,
    NodeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    given,
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
    renamed,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import decimal_of, float_of, negative_of

POSITIONS = inputs_shape(
    "positions[].qty positions[].mark positions[].mmr",
    "positions[].symbol positions[].entry positions[].cum wallet_balance",
)
FLOOR = "bracket_floor_btc bracket_floor_eth bracket_floor bracket_floor_usd bracket_floor_coins"
BRACKET = inputs_shape("mmr_n mmr_prev", f"{FLOOR} cum_prev")
NEXT = ("mmr_n",)
TABLE_WORDS = {
    "floors": """bracket_floors notional_floors notional_floor lower_bounds tier_lower_bounds
        bracket_lower_bounds""",
    "upper_bounds": "bracket_caps notional_caps tier_upper_bounds bracket_upper_bounds",
    "rates": "mmr mmrs maintenance_rates maintenance_margin_rates",
}
TABLE = inputs_shape("", "floors upper_bounds rates brackets notional")
WORDS = {
    "wallet_balance": "wb wallet isolated_wallet margin_balance",
    "other_margin": """tmm_other other_mm mm_other tmm maintenance_margin_others
        maintenance_margin_other other_maintenance_margin tmm1""",
    "other_profit": "upnl_other other_upnl upnl upnl_others upnl1",
    "size": "qty position amount position_size pos",
    "side": "side_1 direction",
    "entry": "entry_price ep",
    "rate": "mmr mm_ratio mm_rate maintenance_margin_rate",
    "amount_off": "cum maintenance_amount cumb",
}
ALONE = inputs_shape(
    "size entry rate", "wallet_balance other_margin other_profit side amount_off mark symbol"
)
ONE = inputs_shape("notional rate", "amount_off")
SOLD = frozenset({"short", "sell", "-1", "-1.0"})
LIQUIDATION_KEYS = ("liquidation_price", "lp", "LP", "liq_price")
TABLE_KEYS = ("brackets", "floors", "upper_bounds")

MARGIN_KEYS = ("mm", "maintenance_margin")
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
    if binance_orders.is_of_orders(case):
        return binance_orders.translate(case)
    if "positions" in case.inputs:
        return nearest_misfit(case, [POSITIONS]) or _positions(case)
    if any(key in LIQUIDATION_KEYS for key in case.expected):
        alone = renamed(_flat(case), WORDS)
        return nearest_misfit(alone, [ALONE]) or _alone(alone)
    table = renamed(case, TABLE_WORDS)
    if any(key in table.inputs for key in TABLE_KEYS):
        needed = () if "brackets" in table.inputs else ("rates",)
        return nearest_misfit(table, [TABLE]) or lacking(table, *needed) or _table(table)
    if "notional" in case.inputs:
        one = renamed(case, WORDS)
        return nearest_misfit(one, [ONE]) or _one(one)
    return nearest_misfit(case, [BRACKET]) or lacking(case, FLOOR) or _bracket(case)


def _flat(case: Case) -> Case:
    """A position that is a table of its own has its figures beside the others."""
    position = case.inputs.get("position")
    if not isinstance(position, dict):
        return case
    beside = {key: value for key, value in case.inputs.items() if key != "position"}
    return replace(case, inputs={**beside, **position})


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
    coin = scene.asset("COIN", index=inputs["entry"])
    row = scene.perpetual(coin, mark=inputs["entry"])
    held = inputs["size"]
    sold = str(inputs.get("side")).lower() in SOLD
    scene.position(row, negative_of(held) if sold and held > 0 else held, entry=inputs["entry"])
    rest = scene.asset("REST", index=1)
    beside = scene.perpetual(rest, mark=1)
    scene.position(beside, 1, profit=inputs.get("other_profit", 0))
    scene.balance("USD", inputs.get("wallet_balance", 0))
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures=dict.fromkeys(LIQUIDATION_KEYS, CrossingFigure(level="maintenance", row=row)),
        overrides={
            "rate": {coin: float_of(inputs["rate"])},
            "amount": {
                coin: float_of(inputs.get("amount_off", 0)),
                rest: float_of(negative_of(inputs.get("other_margin", 0))),
            },
        },
    )


def _one(case: Case) -> Translation:
    """A notional under the rate and the amount of the bracket that it reaches."""
    inputs, scene = case.inputs, Scene()
    coin = scene.asset("COIN", index=1)
    scene.position(scene.perpetual(coin, mark=1), inputs["notional"], entry=1)
    required = LevelFigure(level="maintenance", part="requirement")
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures=dict.fromkeys(MARGIN_KEYS, required),
        overrides={
            "rate": {coin: float_of(inputs["rate"])},
            "amount": {coin: float_of(inputs.get("amount_off", 0))},
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
    """A position that just reaches each bracket; the first begins at nothing and has no amount. A
    notional beside the table pays each bracket's slice.
    """
    inputs = case.inputs
    if "brackets" in inputs:
        floors = [floor for floor, _ in inputs["brackets"]]
        rates = [rate for _, rate in inputs["brackets"]]
    else:
        upper = inputs.get("upper_bounds", [])
        floors, rates = inputs.get("floors", [0, *upper][: len(inputs["rates"])]), inputs["rates"]
    scene = Scene()
    row = scene.perpetual(scene.asset("COIN", index=1), mark=1)
    named = [f"bracket {number}" for number in range(len(floors))]
    for account, floor in zip(named, floors, strict=True):
        scene.position(row, floor, account=account)
    held = [f"notional {number}" for number in range(len(listed(inputs.get("notional", []))))]
    for account, notional in zip(held, listed(inputs.get("notional", [])), strict=True):
        scene.position(row, notional, account=account, entry=1)
    amounts = [LevelFigure(level="amount", part="requirement", account=name) for name in named]
    paid = [NodeFigure(level="amount", node="marginal", account=name) for name in held]
    figures: dict[str, Figure] = {"cum": ListFigure(figures=tuple(amounts))}
    if held:
        several = ListFigure(figures=tuple(paid))
        one = several if isinstance(inputs["notional"], list) else paid[0]
        figures.update(dict.fromkeys(MARGIN_KEYS, one))
    return Translation(
        recipe="maintenance-amounts",
        scene=scene,
        figures=figures,
        overrides={
            "bounds": [float_of(floor) for floor in floors if decimal_of(floor)],
            "rates": [float_of(rate) for rate in rates],
            "whole_rate": {
                account: float_of(rate) for account, rate in zip(named, rates, strict=True)
            },
        },
    )
