#include "row_sets.hpp"

#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace crossmargin {

int64_t RowSets::rows_count() const {
    int64_t total = 0;
    for (int set = 0; set < count; ++set) total += sets[set].rows_count;
    return total;
}

Rows rows_of(const Strided& change, const Index& listing, const Line& contracts, const Index& indptr) {
    if (listing.shape(0) != contracts.shape(0) || indptr.shape(0) == 0 || change.shape(1) == 0 ||
        (change.size() > 0 && change.shape(1) > 1 && change.stride(1) != 1)) {
        throw nb::value_error("rows: listing_index, contracts, indptr or scenarios do not fit together");
    }
    return Rows{change.data(),    change.stride(0),  int64_t(change.shape(0)),  int64_t(change.shape(1)),
                listing.data(),   contracts.data(),  int64_t(listing.shape(0)), indptr.data()};
}

RowSets row_sets_of(const Strided& change, const nb::list& sets, int64_t groups_count) {
    RowSets found;
    if (nb::len(sets) == 0 || nb::len(sets) > size_t(ROW_SETS_MAX)) {
        throw nb::value_error("rows: no set of rows, or too many");
    }
    for (const nb::handle each : sets) {
        const nb::tuple set = nb::cast<nb::tuple>(each);
        const Index indptr = nb::cast<Index>(set[2], false);
        if (int64_t(indptr.shape(0)) != groups_count + 1) throw nb::value_error("rows: sets have other groups");
        found.sets[found.count++] =
            rows_of(change, nb::cast<Index>(set[0], false), nb::cast<Line>(set[1], false), indptr);
    }
    return found;
}

nb::object answer(const Verdict& verdict) {
    return nb::make_tuple(verdict.is_misshapen, verdict.doubtful);
}

std::vector<int64_t> cut_by_rows(const Rows& rows, int64_t groups_count, int parts) {
    std::vector<int64_t> cuts(size_t(parts) + 1, 0);
    for (int part = 1; part < parts; ++part) {
        const int64_t* found = std::lower_bound(rows.indptr, rows.indptr + groups_count,
                                                rows.rows_count * part / parts);
        cuts[size_t(part)] = std::max<int64_t>(cuts[size_t(part) - 1], found - rows.indptr);
    }
    cuts[size_t(parts)] = groups_count;
    return cuts;
}

std::vector<double> largest_of(const RowSets& rows) {
    std::vector<double> largest(static_cast<size_t>(rows.listings_count()), 0.0);
    const KernelTable& kernels = *running().kernels;
    if (rows.rows_count() < rows.listings_count()) {
        for (int set = 0; set < rows.count; ++set) {
            const Rows& own = rows.sets[set];
            for (int64_t row = 0; row < own.rows_count; ++row) {
                kernels.largest_changes(own, own.listing[row], own.listing[row] + 1, largest.data());
            }
        }
        return largest;
    }
    for_ranges(split_for(rows.listings_count() * rows.scenarios_count()), rows.listings_count(),
               [&](int64_t first, int64_t last, int) {
                   kernels.largest_changes(rows.sets[0], first, last, largest.data());
               });
    return largest;
}

double largest_of_all(const std::vector<double>& largest) {
    double found = 0.0;
    for (double each : largest) {
        if (std::isnan(each)) return each;  // no bound holds
        found = std::max(found, each);
    }
    return found;
}

void bounds_of(const RowSets& rows, int64_t groups_count, const std::vector<double>& largest, double* bound) {
    for_ranges(split_for(rows.rows_count()), groups_count, [&](int64_t first, int64_t last, int) {
        running().kernels->bounds(rows.sets[0], largest.data(), first, last, bound);
        std::vector<double> further(rows.count > 1 ? size_t(groups_count) : 0);
        for (int set = 1; set < rows.count; ++set) {
            running().kernels->bounds(rows.sets[set], largest.data(), first, last, further.data());
            for (int64_t group = first; group < last; ++group) bound[group] += further[size_t(group)];
        }
    });
}

Passed together(const RowSets& rows, int64_t groups_count, const std::vector<Passed>& passed) {
    Passed all = {};
    for (const Passed& part : passed) {
        all.is_misshapen |= part.is_misshapen;
        all.rows_max = std::max(all.rows_max, part.rows_max);
        all.contracts_bits_max = std::max(all.contracts_bits_max, part.contracts_bits_max);
    }
    for (int set = 0; set < rows.count; ++set) {
        const Rows& own = rows.sets[set];
        all.is_misshapen |= own.indptr[0] != 0 || own.indptr[groups_count] != own.rows_count;
    }
    return all;
}

Verdict judge(const RowSets& rows, int64_t groups_count, const std::vector<Passed>& passed) {
    Verdict verdict;
    const Passed all = together(rows, groups_count, passed);
    verdict.is_misshapen = all.is_misshapen;
    if (verdict.is_misshapen || rows.rows_count() == 0) return verdict;
    const std::vector<double> largest = largest_of(rows);
    double contracts_max;
    std::memcpy(&contracts_max, &all.contracts_bits_max, 8);
    if (double(all.rows_max) * (contracts_max * largest_of_all(largest) + 1.0) < TICK_LIMIT) return verdict;
    std::vector<double> bound(static_cast<size_t>(groups_count));
    bounds_of(rows, groups_count, largest, bound.data());
    for (int64_t group = 0; group < groups_count; ++group) {
        if (!(bound[size_t(group)] < TICK_LIMIT)) verdict.doubtful.push_back(group);
    }
    return verdict;
}

}  // namespace crossmargin
