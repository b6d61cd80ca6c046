// Worst and tail of a group whose scenarios all fit in registers: its sums never leave them.
#pragma once

#include "accumulate.hpp"
#include "lowest.hpp"

namespace {

constexpr int FUSED_RANKS_MAX = 2;

template <int VECTORS, int RANKS>
inline Tail fused_tail(const Rows* sets, int sets_count, int64_t group, TailShape shape) {
    Sums sums[VECTORS] = {};
    const int64_t count = sets[0].scenarios_count, last = count - LANES;
    for (int set = 0; set < sets_count; ++set) {
        const Rows& rows = sets[set];
        accumulate(rows, rows.indptr[group], rows.indptr[group + 1], 0, last, sums);
    }
    const Bits lane_number = lane_numbers();
    // The overlap of the last two vectors counts once.
    const Bits is_twice = lane_number < broadcast_bits(VECTORS * LANES - count);
    sums[VECTORS - 1] = is_twice ? greatest_sums() : sums[VECTORS - 1];

    Sums even[RANKS], odd[RANKS];
    for (int k = 0; k < RANKS; ++k) even[k] = odd[k] = greatest_sums();
    Bits even_at = {}, odd_at = {};
#pragma GCC unroll 32
    for (int v = 0; v < VECTORS; ++v) {
        const Bits column = broadcast_bits(v == VECTORS - 1 ? last : v * LANES);
        Sums(&ranks)[RANKS] = v % 2 == 0 ? even : odd;
        Bits& at = v % 2 == 0 ? even_at : odd_at;
        at = sums[v] < ranks[0] ? column : at;
        sink(ranks, sums[v]);
    }
    const Sums even_low = even[0], odd_low = odd[0];
    for (int k = 0; k < RANKS; ++k) sink(even, odd[k]);
    merge_lanes<1>(even);
    const Bits nowhere = broadcast_bits(count);
    const Bits in_even = even_low == even[0] ? even_at + lane_number : nowhere;
    const Bits in_odd = odd_low == even[0] ? odd_at + lane_number : nowhere;
    const int64_t found = least_of_lanes<1>(in_odd < in_even ? in_odd : in_even)[0];

    double lowest[RANKS];
    for (int k = 0; k < RANKS; ++k) lowest[k] = as_lanes(even[k])[0];
    return Tail{lowest[0], found < count ? found : 0, weighted(lowest, shape)};
}

typedef Tail (*FusedTail)(const Rows*, int, int64_t, TailShape);

template <int VECTORS, int RANKS>
FusedTail fused_tail_of(int64_t vectors) {
    if constexpr (VECTORS == 0) {
        return nullptr;
    } else {
        return vectors == VECTORS ? &fused_tail<VECTORS, RANKS> : fused_tail_of<VECTORS - 1, RANKS>(vectors);
    }
}

// Null where the scenarios need more than one block, are fewer than lanes, or the tail is longer.
inline FusedTail fused_tail_for(const Cut& cut, int64_t scenarios_count, TailShape shape) {
    if (cut.blocks != 1 || scenarios_count < LANES || shape.ranks() > FUSED_RANKS_MAX) return nullptr;
    return shape.ranks() == 1 ? fused_tail_of<BLOCK_VECTORS_MAX, 1>(cut.vectors)
                              : fused_tail_of<BLOCK_VECTORS_MAX, 2>(cut.vectors);
}

}  // namespace
