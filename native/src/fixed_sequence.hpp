// The fixed sequences of crossmargin/kernels/normal.py and black.py, line by line on whole vectors.
#pragma once

#include "coefficients.hpp"
#include "lanes.hpp"

namespace {

template <int COUNT>
inline Lanes polynomial(const double (&coefficients)[COUNT], Lanes variable) {
    Lanes total = coefficients[0] == 1.0 ? variable + coefficients[1]
                                         : variable * coefficients[0] + coefficients[1];
#pragma GCC unroll 16
    for (int k = 2; k < COUNT; ++k) total = total * variable + coefficients[k];
    return total;
}

// 2**fraction, |fraction| <= 1/2.
inline Lanes exp2_fraction(Lanes fraction) {
    const Lanes square = fraction * fraction;
    const Lanes above = polynomial(HALF_TANH_ABOVE, square) * fraction;
    const Lanes below = polynomial(HALF_TANH_BELOW, square);
    return (below + above) / (below - above);
}

// 2**(n + 600) from 1.5 * 2**52 + n + 1623.
inline Lanes raised_power(Lanes raised) { return (Lanes)((Bits)raised << EXPONENT_BITS); }

// N(-distance) * exp(distance**2 / 2), 0 <= distance.
inline Lanes tail_ratio(Lanes distance) {
    return polynomial(TAIL_ABOVE, distance) / polynomial(TAIL_BELOW, distance);
}

// exp(-distance**2 / 2) * 2**600, 0 <= distance <= 40.
inline Lanes raised_gauss(Lanes distance) {
    Lanes coarse = (distance + SIXTEENTH) - SIXTEENTH;
    const Lanes rest = (coarse - distance) * (coarse + distance) * 0.5;
    coarse = coarse * coarse;
    coarse = coarse * -0.5;
    const Lanes raised = (coarse + rest) * LOG2_E + (WHOLE + EXPONENT_BIAS_RAISED);
    const Lanes whole = raised - (WHOLE + EXPONENT_BIAS_RAISED);
    coarse = coarse - whole * LN2_HIGH;
    coarse = coarse - whole * LN2_LOW;
    coarse = coarse + rest;
    coarse = coarse * LOG2_E;
    return exp2_fraction(coarse) * raised_power(raised);
}

inline Lanes gauss(Lanes number) {
    return raised_gauss(lesser(broadcast(40.0), absolute(number))) * LOWER;
}

inline Lanes normal_cdf(Lanes number) {
    const Lanes distance = lesser(broadcast(40.0), absolute(number));
    const Lanes tail = tail_ratio(distance) * raised_gauss(distance) * LOWER;
    return number > 0.0 ? 1.0 - tail : tail;
}

// Undiscounted Black-76; the comments of black.py say why each step is as it is.
inline Lanes black_price(Lanes forward, Lanes strike, Lanes log_moneyness, Lanes deviation, Bits is_call) {
    Lanes low = lesser(forward, strike);
    low = forward == forward ? low : forward;
    const Lanes spread = lesser(broadcast(200.0), deviation);
    Lanes second = absolute(log_moneyness) + 1e-300;
    second = lesser(broadcast(200.0), second / spread);
    const Lanes half = spread * 0.5;
    const Lanes first = half - second;
    second = second + half;

    Lanes power = first * first * -HALF_LOG2_E;
    power = greater(broadcast(-1100.0), power);
    const Lanes raised = power + (WHOLE + EXPONENT_BIAS_RAISED);
    Lanes bell = exp2_fraction(power - (raised - (WHOLE + EXPONENT_BIAS_RAISED)));
    bell = bell * raised_power(raised);
    bell = bell * LOWER;
    bell = bell * low;

    const Bits sign = (Bits)first & broadcast_bits(SIGN_BIT);
    Lanes ratio = (Lanes)((Bits)tail_ratio(absolute(first)) ^ sign);
    ratio = ratio + tail_ratio(second);
    Lanes otm = greater(Lanes{}, (Lanes)((Bits)low ^ sign)) - bell * ratio;
    otm = greater(Lanes{}, otm);
    const Lanes side = is_call ? forward : strike;
    return lesser(side, otm + (side - low));
}

}  // namespace
