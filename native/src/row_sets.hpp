// Groups whose rows lie in several places: positions here, balances there, one sum over both.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <vector>

#include "running.hpp"

namespace crossmargin {

namespace nb = nanobind;

using Line = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Index = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using MatrixOut = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using LineOut = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using IndexOut = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Strided = nb::ndarray<const double, nb::ndim<2>, nb::device::cpu>;

constexpr double TICK_LIMIT = 9007199254740992.0;  // 2**53

struct RowSets {
    Rows sets[ROW_SETS_MAX];
    int count = 0;
    int64_t rows_count() const;
    int64_t listings_count() const { return sets[0].listings_count; }
    int64_t scenarios_count() const { return sets[0].scenarios_count; }
};

Rows rows_of(const Strided& change, const Index& listing, const Line& contracts, const Index& indptr);

// `sets` are tuples of listing_index, contracts and indptr, all over the same groups.
RowSets row_sets_of(const Strided& change, const nb::list& sets, int64_t groups_count);

struct Verdict {
    bool is_misshapen = false;
    std::vector<int64_t> doubtful;  // groups whose bound reaches 2**53 or is no number
};

nb::object answer(const Verdict& verdict);

// Of the listings that the rows hold, or of all where that is less work.
std::vector<double> largest_of(const RowSets& rows);

// The largest of them all; NaN where one is.
double largest_of_all(const std::vector<double>& largest);

void bounds_of(const RowSets& rows, int64_t groups_count, const std::vector<double>& largest, double* bound);

// What all parts learned together, and whether the row numbers of every set begin and end as they must.
Passed together(const RowSets& rows, int64_t groups_count, const std::vector<Passed>& passed);

// Most rows x largest contracts x largest change clears every group at once; else each for itself.
Verdict judge(const RowSets& rows, int64_t groups_count, const std::vector<Passed>& passed);

// Groups are cut where their rows are, so that no thread waits for one with longer groups.
std::vector<int64_t> cut_by_rows(const Rows& rows, int64_t groups_count, int parts);

template <class Work>
std::vector<Passed> passed_over(const Rows& rows, int64_t work_count, int64_t groups_count, const Work& work) {
    const Split split = split_for(work_count + groups_count);
    const std::vector<int64_t> cuts = cut_by_rows(rows, groups_count, split.parts);
    std::vector<Passed> passed(static_cast<size_t>(split.parts), Passed{});
    thread_pool().run(split.threads, split.parts, [&](int part) {
        // Its own copy while it runs: neighbours would share a cache line.
        Passed mine = {};
        work(cuts[size_t(part)], cuts[size_t(part) + 1], mine);
        passed[size_t(part)] = mine;
    });
    return passed;
}

template <class Work>
Verdict over_groups(const RowSets& rows, int64_t groups_count, const Work& work) {
    const int64_t additions = rows.rows_count() * rows.scenarios_count();
    return judge(rows, groups_count, passed_over(rows.sets[0], additions, groups_count, work));
}

void bind_shaped(nb::module_& m);
void bind_grouped(nb::module_& m);

}  // namespace crossmargin
