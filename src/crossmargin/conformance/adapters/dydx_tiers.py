"""dYdX v4 in the format in which parameters stand among the inputs: margin fractions and margins of
a liquidity tier.
"""

from dataclasses import replace

from crossmargin.conformance.adapters import dydx
from crossmargin.conformance.case import Case
from crossmargin.conformance.translation import Translation
from crossmargin.conformance.vector_reading import inputs_shape, nearest_misfit
from crossmargin.conformance.verdict import Unsupported

CAPS = "oi_lower_cap oi_upper_cap rounding custom_imf_ppm"
FRACTION = inputs_shape("initial_margin_ppm open_interest_notional", CAPS)
INITIAL = inputs_shape("initial_margin_ppm notional_quantums", f"oi open_interest_notional {CAPS}")
MAINTENANCE = inputs_shape("initial_margin_ppm maintenance_fraction_ppm", "rounding")

KNOWN = {
    "adjusted_imf_ppm": (FRACTION, "imf_ppm", ("floor",)),
    "imf_ppm": (FRACTION, "imf_ppm", ("floor",)),
    "initial_margin_quantums": (INITIAL, "initial_margin", ("ceil", "up")),
    "maintenance_margin_ppm": (MAINTENANCE, "maintenance_margin_ppm", ("floor",)),
    "mmf_ppm": (MAINTENANCE, "maintenance_margin_ppm", ("floor",)),
}
"""Expected key -> shape, the figure's name in the other format, how the protocol rounds it."""
INPUTS = {
    "open_interest_notional": "open_interest_notional",
    "oi": "open_interest_notional",
    "notional_quantums": "position_notional",
}
PARAMS = (
    "initial_margin_ppm",
    "maintenance_fraction_ppm",
    "oi_lower_cap",
    "oi_upper_cap",
    "custom_imf_ppm",
)


def translate(case: Case) -> Translation | Unsupported:
    """The same vector in the other format, for the adapter of that."""
    known = [key for key in case.expected if key in KNOWN]
    if len(case.expected) != 1 or not known:
        return nearest_misfit(case, [each for each, _, _ in KNOWN.values()]) or Unsupported(
            reason="unknown keys " + ", ".join(f"expected.{key}" for key in case.expected)
        )
    expected, figure, roundings = KNOWN[known[0]]
    wrong = nearest_misfit(case, [expected])
    if wrong is not None:
        return wrong
    if case.inputs.get("rounding", roundings[0]) not in roundings:
        return Unsupported(reason=f"inputs.rounding is {case.inputs['rounding']!r} for {figure}")
    same = replace(
        case,
        inputs={INPUTS[key]: value for key, value in case.inputs.items() if key in INPUTS},
        params={key: case.inputs[key] for key in PARAMS if key in case.inputs},
        expected={figure: case.expected[known[0]]},
    )
    found = dydx.translate(same)
    if isinstance(found, Unsupported):
        return found
    return replace(found, figures={known[0]: found.figures[figure]})
