// All kernels for one instruction set; compiled once for each, under a name of its own.
#include "kernels.hpp"

#include "accumulate.hpp"
#include "fixed_sequence.hpp"
#include "lowest.hpp"
#include "option_rows.hpp"

namespace {

using crossmargin::KernelTable;
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

void tails(const Rows& rows, int64_t first, int64_t last, TailShape shape, Tails out, double* scratch,
           Passed& passed) {
    const Cut cut(rows.scenarios_count);
    for (int lane = 0; lane < LANES; ++lane) scratch[rows.scenarios_count + lane] = INFINITE;
    for (int64_t from = first; from < last; from += GROUPS_CHECKED) {
        const int64_t to = from + GROUPS_CHECKED < last ? from + GROUPS_CHECKED : last;
        if (!pass_groups(rows, from, to, passed)) return;
        for (int64_t group = from; group < to; ++group) {
            sum_group(rows, cut, rows.indptr[group], rows.indptr[group + 1], scratch);
            const Tail tail = tail_of(scratch, rows.scenarios_count, shape, scratch);
            out.worst[group] = tail.worst;
            out.worst_scenario[group] = tail.worst_scenario;
            out.sum[group] = tail.sum;
        }
    }
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

void shift(double* ticks, double* total, const double* change, double before, double after,
           int64_t scenarios_count) {
    const Lanes old_weight = broadcast(before), new_weight = broadcast(after);
    int64_t s = 0;
    for (; s + LANES <= scenarios_count; s += LANES) {
        const Lanes row = load(change + s);
        const Lanes gone = rounded(old_weight * row), come = rounded(new_weight * row);
        store(ticks + s, load(ticks + s) - gone + come + 0.0);
        store(total + s, load(total + s) - gone + come + 0.0);
    }
    for (; s < scenarios_count; ++s) {
        const double gone = rounded_one(before * change[s]), come = rounded_one(after * change[s]);
        ticks[s] = ticks[s] - gone + come + 0.0;
        total[s] = total[s] - gone + come + 0.0;
    }
}

void replace(double* total, const double* before, const double* after, int64_t scenarios_count) {
    int64_t s = 0;
    for (; s + LANES <= scenarios_count; s += LANES) {
        store(total + s, load(total + s) - load(before + s) + load(after + s) + 0.0);
    }
    for (; s < scenarios_count; ++s) total[s] = total[s] - before[s] + after[s] + 0.0;
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
};

}  // namespace crossmargin
