"""Constants of the fixed sequences, highest degree first, as shortest decimals of the doubles.

Fitted with 40 digits by Remez exchange, the value at zero held exact; `derive_coefficients.py`
among the benchmarks repeats the fit and prints these lines. Greatest relative errors of the exact
ratios: tail 5.6e-17 on 0 <= z <= 40, half tanh 5.4e-18, atanh rest 3.3e-18.
"""

from typing import Final

# N(-z)·exp(z²/2) = ABOVE(z) / BELOW(z). No coefficient is negative, so nothing cancels; at zero
# the quotient is one half exactly.
TAIL_ABOVE: Final = (
    0.3989422804003345,
    10.721749858890492,
    141.09474035995436,
    1176.1286643056294,
    6791.930306463541,
    28082.032177841582,
    83138.95552750515,
    170646.3708367266,
    222521.25316461967,
    143532.6967230852,
)
TAIL_BELOW: Final = (
    1.0,
    26.87544134923893,
    354.6720656424147,
    2974.9928028182053,
    17376.516729295436,
    73285.57907114961,
    224726.02569206984,
    492509.63398996205,
    735604.0950818659,
    674087.5517007367,
    287065.3934461704,
)

# tanh(f·ln 2 / 2) = f·ABOVE(f²) / BELOW(f²), so 2**f = (BELOW + f·ABOVE) / (BELOW - f·ABOVE).
HALF_TANH_ABOVE: Final = (0.023094671423258058, 20.201568505638168, 1513.8488430137486)
HALF_TANH_BELOW: Final = (1.0, 233.17608162400853, 4368.04443694286)

# 2·atanh(s) = 2·s + s·w·REST(w) with w = s².
ATANH_REST: Final = (
    0.1307356354453625,
    0.1327021177134881,
    0.1538617638868099,
    0.18181797056861293,
    0.222222223747854,
    0.28571428570906865,
    0.400000000000006,
    0.6666666666666666,
)

# ln 2 in two parts: the first has 32 significant bits, so its product with an exponent is exact.
LN2_HIGH: Final = 0.6931471803691238
LN2_LOW: Final = 1.9082149292705877e-10
LOG2_E: Final = 1.4426950408889634
HALF_LOG2_E: Final = 0.7213475204444817
INVERSE_SQRT_TWO_PI: Final = 0.3989422804014327

# Adding and taking away 1.5·2**52 rounds to a whole number, ties to even, and leaves that number
# in the lowest bits; 1.5·2**48 rounds to sixteenths in the same way.
WHOLE: Final = 6755399441055744.0
SIXTEENTH: Final = 422212465065984.0

# Powers of two are built 600 binades too high and scaled down at the end, so that a result below
# 2**-1022 is rounded once. 1623 = 600 + 1023, the bias of the exponent field.
EXPONENT_BIAS_RAISED: Final = 1623.0
LOWER: Final = 2.0**-600
EXPONENT_BITS: Final = 52
EXPONENT_BIAS: Final = 1023

# ln: the bits of √½, which cut the binades at √½ and √2; numbers below 2**-1022 are first raised.
SQRT_HALF_BITS: Final = 0x3FE6A09E667F3BCD
NORMAL_MIN: Final = 2.0**-1022
RAISE: Final = 2.0**54
RAISE_BITS: Final = 54
