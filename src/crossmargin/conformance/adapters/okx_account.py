"""OKX: coins after marginal discount rates, and the historic margin of a short option."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    ListFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    given,
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
    right_of,
    tiers,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, negative_of, seconds_of_days

AMOUNTS = "usd amount value notional"
BOUNDS = "bounds tier_upper_bounds"
RATES = "rates ratios discount_rates"
FORWARDS = "futures_mark underlying index"
MARKS = "mark_coins mark"
OPTION = inputs_shape(
    "strike multiplier contracts",
    f"type right option_type {FORWARDS} {MARKS} days_to_expiry",
)
COIN = "BTC"


def translate(case: Case) -> Translation | Unsupported:
    """One short option, or amounts under one table or several: `okx-multi-currency`."""
    if "strike" in case.inputs:
        return nearest_misfit(case, [OPTION]) or lacking(case, FORWARDS, MARKS) or _option(case)
    tables = [key for key, value in case.inputs.items() if isinstance(value, dict)]
    inner = " ".join(f"{key}.{name}" for key in tables for name in ("bounds", "rates"))
    several = inputs_shape(inner, AMOUNTS)
    alone = inputs_shape("", f"{AMOUNTS} {BOUNDS} {RATES}")
    needed = (AMOUNTS,) if tables else (AMOUNTS, BOUNDS, RATES)
    return (
        nearest_misfit(case, [several] if tables else [alone])
        or lacking(case, *needed)
        or _discounted(case, tables)
    )


def _discounted(case: Case, tables: list[str]) -> Translation:
    """An asset of its own for each table, an account of its own for each amount."""
    inputs = case.inputs
    amounts = given(inputs, AMOUNTS)
    scene = Scene()
    bounds, rates, figures = {}, {}, {}
    for key in tables or list(case.expected):
        table = inputs[key] if tables else inputs
        code = scene.asset(f"COIN-{key}", index=1)
        bound, rate = tiers(given(table, BOUNDS), given(table, RATES))
        bounds[code] = [float_of(each) for each in bound]
        rates[code] = [float_of(each) for each in rate]
        figures[key] = _credits(scene, code, amounts)
    return Translation(
        recipe="okx-multi-currency",
        scene=scene,
        figures=figures,
        overrides={"discount_bounds": bounds, "discount_rates": rates},
    )


def _credits(scene: Scene, code: str, amounts: Any) -> Figure:
    found = []
    for number, amount in enumerate(listed(amounts)):
        account = f"{code} {number}"
        scene.balance(code, amount, account=account)
        found.append(LevelFigure(level="maintenance", part="equity", account=account))
    return ListFigure(figures=tuple(found)) if isinstance(amounts, list) else found[0]


def _option(case: Case) -> Translation:
    """Settled in coin; contracts are sold unless they are stated as negative already."""
    inputs = case.inputs
    forward = given(inputs, FORWARDS)
    scene = Scene()
    coin = scene.asset(COIN, index=forward)
    row = scene.option(
        coin,
        seconds=seconds_of_days(inputs.get("days_to_expiry", 30)),
        strike=inputs["strike"],
        right=right_of(case),
        settle=coin,
        inverse=True,
        contract_size=inputs["multiplier"],
        forward=forward,
        mark=given(inputs, MARKS),
    )
    contracts = inputs["contracts"]
    scene.position(row, contracts if contracts < 0 else negative_of(contracts))
    required = LevelFigure(level="maintenance", part="requirement")
    return Translation(
        recipe="okx-multi-currency",
        scene=scene,
        figures={"position_margin_coins": required},
        reporting=coin,
    )
