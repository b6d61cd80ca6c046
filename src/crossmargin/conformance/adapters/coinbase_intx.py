"""Coinbase International: margin fractions of one position, and what a coin counts for."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    LevelFigure,
    NodeFigure,
    ShareFigure,
    SizeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.rulebook.amount import Amount
from crossmargin.wire.units import float_of

BASE = "im bim base_im base_initial"
PARAMETER = "rp risk_parameter"
HORIZON = "coh close_out_horizon close_out_horizon_days close_out_days"
SHARE = "participation volume_share adv_share percent_of_adv"
POSITION = inputs_shape(
    "", f"{BASE} {PARAMETER} {HORIZON} size adv {SHARE} mm_ratio close_out_rule"
)
AMOUNTS = "notional value amount"
COLLATERAL = inputs_shape("weight", f"{AMOUNTS} cap account_cap exchange_cap")
RULES = {"close_out_rule": r"max\(IM/3, MM-12 %\)"}
WITHOUT_CAP = 1e15


def translate(case: Case) -> Translation | Unsupported:
    """A position whose notional is the days it takes to close, or a balance at one dollar a coin:
    `coinbase-international`.
    """
    if "weight" in case.inputs:
        return nearest_misfit(case, [COLLATERAL]) or lacking(case, AMOUNTS) or _collateral(case)
    return (
        nearest_misfit(case, [POSITION])
        or unknown_rule(case, RULES)
        or lacking(case, f"{BASE} {PARAMETER}", *(("adv", SHARE) if "size" in case.inputs else ()))
        or _position(case)
    )


def _position(case: Case) -> Translation:
    """Without a size, a day's volume of one, all of which may be traded: the notional is the
    horizon.
    """
    inputs, scene = case.inputs, Scene()
    sized = "size" in inputs
    coin = scene.asset(COIN, index=1, adv=inputs["adv"] if sized else 1)
    row = scene.perpetual(coin, mark=1)
    days = inputs["size"] if sized else given(inputs, HORIZON)
    scene.position(row, 1 if days is None else days, entry=1)
    parameter, base = given(inputs, PARAMETER), given(inputs, BASE)
    size = SizeFigure(amount=Amount.ABS_NET, of="notional")
    initial = NodeFigure(level="maintenance", node="positions_initial")
    overrides: dict[str, Any] = {
        "base_initial": {coin: 0.0 if base is None else float_of(base)},
        "risk_parameter": {coin: 0.0 if parameter is None else float_of(parameter)},
        "volume_share": float_of(given(inputs, SHARE)) if sized else 1.0,
    }
    if "mm_ratio" in inputs:
        overrides["maintenance_share"] = float_of(inputs["mm_ratio"])
    return Translation(
        recipe="coinbase-international",
        scene=scene,
        figures={
            "im": ShareFigure(of=initial, base=size),
            "mm": ShareFigure(of=LevelFigure(level="maintenance", part="requirement"), base=size),
            "close_out": ShareFigure(
                of=LevelFigure(level="close_out", part="requirement"), base=size
            ),
        },
        overrides=overrides,
    )


def _collateral(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    coin = scene.asset(COIN, index=1, adv=1)
    scene.balance(coin, given(inputs, AMOUNTS))
    caps = [float_of(each) for each in listed(given(inputs, "account_cap cap") or WITHOUT_CAP)]
    limit = inputs.get("exchange_cap", WITHOUT_CAP)
    return Translation(
        recipe="coinbase-international",
        scene=scene,
        figures={"collateral_value": LevelFigure(level="maintenance", part="equity")},
        overrides={
            "weight": {coin: float_of(inputs["weight"])},
            "account_cap": {coin: caps[0]},
            "exchange_limit": {coin: float_of(limit)},
            "base_initial": {coin: 1.0},
            "risk_parameter": {coin: 0.0},
            "volume_share": 1.0,
        },
    )
