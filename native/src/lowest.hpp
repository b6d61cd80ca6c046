// The lowest sums of a group: the worst, its scenario, and the tail.
#pragma once

#include "kernels.hpp"
#include "lanes.hpp"

namespace {

using crossmargin::SCRATCH_MARGIN;
using crossmargin::Tail;
using crossmargin::TailShape;

constexpr int REGISTER_RANKS_MAX = 4;
constexpr double INFINITE = __builtin_inf();

// Sinks `value` into ascending `ranks`, lane by lane.
template <int RANKS, class Any>
inline void sink(Any (&ranks)[RANKS], Any value) {
#pragma GCC unroll 4
    for (int k = 0; k < RANKS; ++k) {
        const Any low = value < ranks[k] ? value : ranks[k];
        value = value > ranks[k] ? value : ranks[k];
        ranks[k] = low;
    }
}

// Every lane beside the one whose number differs in the bit STEP.
template <int STEP, class Any>
inline Any crosswise(Any value) {
#if defined(__AVX512F__)
    return __builtin_shufflevector(value, value, 0 ^ STEP, 1 ^ STEP, 2 ^ STEP, 3 ^ STEP, 4 ^ STEP,
                                   5 ^ STEP, 6 ^ STEP, 7 ^ STEP);
#elif defined(__AVX2__)
    return __builtin_shufflevector(value, value, 0 ^ STEP, 1 ^ STEP, 2 ^ STEP, 3 ^ STEP);
#else
    return __builtin_shufflevector(value, value, 0 ^ STEP, 1 ^ STEP);
#endif
}

template <int STEP, int RANKS, class Any>
inline void merge_lanes(Any (&ranks)[RANKS]) {
    if constexpr (STEP < LANES) {
        Any others[RANKS];
        for (int k = 0; k < RANKS; ++k) others[k] = crosswise<STEP>(ranks[k]);
#pragma GCC unroll 4
        for (int k = 0; k < RANKS; ++k) sink(ranks, others[k]);
        merge_lanes<2 * STEP>(ranks);
    }
}

template <int STEP>
inline Bits least_of_lanes(Bits value) {
    if constexpr (STEP < LANES) {
        const Bits other = crosswise<STEP>(value);
        return least_of_lanes<2 * STEP>(other < value ? other : value);
    } else {
        return value;
    }
}

inline Bits lane_numbers() {
    Bits numbers;
    for (int lane = 0; lane < LANES; ++lane) numbers[lane] = lane;
    return numbers;
}

// Sums are followed by infinities up to a whole vector, so that no lane needs a case of its own.
inline int64_t vectors_of(int64_t count) { return (count + LANES - 1) / LANES; }

// The ascending lowest RANKS of `ticks` in every lane of `ranks`; returns the first scenario of the
// lowest. Nothing branches on a figure: a wrong guess would hold up the rows of the next group.
template <int RANKS>
inline int64_t lowest_in_registers(const double* ticks, int64_t count, Lanes (&ranks)[RANKS]) {
    Lanes odd[RANKS];
    Bits even_vector = {}, odd_vector = {};
    for (int k = 0; k < RANKS; ++k) ranks[k] = odd[k] = broadcast(INFINITE);
    const int64_t vectors = vectors_of(count);
    int64_t v = 0;
    for (; v + 1 < vectors; v += 2) {
        const Lanes first = load(ticks + v * LANES), second = load(ticks + (v + 1) * LANES);
        even_vector = first < ranks[0] ? broadcast_bits(v) : even_vector;
        odd_vector = second < odd[0] ? broadcast_bits(v + 1) : odd_vector;
        sink(ranks, first);
        sink(odd, second);
    }
    if (v < vectors) {
        const Lanes last = load(ticks + v * LANES);
        even_vector = last < ranks[0] ? broadcast_bits(v) : even_vector;
        sink(ranks, last);
    }
    const Lanes even_low = ranks[0], odd_low = odd[0];
    for (int k = 0; k < RANKS; ++k) sink(ranks, odd[k]);
    merge_lanes<1>(ranks);
    const Bits nowhere = broadcast_bits(count);
    const Bits even_at = even_low == ranks[0] ? even_vector * LANES + lane_numbers() : nowhere;
    const Bits odd_at = odd_low == ranks[0] ? odd_vector * LANES + lane_numbers() : nowhere;
    const int64_t found = least_of_lanes<1>(odd_at < even_at ? odd_at : even_at)[0];
    // Beyond the end only where nothing is a number; such a group is refused.
    return found < count ? found : 0;
}

inline double weighted(const double* ranks, TailShape shape) {
    double total = 0.0;
    for (int64_t k = 0; k < shape.whole_count; ++k) total += 1.0 * ranks[k];
    if (shape.fraction > 0.0) total += shape.fraction * ranks[shape.whole_count];
    return total + 0.0;
}

template <int RANKS>
inline Tail tail_in_registers(const double* ticks, int64_t count, TailShape shape) {
    Lanes ranks[RANKS];
    double lowest[RANKS];
    Tail tail;
    tail.worst_scenario = lowest_in_registers<RANKS>(ticks, count, ranks);
    for (int k = 0; k < RANKS; ++k) lowest[k] = ranks[k][0];
    tail.worst = lowest[0];
    tail.sum = weighted(lowest, shape);
    return tail;
}

// How many of `ticks` are at most `bound`.
inline int64_t count_at_most(const double* ticks, int64_t count, double bound) {
    const Lanes limit = broadcast(bound);
    Bits found = {};
    int64_t s = 0;
    for (; s + LANES <= count; s += LANES) found -= load(ticks + s) <= limit;
    int64_t total = 0;
    for (int lane = 0; lane < LANES; ++lane) total += found[lane];
    for (; s < count; ++s) total += ticks[s] <= bound;
    return total;
}

// A bound that at least `ranks_count` of `ticks` do not exceed, and not many more: halving between
// the least and the greatest. Ends because it only stops short, it never needs to be exact.
inline double threshold(const double* ticks, int64_t count, int64_t ranks_count, double low, double high) {
    const int64_t enough = ranks_count + ranks_count / 4 + 2;
    for (int step = 0; step < 40 && low < high; ++step) {
        const double middle = low * 0.5 + high * 0.5;
        const int64_t found = count_at_most(ticks, count, middle);
        if (found >= ranks_count) {
            high = middle;
            if (found <= enough) break;
        } else {
            low = middle;
        }
    }
    return high;
}

// What is at most `bound`, in order of scenario; returns how many.
inline int64_t collected(const double* ticks, int64_t count, double bound, double* out) {
    int64_t found = 0, s = 0;
#if defined(__AVX512F__)
    const Lanes limit = broadcast(bound);
    for (; s + LANES <= count; s += LANES) {
        const Lanes value = load(ticks + s);
        const __mmask8 mask = _mm512_cmp_pd_mask((__m512d)value, (__m512d)limit, _CMP_LE_OQ);
        // Packed in a register first: a packing store is many times slower on some processors.
        store(out + found, (Lanes)_mm512_maskz_compress_pd(mask, (__m512d)value));
        found += __builtin_popcount(mask);
    }
#endif
    for (; s < count; ++s) {
        out[found] = ticks[s];
        found += ticks[s] <= bound;
    }
    return found;
}

// Ascending `order`: each value goes where the number of those before it says, equals in turn.
inline void order_few(const double* values, int64_t count, double* order) {
    const Bits lane_number = lane_numbers();
    for (int64_t i = 0; i < count; ++i) {
        const Lanes mine = broadcast(values[i]);
        Bits before = {};
        int64_t j = 0;
        for (; j + LANES <= count; j += LANES) {
            const Lanes other = load(values + j);
            before -= (other < mine) | ((other == mine) & (lane_number + j < broadcast_bits(i)));
        }
        int64_t place = 0;
        for (int lane = 0; lane < LANES; ++lane) place += before[lane];
        for (; j < count; ++j) place += values[j] < values[i] || (values[j] == values[i] && j < i);
        order[place] = values[i];
    }
}

// Heap selection: the `ranks_count` lowest of `values`, ascending, into `order`.
inline void sift_down(double* heap, int64_t size, int64_t at) {
    const double value = heap[at];
    for (int64_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && heap[child + 1] > heap[child]) ++child;
        if (!(heap[child] > value)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

inline void order_many(const double* values, int64_t count, int64_t ranks_count, double* order) {
    for (int64_t k = 0; k < ranks_count; ++k) order[k] = values[k];
    for (int64_t at = ranks_count / 2 - 1; at >= 0; --at) sift_down(order, ranks_count, at);
    for (int64_t k = ranks_count; k < count; ++k) {
        if (values[k] < order[0]) {
            order[0] = values[k];
            sift_down(order, ranks_count, 0);
        }
    }
    for (int64_t size = ranks_count - 1; size > 0; --size) {
        const double greatest = order[0];
        order[0] = order[size];
        sift_down(order, size, 0);
        order[size] = greatest;
    }
}

// The least of each of `minima_count` disjoint parts of `ticks`, lane by lane; the rest is left out.
inline void part_minima(const double* ticks, int64_t vectors, int64_t sets, double* minima) {
    for (int64_t set = 0; set < sets; ++set) {
        Lanes least = broadcast(INFINITE);
        for (int64_t v = vectors * set / sets; v < vectors * (set + 1) / sets; ++v) {
            least = lesser(load(ticks + v * LANES), least);
        }
        store(minima + set * LANES, least);
    }
}

constexpr int64_t FEW = 96;

struct Ordered {
    double worst;
    int64_t worst_scenario;
    const double* lowest;  // ascending, at least as many as asked for
};

// Any number of ranks: a bound that not many more respect, then only what is below it is ordered.
// k parts have a minimum of at most the bound, so k scenarios have: minima of parts give the bound.
inline Ordered ordered_by_threshold(const double* ticks, int64_t count, int64_t ranks_count, double* scratch) {
    double* candidates = scratch + count + SCRATCH_MARGIN;
    double* order = candidates + count + SCRATCH_MARGIN;
    const int64_t vectors = count / LANES;
    const int64_t sets = (3 * ranks_count + LANES - 1) / LANES;
    const double* sample = ticks;
    int64_t sample_count = count;
    if (2 * sets <= vectors) {
        part_minima(ticks, vectors, sets, order);
        sample = order;
        sample_count = sets * LANES;
    }
    Lanes lowest[1];
    const int64_t worst_scenario = lowest_in_registers<1>(ticks, count, lowest);
    const double worst = lowest[0][0];
    double high = worst;
    for (int64_t s = 0; s < sample_count; ++s) high = sample[s] > high ? sample[s] : high;
    const double bound = threshold(sample, sample_count, ranks_count, worst, high);
    const int64_t found = collected(ticks, count, bound, candidates);
    if (found <= FEW && found >= ranks_count) {
        order_few(candidates, found, order);
    } else {
        order_many(candidates, found, ranks_count, order);
    }
    return Ordered{worst, worst_scenario, order};
}

inline Tail tail_by_threshold(const double* ticks, int64_t count, TailShape shape, double* scratch) {
    const Ordered found = ordered_by_threshold(ticks, count, shape.ranks(), scratch);
    return Tail{found.worst, found.worst_scenario, weighted(found.lowest, shape)};
}

inline Tail tail_of(const double* ticks, int64_t count, TailShape shape, double* scratch) {
    switch (shape.ranks()) {
        case 1: return tail_in_registers<1>(ticks, count, shape);
        case 2: return tail_in_registers<2>(ticks, count, shape);
        case 3: return tail_in_registers<3>(ticks, count, shape);
        case 4: return tail_in_registers<4>(ticks, count, shape);
        default: return tail_by_threshold(ticks, count, shape, scratch);
    }
}

struct Ranked {
    double ticks;
    int64_t scenario;
};

// The scenario of a rank; among equals the lower number has the lower rank.
inline Ranked ranked_of(const double* ticks, int64_t count, int64_t rank, double* scratch) {
    const double* lowest = ordered_by_threshold(ticks, count, rank, scratch).lowest;
    const double value = lowest[rank - 1];
    int64_t equals_before = 0;
    while (equals_before < rank - 1 && lowest[rank - 2 - equals_before] == value) ++equals_before;
    for (int64_t s = 0; s < count; ++s) {
        if (ticks[s] == value && equals_before-- == 0) return Ranked{value, s};
    }
    return Ranked{value, 0};
}

}  // namespace
