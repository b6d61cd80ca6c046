// Effective rates of sizes under brackets, a whole vector of groups at a time.
#pragma once

#include "option_rows.hpp"

namespace {

using crossmargin::Brackets;

// One tier of the brackets of each lane.
inline Lanes of_tier(const double* table, int64_t pitch, const int64_t (&label)[LANES], int64_t tier) {
    Lanes found = {};
    for (int lane = 0; lane < LANES; ++lane) found[lane] = table[label[lane] * pitch + tier];
    return found;
}

inline Lanes marginal_rate(const Brackets& brackets, const int64_t (&label)[LANES], Lanes size) {
    const int64_t tiers = brackets.tiers_count;
    Lanes start = {}, total = {};
    for (int64_t tier = 0; tier < tiers; ++tier) {
        const Lanes end =
            tier + 1 < tiers ? of_tier(brackets.bound, tiers - 1, label, tier) : broadcast(__builtin_inf());
        const Lanes reached = size < end ? size : end;
        const Lanes above = reached - start;
        // A slice that is no number stays so.
        const Lanes slice = above <= 0.0 ? Lanes{} : above;
        const Lanes paid = slice * of_tier(brackets.rate, tiers, label, tier);
        total += slice == 0.0 ? Lanes{} : paid;
        start = end;
    }
    return size > 0.0 ? total / size : of_tier(brackets.rate, tiers, label, 0);
}

inline Lanes whole_rate(const Brackets& brackets, const int64_t (&label)[LANES], Lanes size) {
    const int64_t tiers = brackets.tiers_count;
    Bits reached = {};
    for (int64_t tier = 0; tier + 1 < tiers; ++tier) {
        const Lanes end = of_tier(brackets.bound, tiers - 1, label, tier);
        const Bits is_above = brackets.bound_below ? Bits(size > end) : Bits(size >= end);
        reached -= is_above;
    }
    Lanes found = {};
    for (int lane = 0; lane < LANES; ++lane) {
        found[lane] = brackets.rate[label[lane] * tiers + reached[lane]];
    }
    return found;
}

// False where a label is outside the brackets: nothing was read there.
bool tiered(const Brackets& brackets, int64_t first, int64_t last, double* out) {
    for (int64_t group = first; group < last; group += LANES) {
        const int count = int(last - group < LANES ? last - group : LANES);
        Lanes size = {};
        int64_t label[LANES];
        for (int lane = 0; lane < LANES; ++lane) {
            const int64_t from = group + (lane < count ? lane : 0);
            size[lane] = brackets.size[from];
            label[lane] = brackets.label[from];
            if (label[lane] < 0 || label[lane] >= brackets.labels_count) return false;
        }
        const Lanes found =
            brackets.is_whole ? whole_rate(brackets, label, size) : marginal_rate(brackets, label, size);
        const Bits missing = Bits(size != size) | Bits(found != found);
        put(out + group, missing ? broadcast(__builtin_nan("")) : found, count);
    }
    return true;
}

}  // namespace
