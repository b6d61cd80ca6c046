// Scans with a shape: groups netted, shaped in the first cache, added up to outer groups, measured.
#pragma once

#include "accumulate.hpp"
#include "lowest.hpp"

namespace {

using crossmargin::NetGross;
using crossmargin::ShapedPart;
using crossmargin::ShapedPassed;
using crossmargin::ShapeKind;
using crossmargin::ShapeStep;

// Whole ticks again, never a negative zero; notes their size, of which a NaN is the largest.
inline Lanes whole(Lanes value, Bits& size_max) {
    const Lanes ticks = rounded(value) + 0.0;
    const Bits size = (Bits)absolute(ticks);
    size_max = size > size_max ? size : size_max;
    return ticks;
}

inline Lanes with_sign_of(Lanes size, Lanes sign) {
    return (Lanes)(((Bits)sign & broadcast_bits(SIGN_BIT)) | ((Bits)size & ~broadcast_bits(SIGN_BIT)));
}

inline void shape_group(const ShapeStep& step, int64_t label, int64_t width, double value, double* change,
                        Bits& size_max) {
    const double* spread = step.spread != nullptr ? step.spread + label * width : nullptr;
    const double* own = step.own + 2 * label;
    const int64_t from = step.span[2 * label] / LANES * LANES, to = step.span[2 * label + 1];
    switch (step.kind) {
        case ShapeKind::sign_discount: {
            const Lanes base = broadcast(value), positive = broadcast(own[0]), negative = broadcast(own[1]);
            for (int64_t s = 0; s < width; s += LANES) {
                const Lanes shocked = whole(base + load(change + s), size_max);
                const Lanes factor = shocked >= 0.0 ? positive : negative;
                store(change + s, whole(whole(shocked * factor, size_max) - base, size_max));
            }
            break;
        }
        case ShapeKind::minus_absolute:
            for (int64_t s = 0; s < width; s += LANES) {
                store(change + s, whole(-absolute(load(change + s)), size_max));
            }
            break;
        case ShapeKind::gain_share: {
            const Lanes share = broadcast(own[0]);
            for (int64_t s = 0; s < width; s += LANES) {
                const Lanes all = load(change + s), shared = all * share;
                store(change + s, whole(shared < all ? shared : all, size_max));
            }
            break;
        }
        case ShapeKind::range_share:
            for (int64_t s = from; s < to; s += LANES) {
                store(change + s, whole(load(change + s) / load(spread + s), size_max));
            }
            break;
        case ShapeKind::damping: {
            const Lanes allowance = broadcast(own[0]);
            for (int64_t s = from; s < to; s += LANES) {
                const Lanes all = load(change + s), size = absolute(all);
                const Lanes relief = load(spread + s) * allowance;
                const Lanes left = size - (relief < size ? relief : size);
                store(change + s, whole(with_sign_of(left, all), size_max));
            }
            break;
        }
        case ShapeKind::gain_limit: {
            const Lanes most = broadcast(own[0]);
            for (int64_t s = 0; s < width; s += LANES) {
                const Lanes all = load(change + s);
                store(change + s, whole(most < all ? most : all, size_max));
            }
            break;
        }
    }
}

// Ticks that the rows of a group are worth before any change.
inline double value_of(const ShapedPart& part, int64_t group) {
    double total = 0.0;
    for (int set = 0; set < part.sets_count; ++set) {
        const Rows& rows = part.sets[set];
        for (int64_t row = rows.indptr[group]; row < rows.indptr[group + 1]; ++row) {
            total += rounded_one(rows.contracts[row] * part.value[rows.listing[row]]);
        }
    }
    return total + 0.0;
}

// Whether the inner groups of these outer ones may be read.
inline bool pass_part(const ShapedPart& part, int64_t first, int64_t last, Passed* own, ShapedPassed& passed) {
    const int64_t begin = part.start[first], end = part.start[last];
    if (begin < 0 || end > part.inner_count || end < begin) return false;
    for (int64_t outer = first; outer < last; ++outer) {
        const int64_t inner = part.start[outer + 1] - part.start[outer];
        if (inner < 0 || part.start[outer + 1] > end) return false;
        passed.inner_max = inner > passed.inner_max ? inner : passed.inner_max;
    }
    for (int64_t group = begin; group < end; ++group) {
        if (part.label[group] < 0 || part.label[group] >= part.labels_count) return false;
    }
    return pass_sets(part.sets, part.sets_count, begin, end, own);
}

void shaped(const ShapedPart* parts, int parts_count, int64_t scenarios_count, const double* weight, int64_t first,
            int64_t last, double* worst, int64_t* scenario, double* scratch, ShapedPassed& passed) {
    const Cut cut(scenarios_count);
    const int64_t width = crossmargin::padded(scenarios_count);
    double *total = scratch, *change = scratch + width + SCRATCH_MARGIN, *further = change + width + SCRATCH_MARGIN;
    for (int lane = 0; lane < LANES; ++lane) total[width + lane] = INFINITE;
    Bits size_max = {};
    for (int64_t from = first; from < last; from += GROUPS_CHECKED) {
        const int64_t to = from + GROUPS_CHECKED < last ? from + GROUPS_CHECKED : last;
        for (int each = 0; each < parts_count; ++each) {
            Passed own[ROW_SETS_MAX] = {};
            if (!pass_part(parts[each], from, to, own, passed)) {
                passed.is_misshapen = true;
                return;
            }
            add_sets(own, parts[each].sets_count, passed.rows);
        }
        for (int64_t outer = from; outer < to; ++outer) {
            for (int64_t s = 0; s < width; s += LANES) store(total + s, Lanes{});
            for (int each = 0; each < parts_count; ++each) {
                const ShapedPart& part = parts[each];
                for (int64_t group = part.start[outer]; group < part.start[outer + 1]; ++group) {
                    sum_sets(part.sets, part.sets_count, cut, group, change, further);
                    for (int64_t s = scenarios_count; s < width; ++s) change[s] = 0.0;
                    const double value = part.value != nullptr ? value_of(part, group) : 0.0;
                    for (int step = 0; step < part.steps_count; ++step) {
                        shape_group(part.steps[step], part.label[group], width, value, change, size_max);
                    }
                    for (int64_t s = 0; s < width; s += LANES) {
                        store(total + s, load(total + s) + load(change + s));
                    }
                }
            }
            for (int64_t s = 0; s < width; s += LANES) {
                const Lanes sum = load(total + s);
                const Bits size = (Bits)absolute(sum);
                size_max = size > size_max ? size : size_max;
                store(total + s, sum * load(weight + s));
            }
            for (int64_t s = scenarios_count; s < width; ++s) total[s] = INFINITE;
            Lanes lowest[1];
            scenario[outer] = lowest_in_registers<1>(total, scenarios_count, lowest);
            worst[outer] = lowest[0][0] + 0.0;
        }
    }
    for (int lane = 0; lane < LANES; ++lane) {
        if (size_max[lane] > passed.size_bits_max) passed.size_bits_max = size_max[lane];
    }
}

bool net_gross(const Rows& rows, int64_t first, int64_t last, NetGross out, Passed& passed) {
    bool is_sure = true;
    for (int64_t from = first; from < last; from += GROUPS_CHECKED) {
        const int64_t to = from + GROUPS_CHECKED < last ? from + GROUPS_CHECKED : last;
        if (!pass_groups(rows, from, to, passed)) return false;
        for (int64_t group = from; group < to; ++group) {
            double net = 0.0, gross = 0.0;
            for (int64_t row = rows.indptr[group]; row < rows.indptr[group + 1]; ++row) {
                const double ticks = rounded_one(rows.contracts[row] * rows.change[rows.listing[row]]);
                net += ticks;
                gross += __builtin_fabs(ticks);
            }
            is_sure &= gross < 9007199254740992.0;
            out.net[group] = net + 0.0;
            out.gross[group] = gross;
        }
    }
    return is_sure;
}

}  // namespace
