"""The price sequence once more, one cell at a time on Python floats: no NumPy, no libm."""

import struct

from crossmargin.kernels import coefficients as table


def bits_of(number: float) -> int:
    return struct.unpack("<q", struct.pack("<d", number))[0]


def from_bits(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits & (2**64 - 1)))[0]


def horner(coefficients: tuple[float, ...], variable: float) -> float:
    total = variable * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        total = total * variable + coefficient
    return total


def exp2_fraction(fraction: float) -> float:
    square = fraction * fraction
    above = horner(table.HALF_TANH_ABOVE, square) * fraction
    below = horner(table.HALF_TANH_BELOW, square)
    return (below + above) / (below - above)


def tail_ratio(distance: float) -> float:
    return horner(table.TAIL_ABOVE, distance) / horner(table.TAIL_BELOW, distance)


def price(
    forward: float, strike: float, log_moneyness: float, deviation: float, is_call: bool
) -> float:
    lesser = min(forward, strike)
    half = min(deviation, 200.0)
    second = abs(log_moneyness) + 1e-300
    second = min(second / half if half else float("inf"), 200.0)
    half = half * 0.5
    first = half - second
    second = second + half

    power = max(first * first * -table.HALF_LOG2_E, -1100.0)
    raised = power + (table.WHOLE + table.EXPONENT_BIAS_RAISED)
    gauss = exp2_fraction(power - (raised - (table.WHOLE + table.EXPONENT_BIAS_RAISED)))
    gauss = gauss * from_bits(bits_of(raised) << table.EXPONENT_BITS) * table.LOWER * lesser

    near, far = tail_ratio(abs(first)), tail_ratio(second)
    if first < 0.0:
        otm = max(0.0 - gauss * (-near + far), 0.0)
    else:
        otm = max(lesser - gauss * (near + far), 0.0)
    side = forward if is_call else strike
    return min(otm + (side - lesser), side)
