// All kernels for one instruction set; compiled once for each, under a name of its own.
#include "kernels.hpp"

#include "accumulate.hpp"
#include "fused_tail.hpp"
#include "fixed_sequence.hpp"
#include "lowest.hpp"
#include "option_rows.hpp"
#include "shaped_rows.hpp"
#include "tiered_rows.hpp"

namespace {

using crossmargin::KernelTable;
using crossmargin::Shifted;
using crossmargin::Tails;

void sums(const Rows& rows, int64_t first, int64_t last, double* out, Passed& passed) {
    const Cut cut(rows.scenarios_count);
    for (int64_t from = first; from < last; from += GROUPS_CHECKED) {
        const int64_t to = from + GROUPS_CHECKED < last ? from + GROUPS_CHECKED : last;
        if (!pass_groups(rows, from, to, passed)) return;
        for (int64_t group = from; group < to; ++group, out += rows.scenarios_count) {
            sum_group(rows, cut, rows.indptr[group], rows.indptr[group + 1], out);
        }
    }
}

void tails(const Rows* sets, int sets_count, int64_t first, int64_t last, TailShape shape, Tails out,
           double* scratch, Passed& passed) {
    const int64_t scenarios_count = sets[0].scenarios_count;
    const Cut cut(scenarios_count);
    const FusedTail fused = fused_tail_for(cut, scenarios_count, shape);
    for (int lane = 0; lane < LANES; ++lane) scratch[scenarios_count + lane] = INFINITE;
    Passed own[ROW_SETS_MAX] = {};
    for (int64_t from = first; from < last; from += GROUPS_CHECKED) {
        const int64_t to = from + GROUPS_CHECKED < last ? from + GROUPS_CHECKED : last;
        if (!pass_sets(sets, sets_count, from, to, own)) break;
        for (int64_t group = from; group < to; ++group) {
            Tail tail;
            if (fused != nullptr) {
                tail = fused(sets, sets_count, group, shape);
            } else {
                sum_sets(sets, sets_count, cut, group, scratch, scratch + scenarios_count + SCRATCH_MARGIN);
                tail = tail_of(scratch, scenarios_count, shape, scratch);
            }
            out.worst[group] = tail.worst;
            out.worst_scenario[group] = tail.worst_scenario;
            out.sum[group] = tail.sum;
        }
    }
    add_sets(own, sets_count, passed);
}

void ranked(const Rows& rows, int64_t first, int64_t last, int64_t rank, double* ticks, int64_t* scenario,
            double* scratch, Passed& passed) {
    const Cut cut(rows.scenarios_count);
    for (int lane = 0; lane < LANES; ++lane) scratch[rows.scenarios_count + lane] = INFINITE;
    for (int64_t from = first; from < last; from += GROUPS_CHECKED) {
        const int64_t to = from + GROUPS_CHECKED < last ? from + GROUPS_CHECKED : last;
        if (!pass_groups(rows, from, to, passed)) return;
        for (int64_t group = from; group < to; ++group) {
            sum_group(rows, cut, rows.indptr[group], rows.indptr[group + 1], scratch);
            const Ranked found = ranked_of(scratch, rows.scenarios_count, rank, scratch);
            ticks[group] = found.ticks;
            scenario[group] = found.scenario;
        }
    }
}

void bounds(const Rows& rows, const double* largest, int64_t first, int64_t last, double* bound) {
    for (int64_t group = first; group < last; ++group) {
        double total = 0.0;
        for (int64_t row = rows.indptr[group]; row < rows.indptr[group + 1]; ++row) {
            total += rounded_one(__builtin_fabs(rows.contracts[row]) * largest[rows.listing[row]]);
        }
        bound[group] = total;
    }
}

// Bits of absolute values are ordered as the values are, and a NaN is above all of them: it stays.
void largest_changes(const Rows& rows, int64_t first, int64_t last, double* largest) {
    const int64_t scenarios_count = rows.scenarios_count;
    for (int64_t listing = first; listing < last; ++listing) {
        const double* row = rows.change + listing * rows.change_stride;
        Bits high = {};
        int64_t s = 0, highest = 0;
        for (; s + LANES <= scenarios_count; s += LANES) {
            const Bits size = (Bits)absolute(load(row + s));
            high = size > high ? size : high;
        }
        for (int lane = 0; lane < LANES; ++lane) highest = high[lane] > highest ? high[lane] : highest;
        for (; s < scenarios_count; ++s) {
            int64_t size;
            std::memcpy(&size, row + s, 8);
            size &= INT64_MAX;
            highest = size > highest ? size : highest;
        }
        std::memcpy(largest + listing, &highest, 8);
    }
}

// One pass: what is shifted is still in a register when it is ranked. A sum that was never -0.0
// never becomes it. Lanes beyond the last scenario hold infinity less zero plus zero.
template <int RANKS>
void shift_in_registers(double* ticks, const double* change, double before, double after,
                        int64_t scenarios_count, double (&lowest)[REGISTER_RANKS_MAX]) {
    const Lanes old_weight = broadcast(before), new_weight = broadcast(after);
    Lanes even[RANKS], odd[RANKS];
    for (int k = 0; k < RANKS; ++k) even[k] = odd[k] = broadcast(INFINITE);
    const auto step = [&](int64_t s, Lanes(&ranks)[RANKS]) {
        const Lanes row = load(change + s);
        const Lanes gone = rounded(old_weight * row), come = rounded(new_weight * row);
        const Lanes shifted = load(ticks + s) - gone + come;
        store(ticks + s, shifted);
        sink(ranks, shifted);
    };
    int64_t s = 0;
    for (; s + LANES < scenarios_count; s += 2 * LANES) {
        step(s, even);
        step(s + LANES, odd);
    }
    if (s < scenarios_count) step(s, even);
    for (int k = 0; k < RANKS; ++k) sink(even, odd[k]);
    merge_lanes<1>(even);
    for (int k = 0; k < RANKS; ++k) lowest[k] = even[k][0];
}

Shifted shift(double* ticks, const double* change, double before, double after, int64_t scenarios_count,
              TailShape shape, double* scratch) {
    double lowest[REGISTER_RANKS_MAX];
    switch (shape.ranks()) {
        case 1: shift_in_registers<1>(ticks, change, before, after, scenarios_count, lowest); break;
        case 2: shift_in_registers<2>(ticks, change, before, after, scenarios_count, lowest); break;
        case 3: shift_in_registers<3>(ticks, change, before, after, scenarios_count, lowest); break;
        case 4: shift_in_registers<4>(ticks, change, before, after, scenarios_count, lowest); break;
        default: {
            shift_in_registers<1>(ticks, change, before, after, scenarios_count, lowest);
            const Tail found = tail_of(ticks, scenarios_count, shape, scratch);
            return Shifted{found.worst, found.sum};
        }
    }
    return Shifted{lowest[0], weighted(lowest, shape)};
}

void replace(double* total, const double* before, const double* after, int64_t scenarios_count) {
    int64_t s = 0;
    for (; s + LANES <= scenarios_count; s += LANES) {
        store(total + s, load(total + s) - load(before + s) + load(after + s));
    }
    for (; s < scenarios_count; ++s) total[s] = total[s] - before[s] + after[s];
}

// Eight sums side by side, so that the adders never wait for each other.
double read(const double* from, int64_t count, int64_t passes) {
    Lanes sums[8] = {};
    for (int64_t pass = 0; pass < passes; ++pass) {
        for (int64_t k = 0; k + 8 * LANES <= count; k += 8 * LANES) {
#pragma GCC unroll 8
            for (int j = 0; j < 8; ++j) sums[j] += load(from + k + j * LANES);
        }
    }
    for (int j = 1; j < 8; ++j) sums[0] += sums[j];
    return sums[0][0];
}

void apply(void* function, const double* from, double* to, int64_t count) {
    const auto call = reinterpret_cast<Lanes (*)(Lanes)>(function);
    for (int64_t k = 0; k + LANES <= count; k += LANES) store(to + k, call(load(from + k)));
}

}  // namespace

#define JOINED(a, b) a##_##b
#define TABLE_OF(set) JOINED(kernels, set)
#define QUOTED(set) #set
#define NAME_OF(set) QUOTED(set)

namespace crossmargin {

extern const KernelTable TABLE_OF(INSTRUCTION_SET);
const KernelTable TABLE_OF(INSTRUCTION_SET) = {
    NAME_OF(INSTRUCTION_SET), LANES,   sums,  tails,   bounds, largest_changes,
    ranked,                   tail_of, shift, replace, prices, greeks,
    tiered,                   shaped,  net_gross, read,   apply,
};

}  // namespace crossmargin
