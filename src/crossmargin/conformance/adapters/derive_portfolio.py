"""What the vectors of Derive's two portfolio margins share: one underlying, settled in dollars."""

from collections.abc import Mapping
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import flag
from crossmargin.domain.asset import AssetClass
from crossmargin.domain.instrument import Right

BASE = "BASE"
CASH = "USDC"

PERPETUAL = "position mark_price confidence unrealised_pnl unrealised_funding"
OPTION = "seconds_to_expiry strike call amount vol"
EXPIRY = """
    seconds_to_expiry forward_fixed_part forward_variable_part forward_confidence rate
    rate_confidence vol_confidence
"""


def paths(at: str, keys: str) -> str:
    """Each key of a text of keys, below `at`."""
    return " ".join(f"{at}.{key}" for key in keys.split())


PORTFOLIO = " ".join(
    [
        "inputs.cash inputs.stable_price inputs.spot inputs.spot_confidence",
        paths("inputs.perp", PERPETUAL),
        paths("inputs.expiries[]", EXPIRY),
        paths("inputs.options[]", OPTION),
    ]
)


def started(case: Case) -> Scene:
    """The underlying at its spot price, and the account's cash, which is worth the stable price."""
    scene = Scene()
    inputs = case.inputs
    scene.asset(BASE, index=inputs["spot"], confidence=inputs["spot_confidence"])
    scene.asset(CASH, asset_class=AssetClass.STABLECOIN, index=inputs["stable_price"])
    scene.balance(CASH, inputs["cash"])
    return scene


def perpetual_row(scene: Scene, perpetual: Mapping[str, Any], underlying: str = BASE) -> None:
    """The perpetual of the underlying and what it has earned."""
    row = scene.perpetual(underlying, settle=CASH, mark=perpetual["mark_price"])
    scene.figure("perpetual_confidence", row, perpetual["confidence"])
    scene.position(
        row,
        perpetual["position"],
        profit=perpetual["unrealised_pnl"],
        funding=perpetual["unrealised_funding"],
    )


def right_of_flag(call: Any, where: str) -> Right:
    """Call or put as the vectors say it: true or false."""
    return Right.CALL if flag(call, where) else Right.PUT


def option_rows(scene: Scene, case: Case) -> None:
    """The options, each with the figures of its expiry."""
    expiries = {each["seconds_to_expiry"]: each for each in case.inputs["expiries"]}
    for i, each in enumerate(case.inputs["options"]):
        seconds = each["seconds_to_expiry"]
        if seconds not in expiries:
            message = f"no expiry of {seconds} seconds is given"
            where = f"inputs.options[{i}].seconds_to_expiry"
            raise InputRefused([Failure(Reason.MISSING_DATA, where, message)])
        expiry = expiries[seconds]
        row = scene.option(
            BASE,
            seconds=seconds,
            strike=each["strike"],
            right=right_of_flag(each["call"], f"inputs.options[{i}].call"),
            settle=CASH,
            vol=each["vol"],
            rate=expiry["rate"],
            forward=expiry["forward_variable_part"],
            forward_settled=expiry["forward_fixed_part"],
        )
        for name in ("forward_confidence", "rate_confidence", "vol_confidence"):
            scene.figure(name, row, expiry[name])
        scene.position(row, each["amount"])
