"""ISDA SIMM: stated sensitivities of one risk class, one stated vega, and add-ons."""

from collections.abc import Mapping
from typing import Any

from crossmargin.conformance.adapters.simm_tables import Factor, factors_of, pairs_of, stated_for
from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import Figure, LevelFigure, NodeFigure, Translation
from crossmargin.conformance.vector_reading import (
    COIN,
    inputs_shape,
    nearest_misfit,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.instrument import Right
from crossmargin.wire.units import at_exponent, float_of, seconds_of_days

SENSITIVITY = "sensitivities[].bucket sensitivities[].product_class sensitivities[].group"
THRESHOLD = "concentration_threshold_usd"
TABLES = f"intra_bucket_correlation.* inter_bucket_correlation.* {THRESHOLD}.*"
DELTA = inputs_shape(
    "risk_class sensitivities[].qualifier sensitivities[].amount risk_weight.*",
    f"{SENSITIVITY} {TABLES} holding_period_days calculation_currency",
)
VEGA = inputs_shape(
    "amount_vega tenor_days risk_weight_delta hvr vega_risk_weight",
    "risk_class qualifier product_class bucket tenor sigma scaling lambda_ vega_threshold_usd",
)
RULES = {
    "sigma": r"RW\*sqrt\(365/14\)/PHIinv\(0\.99\)( in vol points)?",
    "scaling": r"0\.5\*min\(1, ?14/days\)",
    "lambda_": r"\(PHIinv\(0\.995\)\^2-1\)\*\(1\+theta\)-theta",
}
CLASSES = frozenset({"equity", "commodity", "fx"})
"""Risk classes of which a sensitivity is the change of value for 1 % of one price."""
WITHOUT_LIMIT = 1e15
STATED_VEGA = "stated_vega"

INITIAL = LevelFigure(level="initial", part="requirement")


def translate(case: Case) -> Translation | Unsupported:
    """Under `isda-simm`, with the weights and correlations of the vector."""
    if "sensitivities" in case.inputs:
        return nearest_misfit(case, [DELTA]) or _delta(case)
    if "amount_vega" in case.inputs:
        return nearest_misfit(case, [VEGA]) or unknown_rule(case, RULES) or _vega(case)
    lists = [key for key in case.expected if isinstance(case.inputs.get(key), list)]
    if lists:
        return nearest_misfit(case, [inputs_shape(" ".join(lists))]) or _addon(case, lists)
    return nearest_misfit(case, [DELTA, VEGA]) or Unsupported(reason="states nothing to margin")


def _delta(case: Case) -> Translation | Unsupported:
    """Each sensitivity a position of as many dollars that 1 % of it is the stated amount."""
    inputs, scene = case.inputs, Scene()
    if str(inputs["risk_class"]).lower() not in CLASSES:
        reason = f"inputs.risk_class {inputs['risk_class']!r} is none that moves by one price each"
        return Unsupported(reason=reason)
    own = factors_of(inputs)
    scene.account()
    for factor in own:
        row = scene.perpetual(scene.asset(factor.code, index=1), mark=1)
        for amount in factor.amounts:
            scene.position(row, at_exponent(amount, 2), entry=1)
    return Translation(
        recipe="isda-simm",
        scene=scene,
        figures={
            "delta_margin": NodeFigure(level="initial", node="delta"),
            "total": INITIAL,
            "im": INITIAL,
        },
        overrides={
            "product_class": {each.code: each.silo for each in own},
            "bucket": {each.code: each.bucket for each in own},
            "kind": {each.code: each.kind for each in own},
            "weight": _by_factor(inputs, "risk_weight", own),
            "threshold": _by_factor(inputs, THRESHOLD, own)
            if inputs.get(THRESHOLD)
            else _free(own),
            "inside": pairs_of(_inside(inputs), own, inside=True),
            "between": pairs_of(inputs.get("inter_bucket_correlation", {}), own, inside=False),
        },
    )


def _inside(inputs: Mapping[str, Any]) -> Any:
    """Groups of currencies share one bucket, also where a table has them as buckets."""
    intra = inputs.get("intra_bucket_correlation", {})
    inter = inputs.get("inter_bucket_correlation", {})
    foreign = str(inputs["risk_class"]).lower() == "fx"
    tables = isinstance(intra, Mapping) and isinstance(inter, Mapping)
    return {**inter, **intra} if foreign and tables else intra


def _by_factor(inputs: Mapping[str, Any], key: str, own: list[Factor]) -> dict[str, float]:
    return {each.code: stated_for(inputs[key], each, f"inputs.{key}") for each in own}


def _free(own: list[Factor]) -> dict[str, float]:
    return {each.code: WITHOUT_LIMIT for each in own}


def _vega(case: Case) -> Translation:
    """An option of the tenor, of which the vega is stated and the delta is none."""
    inputs, scene = case.inputs, Scene()
    coin = scene.asset(COIN, index=1)
    row = scene.option(
        coin,
        seconds=seconds_of_days(inputs["tenor_days"]),
        strike=1,
        right=Right.CALL,
        forward=1,
        vol=1,
        rate=0,
    )
    scene.figure(STATED_VEGA, row, 1)
    scene.position(row, at_exponent(inputs["amount_vega"], 2), entry=1)
    limit = inputs.get("vega_threshold_usd", WITHOUT_LIMIT)
    figures: dict[str, Figure] = {
        "total": INITIAL,
        "vega_margin": NodeFigure(level="initial", node="vega"),
        "curvature_margin": NodeFigure(level="initial", node="curvature"),
    }
    return Translation(
        recipe="isda-simm",
        scene=scene,
        figures=figures,
        overrides={
            "weight": {coin: float_of(inputs["risk_weight_delta"])},
            "vol_ratio": {coin: float_of(inputs["hvr"])},
            "vega_weight": {coin: float_of(inputs["vega_risk_weight"])},
            "vega_threshold": {coin: float_of(limit)},
        },
        definitions={"delta": stated(0.0)},
        stated_fields={"vega": STATED_VEGA, "curvature": STATED_VEGA},
    )


def _addon(case: Case, lists: list[str]) -> Translation:
    """An account for each list: of notionals with factors, or of fixed amounts."""
    scene = Scene()
    shares: dict[str, float] = {}
    fixed: dict[str, float] = {}
    for key in lists:
        for number, entry in enumerate(case.inputs[key]):
            coin = scene.asset(f"{key} {number}", index=1)
            row = scene.perpetual(coin, mark=1)
            if isinstance(entry, list):
                notional, factor = entry
                shares[coin] = float_of(factor)
            else:
                notional = 1
                fixed[coin] = float_of(entry)
            scene.position(row, notional, entry=1, account=scene.account(key))
    return Translation(
        recipe="isda-simm",
        scene=scene,
        figures={key: NodeFigure(level="initial", node="addon", account=key) for key in lists},
        overrides={"addon_share": shares, "addon_fixed": fixed},
    )
