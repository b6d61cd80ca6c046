"""Opyn Gamma: vaults that cover their largest loss, and naked margin vaults."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    CurrencyFigure,
    Figure,
    LevelFigure,
    Translation,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.instrument import Right
from crossmargin.wire.units import decimal_of, float_of, negative_of, seconds_of_days

TABLE = "upper_bound_table_days_to_value"
COVERED = shape(
    "inputs.option_type inputs.collateral params.collateral_asset",
    """inputs.short.amount! inputs.short.strike! inputs.long.amount! inputs.long.strike!
    params.settlement expected.excess_collateral expected.required""",
)
NAKED = shape(
    f"""inputs.option_type inputs.amount inputs.strike inputs.spot inputs.days_to_expiry
    params.spot_shock params.{TABLE}.*""",
    "inputs.collateral expected.required expected.asset expected.excess_collateral",
)

COIN, MONEY = "WETH", "USDC"
KNOWN_ASSETS = {Right.PUT: (MONEY,), Right.CALL: (COIN, "underlying")}
BEFORE_EXPIRY = "european, before expiry"
DAYS_TO_EXPIRY = 30
"""Of a vault that covers its largest loss: any term will do, the rule does not read it."""

FIGURES: dict[str, Figure] = {
    "required": LevelFigure(level="collateral", part="requirement"),
    "excess_collateral": LevelFigure(level="collateral", part="buffer"),
    "asset": CurrencyFigure(),
}


def translate(case: Case) -> Translation | Unsupported:
    """A put vault is reported in money, a call vault in coins."""
    if case.inputs.get("option_type") not in ("put", "call"):
        return Unsupported(reason="inputs.option_type is neither put nor call")
    if "days_to_expiry" in case.inputs:
        return misfit(case, NAKED) or _naked(case)
    return misfit(case, COVERED) or _covered(case)


def _covered(case: Case) -> Translation | Unsupported:
    right = Right(case.inputs["option_type"])
    if case.params["collateral_asset"] not in KNOWN_ASSETS[right]:
        return Unsupported(
            reason=f"a {right.value} vault with {case.params['collateral_asset']!r} as collateral"
        )
    if case.params.get("settlement", BEFORE_EXPIRY) != BEFORE_EXPIRY:
        return Unsupported(reason=f"settlement {case.params['settlement']!r} is not known")
    scene, settle = _vault(case, right, spot=1)
    for side, key in ((negative_of, "short"), (float_of, "long")):
        option = case.inputs.get(key)
        if option is not None:
            row = _option(scene, right, option["strike"], DAYS_TO_EXPIRY)
            scene.position(row, side(option["amount"]))
    return Translation(recipe="opyn-gamma", scene=scene, figures=FIGURES, reporting=settle)


def _naked(case: Case) -> Translation:
    inputs, table = case.inputs, case.params[TABLE]
    right = Right(inputs["option_type"])
    scene, settle = _vault(case, right, spot=inputs["spot"])
    row = _option(scene, right, inputs["strike"], inputs["days_to_expiry"], inputs["spot"])
    scene.position(row, negative_of(inputs["amount"]))
    days = sorted(table, key=float_of)
    return Translation(
        recipe="opyn-gamma-naked",
        scene=scene,
        figures=FIGURES,
        overrides={
            "spot_shock": float_of(case.params["spot_shock"]),
            "bound_days": [float_of(day) for day in days],
            "bound_values": [float_of(table[day]) for day in days],
        },
        reporting=settle,
    )


def _vault(case: Case, right: Right, spot: float) -> tuple[Scene, str]:
    scene = Scene()
    scene.asset(MONEY, index=1)
    scene.asset(COIN, index=spot)
    settle = COIN if right is Right.CALL else MONEY
    scene.account()
    if "collateral" in case.inputs:
        scene.balance(settle, case.inputs["collateral"])
    return scene, settle


def _option(scene: Scene, right: Right, strike: Any, days: Any, spot: float | None = None) -> str:
    return scene.option(
        COIN,
        seconds=seconds_of_days(days),
        strike=decimal_of(strike),
        right=right,
        quote=MONEY,
        settle=COIN if right is Right.CALL else MONEY,
        inverse=right is Right.CALL,
        forward=spot,
    )
