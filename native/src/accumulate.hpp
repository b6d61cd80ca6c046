// Exact sums of rounded products: a group's scenarios stay in registers while its rows pass by.
#pragma once

#include "kernels.hpp"
#include "lanes.hpp"

namespace {

using crossmargin::Passed;
using crossmargin::ROW_SETS_MAX;
using crossmargin::Rows;

// Scenarios from `column` on, VECTORS whole vectors; the last vector begins `last` after it, where
// it may overlap the one before: the same scenario added twice over is the same figure.
template <int VECTORS>
inline __attribute__((always_inline)) void accumulate(const Rows& rows, int64_t begin, int64_t end, int64_t column,
                                                      int64_t last, Sums (&sums)[VECTORS]) {
    for (int64_t row = begin; row < end; ++row) {
        const double* change = rows.change + rows.listing[row] * rows.change_stride + column;
        const Lanes weight = broadcast(rows.contracts[row]);
#pragma GCC unroll 32
        for (int k = 0; k < VECTORS - 1; ++k) add_rounded(sums[k], weight * load(change + k * LANES));
        add_rounded(sums[VECTORS - 1], weight * load(change + last));
    }
}

template <int VECTORS>
inline void sum_block(const Rows& rows, int64_t begin, int64_t end, int64_t column, int64_t last_column,
                      double* out) {
    Sums sums[VECTORS] = {};
    const int64_t last = last_column - column;
    accumulate(rows, begin, end, column, last, sums);
#pragma GCC unroll 32
    for (int k = 0; k < VECTORS - 1; ++k) store(out + k * LANES, as_lanes(sums[k]));
    store(out + last, as_lanes(sums[VECTORS - 1]));
}

template <int VECTORS>
struct Blocks {
    static void sum(int vectors, const Rows& rows, int64_t begin, int64_t end, int64_t column,
                    int64_t last_column, double* out) {
        if (vectors == VECTORS) {
            sum_block<VECTORS>(rows, begin, end, column, last_column, out);
        } else {
            Blocks<VECTORS - 1>::sum(vectors, rows, begin, end, column, last_column, out);
        }
    }
};

template <>
struct Blocks<0> {
    static void sum(int, const Rows&, int64_t, int64_t, int64_t, int64_t, double*) {}
};

// Fewer scenarios than a vector has lanes.
inline void sum_narrow(const Rows& rows, int64_t begin, int64_t end, double* out) {
    for (int64_t s = 0; s < rows.scenarios_count; ++s) {
        double total = 0.0;
        for (int64_t row = begin; row < end; ++row) {
            total += rounded_one(rows.contracts[row] *
                                 rows.change[rows.listing[row] * rows.change_stride + s]);
        }
        out[s] = total;
    }
}

// How the scenarios are cut: as few blocks as the registers allow, all nearly equally wide.
struct Cut {
    int64_t vectors, blocks, last_column;
    explicit Cut(int64_t scenarios_count)
        : vectors((scenarios_count + LANES - 1) / LANES),
          blocks((vectors + BLOCK_VECTORS_MAX - 1) / BLOCK_VECTORS_MAX),
          last_column(scenarios_count - LANES) {}
};

inline void sum_group(const Rows& rows, const Cut& cut, int64_t begin, int64_t end, double* out) {
    if (rows.scenarios_count < LANES) {
        sum_narrow(rows, begin, end, out);
        return;
    }
    int64_t first = 0;
    for (int64_t block = 0; block < cut.blocks; ++block) {
        const int64_t next = cut.vectors * (block + 1) / cut.blocks;
        const int64_t column = first * LANES;
        const bool is_last = next == cut.vectors;
        Blocks<BLOCK_VECTORS_MAX>::sum(int(next - first), rows, begin, end, column,
                                       is_last ? cut.last_column : (next - 1) * LANES, out + column);
        first = next;
    }
}

// Whether every index of these groups may be read; notes what the guard needs.
inline bool pass_groups(const Rows& rows, int64_t first, int64_t last, Passed& passed) {
    int64_t before = rows.indptr[first], rows_max = passed.rows_max;
    bool is_ordered = before >= 0;
    for (int64_t group = first; group < last; ++group) {
        const int64_t next = rows.indptr[group + 1];
        is_ordered &= next >= before;
        rows_max = next - before > rows_max ? next - before : rows_max;
        before = next;
    }
    if (!is_ordered || before > rows.rows_count) {
        passed.is_misshapen = true;
        return false;
    }
    uint64_t listing_max = 0;
    int64_t bits_max = passed.contracts_bits_max;
    const int64_t begin = rows.indptr[first];
    for (int64_t row = begin; row < before; ++row) {
        const uint64_t listing = uint64_t(rows.listing[row]);
        listing_max = listing > listing_max ? listing : listing_max;
    }
    for (int64_t row = begin; row < before; ++row) {
        int64_t bits;
        std::memcpy(&bits, rows.contracts + row, 8);
        bits &= INT64_MAX;
        bits_max = bits > bits_max ? bits : bits_max;
    }
    passed.contracts_bits_max = bits_max;
    passed.rows_max = rows_max;
    passed.is_misshapen |= before > begin && listing_max >= uint64_t(rows.listings_count);
    return !passed.is_misshapen;
}

// The sums of a group over all its sets; `further` holds as many doubles as `out`.
inline void sum_sets(const Rows* sets, int sets_count, const Cut& cut, int64_t group, double* out, double* further) {
    sum_group(sets[0], cut, sets[0].indptr[group], sets[0].indptr[group + 1], out);
    for (int set = 1; set < sets_count; ++set) {
        const Rows& rows = sets[set];
        const int64_t begin = rows.indptr[group], end = rows.indptr[group + 1], count = rows.scenarios_count;
        if (begin == end) continue;
        sum_group(rows, cut, begin, end, further);
        int64_t s = 0;
        for (; s + LANES <= count; s += LANES) store(out + s, load(out + s) + load(further + s));
        for (; s < count; ++s) out[s] += further[s];
    }
}

inline bool pass_sets(const Rows* sets, int sets_count, int64_t first, int64_t last, Passed* own) {
    bool is_fine = true;
    for (int set = 0; set < sets_count; ++set) is_fine &= pass_groups(sets[set], first, last, own[set]);
    return is_fine;
}

// A group has no more rows than the longest groups of all sets together.
inline void add_sets(const Passed* own, int sets_count, Passed& passed) {
    int64_t rows_max = 0;
    for (int set = 0; set < sets_count; ++set) {
        rows_max += own[set].rows_max;
        passed.is_misshapen |= own[set].is_misshapen;
        if (own[set].contracts_bits_max > passed.contracts_bits_max) {
            passed.contracts_bits_max = own[set].contracts_bits_max;
        }
    }
    passed.rows_max = rows_max > passed.rows_max ? rows_max : passed.rows_max;
}

// Groups that are checked together and then summed while their rows are still in the first cache.
constexpr int64_t GROUPS_CHECKED = 64;

}  // namespace
