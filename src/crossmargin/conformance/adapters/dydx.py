"""dYdX v4: margin of positions in quote quantums, and margin fractions in parts per million."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    Translation,
    TruncatedFigure,
)
from crossmargin.conformance.verdict import Unsupported, needs_action
from crossmargin.wire.units import (
    PPM_OF_ONE,
    at_exponent,
    decimal_of,
    float_of,
    frac_of_ppm,
    in_exponent,
)

ACTIONS = {
    "bankruptcy_quote_amount": "the bankruptcy price of a position",
    "fillable_price": "the fillable price of a liquidation order",
    "insurance_fund_delta": "what a liquidation gives to the insurance fund or takes from it",
}
POSITION_SHAPE = shape(
    """inputs.size_base_quantums inputs.oracle_price_int inputs.oracle_exponent
    inputs.base_atomic_resolution inputs.quote_atomic_resolution
    params.initial_margin_ppm params.maintenance_fraction_ppm""",
    """inputs.open_interest_base_quantums params.custom_imf_ppm
    params.oi_lower_cap_quote_quantums params.oi_upper_cap_quote_quantums
    expected.initial_margin_quote_quantums expected.maintenance_margin_quote_quantums""",
)
NOTIONAL_SHAPE = shape(
    "inputs.position_notional params.initial_margin_ppm expected.initial_margin",
    """inputs.open_interest_notional params.oi_lower_cap params.oi_upper_cap
    params.custom_imf_ppm""",
)
FRACTION_SHAPE = shape(
    "inputs.open_interest_notional params.initial_margin_ppm expected.imf_ppm",
    "params.oi_lower_cap params.oi_upper_cap params.custom_imf_ppm",
)
MAINTENANCE_SHAPE = shape(
    """params.initial_margin_ppm params.maintenance_fraction_ppm
    expected.maintenance_margin_ppm"""
)

INITIAL = LevelFigure(level="initial", part="requirement")
MAINTENANCE = LevelFigure(level="maintenance", part="requirement")
COARSEST_EXPONENT = -6
"""Margins are whole quantums: a tick must be a small part of one."""


def translate(case: Case) -> Translation | Unsupported:
    """One position of one subaccount; what is reported is counted in quote quantums."""
    for key, what in ACTIONS.items():
        if key in case.expected:
            return needs_action(what)
    if "maintenance_margin_ppm" in case.expected:
        return misfit(case, MAINTENANCE_SHAPE) or _maintenance_fraction(case)
    if "imf_ppm" in case.expected:
        return misfit(case, FRACTION_SHAPE) or _initial_of(case, PPM_OF_ONE, "imf_ppm")
    if "initial_margin" in case.expected:
        return misfit(case, NOTIONAL_SHAPE) or _initial_of(
            case, case.inputs["position_notional"], "initial_margin"
        )
    return misfit(case, POSITION_SHAPE) or _position(case)


def _position(case: Case) -> Translation:
    """Contracts are whole coins, the mark is quote quantums a coin."""
    inputs, base = case.inputs, case.inputs["base_atomic_resolution"]
    price = in_exponent(
        at_exponent(inputs["oracle_price_int"], inputs["oracle_exponent"]),
        inputs["quote_atomic_resolution"],
    )
    scene = Scene()
    row = scene.perpetual(
        scene.asset("COIN", index=price),
        mark=price,
        open_interest=at_exponent(inputs.get("open_interest_base_quantums") or 0, base),
    )
    scene.position(row, at_exponent(inputs["size_base_quantums"], base), cost=0)
    return _translated(
        case,
        scene,
        {
            "initial_margin_quote_quantums": INITIAL,
            "maintenance_margin_quote_quantums": MAINTENANCE,
        },
        {
            "maintenance_fraction": frac_of_ppm(case.params["maintenance_fraction_ppm"]),
            "open_interest_lower": float_of(case.params.get("oi_lower_cap_quote_quantums", 0)),
            "open_interest_upper": float_of(case.params.get("oi_upper_cap_quote_quantums", 0)),
        },
    )


def _initial_of(case: Case, notional: int | str, expected: str) -> Translation:
    """The initial margin of a notional; of a million it is the fraction in parts per million."""
    scene = _unit_priced(notional, case.inputs.get("open_interest_notional") or 0)
    return _translated(
        case,
        scene,
        {expected: INITIAL},
        {
            "open_interest_lower": float_of(case.params.get("oi_lower_cap", 0)),
            "open_interest_upper": float_of(case.params.get("oi_upper_cap", 0)),
        },
    )


def _maintenance_fraction(case: Case) -> Translation:
    """What a million needs before it is rounded to whole parts: the protocol cuts the rest off."""
    return Translation(
        recipe="dydx-v4",
        scene=_unit_priced(PPM_OF_ONE, 0),
        figures={"maintenance_margin_ppm": TruncatedFigure(of=MAINTENANCE)},
        overrides={
            "initial_margin": frac_of_ppm(case.params["initial_margin_ppm"]),
            "maintenance_fraction": frac_of_ppm(case.params["maintenance_fraction_ppm"]),
            "open_interest_lower": 0.0,
            "open_interest_upper": 0.0,
        },
    )


def _unit_priced(notional: int | str, open_interest: int | str) -> Scene:
    """A position in a market where one contract is worth one quantum."""
    scene = Scene()
    row = scene.perpetual(
        scene.asset("COIN", index=1), mark=1, open_interest=decimal_of(open_interest)
    )
    scene.position(row, decimal_of(notional), cost=0)
    return scene


def _translated(
    case: Case, scene: Scene, figures: dict[str, Figure], overrides: dict[str, float]
) -> Translation:
    return Translation(
        recipe="dydx-v4",
        scene=scene,
        figures=figures,
        overrides={
            "quantum": 1.0,
            "initial_margin": frac_of_ppm(case.params["initial_margin_ppm"]),
            "user_initial": frac_of_ppm(case.params.get("custom_imf_ppm", 0)),
            **overrides,
        },
        coarsest_exponent=COARSEST_EXPONENT,
        whole_exposures=True,
    )
