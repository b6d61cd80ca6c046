"""Derive's standard margin: several markets in one subaccount, each with its own feeds."""

from collections.abc import Mapping
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.conformance.adapters.derive_portfolio import (
    CASH,
    OPTION,
    PERPETUAL,
    paths,
    perpetual_row,
    right_of_flag,
)
from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    Translation,
    TruncatedFigure,
    WorthFigure,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.asset import AssetClass

PARAMETERS = {
    "mm_perp": "perpetual_maintenance",
    "im_perp": "perpetual_initial",
    "max_spot_req": "option_larger",
    "min_spot_req": "option_smaller",
    "mm_call_spot_req": "call_maintenance",
    "mm_put_spot_req": "put_maintenance",
    "mm_put_mtm_req": "put_mark_maintenance",
    "unpaired_im_scale": "unpaired_initial",
    "unpaired_mm_scale": "unpaired_maintenance",
    "mm_offset_scale": "put_offset",
    "oc_perp_threshold": "perpetual_confidence_below",
    "oc_option_threshold": "option_confidence_below",
    "oc_base_threshold": "base_confidence_below",
    "oc_factor": "confidence_factor",
    "depeg_threshold": "depeg_below",
    "depeg_factor": "depeg_factor",
    "base_margin_factor": "base_maintenance",
    "base_im_scale": "base_initial_scale",
}

EXPIRY = "seconds_to_expiry forward forward_confidence vol_confidence"

SHAPE = shape(
    " ".join(
        [
            "inputs.cash inputs.stable_price",
            paths("inputs.markets[]", "name spot spot_confidence base"),
            paths("inputs.markets[].perp", PERPETUAL),
            paths("inputs.markets[].expiries[]", EXPIRY),
            paths("inputs.markets[].options[]", OPTION),
            paths("params", " ".join(PARAMETERS)),
        ]
    ),
    "expected.im expected.mm expected.im_truncated expected.mm_truncated expected.mark_to_market",
)

FIGURES: Mapping[str, Figure] = {
    "im": LevelFigure(level="initial"),
    "mm": LevelFigure(level="maintenance"),
    "im_truncated": TruncatedFigure(of=LevelFigure(level="initial")),
    "mm_truncated": TruncatedFigure(of=LevelFigure(level="maintenance")),
    "mark_to_market": WorthFigure(),
}


def translate(case: Case) -> Translation | Unsupported:
    """Both margins, and what the account would leave if all were closed at its mark."""
    wrong = misfit(case, SHAPE)
    if wrong is not None:
        return wrong
    scene = Scene()
    scene.asset(CASH, asset_class=AssetClass.STABLECOIN, index=case.inputs["stable_price"])
    scene.balance(CASH, case.inputs["cash"])
    for i, market in enumerate(case.inputs["markets"]):
        _market(scene, market, f"inputs.markets[{i}]")
    return Translation(
        recipe="derive-srm",
        scene=scene,
        overrides={name: case.params[key] for key, name in PARAMETERS.items()},
        figures=FIGURES,
    )


def _market(scene: Scene, market: Mapping[str, Any], where: str) -> None:
    name = market["name"]
    if name in scene.assets:
        message = f"{name} is there already"
        raise InputRefused([Failure(Reason.DUPLICATE, f"{where}.name", message)])
    scene.asset(name, index=market["spot"], confidence=market["spot_confidence"])
    scene.balance(name, market["base"])
    perpetual_row(scene, market["perp"], name)
    expiries = {each["seconds_to_expiry"]: each for each in market["expiries"]}
    for i, each in enumerate(market["options"]):
        seconds = each["seconds_to_expiry"]
        if seconds not in expiries:
            message = f"no expiry of {seconds} seconds is given"
            place = f"{where}.options[{i}].seconds_to_expiry"
            raise InputRefused([Failure(Reason.MISSING_DATA, place, message)])
        expiry = expiries[seconds]
        row = scene.option(
            name,
            seconds=seconds,
            strike=each["strike"],
            right=right_of_flag(each["call"], f"{where}.options[{i}].call"),
            settle=CASH,
            vol=each["vol"],
            forward=expiry["forward"],
        )
        for figure in ("forward_confidence", "vol_confidence"):
            scene.figure(figure, row, expiry[figure])
        scene.position(row, each["amount"])
