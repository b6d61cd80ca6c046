// Prices and Greeks of rows of options, a whole vector of scenarios at a time.
#pragma once

#include "fixed_sequence.hpp"
#include "kernels.hpp"

namespace {

using crossmargin::Column;
using crossmargin::Flags;
using crossmargin::Greeks;
using crossmargin::Options;

constexpr double INFINITE_DECAY = __builtin_inf();

// `count` cells from `cell` on; the lanes beyond repeat the first, which is always there.
inline Lanes cells(const Column& column, int64_t row, int64_t cell, int count) {
    const double* from = column.data + row * column.row_stride;
    if (column.cell_stride == 0) return broadcast(*from);
    if (count == LANES) return load(from + cell);
    Lanes found = broadcast(from[cell]);
    for (int lane = 1; lane < count; ++lane) found[lane] = from[cell + lane];
    return found;
}

inline Bits flags(const Flags& column, int64_t row, int64_t cell, int count) {
    const uint8_t* from = column.data + row * column.row_stride;
    Bits found = {};
    if (column.cell_stride == 0) return broadcast_bits(-int64_t(*from != 0));
    for (int lane = 0; lane < count; ++lane) found[lane] = -int64_t(from[cell + lane] != 0);
    return found;
}

inline void put(double* to, Lanes value, int count) {
    if (count == LANES) {
        store(to, value);
    } else {
        for (int lane = 0; lane < count; ++lane) to[lane] = value[lane];
    }
}

inline bool none(Bits mask) {
    int64_t any = 0;
    for (int lane = 0; lane < LANES; ++lane) any |= mask[lane];
    return any == 0;
}

bool prices(const Options& options, int64_t first, int64_t last, double* out) {
    const int64_t width = options.cells_per_row;
    Bits negative = {};
    for (int64_t row = first; row < last; ++row) {
        for (int64_t cell = 0; cell < width; cell += LANES) {
            const int count = int(width - cell < LANES ? width - cell : LANES);
            const Lanes forward = cells(options.forward, row, cell, count);
            const Lanes strike = cells(options.strike, row, cell, count);
            const Lanes deviation = cells(options.deviation, row, cell, count);
            negative |= (forward < 0.0) | (strike < 0.0) | (deviation < 0.0);
            put(out + row * width + cell,
                black_price(forward, strike, cells(options.log_moneyness, row, cell, count), deviation,
                            flags(options.is_call, row, cell, count)),
                count);
        }
    }
    return none(negative);
}

bool greeks(const Options& options, int64_t first, int64_t last, Greeks out) {
    const int64_t width = options.cells_per_row;
    Bits negative = {};
    for (int64_t row = first; row < last; ++row) {
        for (int64_t cell = 0; cell < width; cell += LANES) {
            const int count = int(width - cell < LANES ? width - cell : LANES);
            const Lanes forward = cells(options.forward, row, cell, count);
            const Lanes strike = cells(options.strike, row, cell, count);
            const Lanes deviation = cells(options.deviation, row, cell, count);
            const Lanes years = cells(options.years, row, cell, count);
            const Bits is_call = flags(options.is_call, row, cell, count);
            negative |= (forward < 0.0) | (strike < 0.0) | (deviation < 0.0) | (years < 0.0);

            const Lanes spread = lesser(broadcast(200.0), deviation);
            const Lanes moneyness = cells(options.log_moneyness, row, cell, count);
            const Lanes number = moneyness / greater(broadcast(1e-300), spread) + 0.5 * spread;
            const Lanes sign = is_call ? broadcast(1.0) : broadcast(-1.0);
            const Lanes density = gauss(number) * INVERSE_SQRT_TWO_PI;
            const Lanes weight = forward * density;
            const Bits nothing = density == 0.0;
            Lanes root = years;
            for (int lane = 0; lane < LANES; ++lane) root[lane] = __builtin_sqrt(years[lane]);
            const Lanes decay = weight * spread / (2.0 * years);
            const Bits at_once = (years == 0.0) & (weight > 0.0);
            const Lanes theta = at_once ? broadcast(INFINITE_DECAY) : decay;

            const int64_t at = row * width + cell;
            put(out.delta + at, sign * normal_cdf(sign * number), count);
            put(out.gamma + at, nothing ? Lanes{} : density / (forward * spread), count);
            put(out.vega + at, weight * root, count);
            put(out.theta + at, -(nothing ? Lanes{} : theta), count);
        }
    }
    return none(negative);
}

}  // namespace
