// The Python face: arrays are checked for type and shape here, their contents by the kernels.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstring>
#include <memory>

#include "limits.hpp"
#include "resident_book.hpp"
#include "running.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace crossmargin {

Running& running() {
    static Running chosen;
    return chosen;
}

namespace {

using Line = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Index = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using MatrixOut = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using LineOut = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using IndexOut = nb::ndarray<int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Strided = nb::ndarray<const double, nb::ndim<2>, nb::device::cpu>;
using StridedFlags = nb::ndarray<const bool, nb::ndim<2>, nb::device::cpu>;

constexpr double TICK_LIMIT = 9007199254740992.0;  // 2**53

Rows rows_of(const Strided& change, const Index& listing, const Line& contracts, const Index& indptr) {
    if (listing.shape(0) != contracts.shape(0) || indptr.shape(0) == 0 || change.shape(1) == 0 ||
        (change.size() > 0 && change.shape(1) > 1 && change.stride(1) != 1)) {
        throw nb::value_error("rows: listing_index, contracts, indptr or scenarios do not fit together");
    }
    return Rows{change.data(),    change.stride(0),  int64_t(change.shape(0)),  int64_t(change.shape(1)),
                listing.data(),   contracts.data(),  int64_t(listing.shape(0)), indptr.data()};
}

// Groups are cut where their rows are, so that no thread waits for one with longer groups.
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

struct Verdict {
    bool is_misshapen = false;
    std::vector<int64_t> doubtful;  // groups whose bound reaches 2**53 or is no number
};

// Of the listings that the rows hold, or of all where that is less work.
std::vector<double> largest_of(const Rows& rows) {
    std::vector<double> largest(static_cast<size_t>(rows.listings_count), 0.0);
    const KernelTable& kernels = *running().kernels;
    if (rows.rows_count < rows.listings_count) {
        for (int64_t row = 0; row < rows.rows_count; ++row) {
            kernels.largest_changes(rows, rows.listing[row], rows.listing[row] + 1, largest.data());
        }
        return largest;
    }
    for_ranges(split_for(rows.listings_count * rows.scenarios_count), rows.listings_count,
               [&](int64_t first, int64_t last, int) {
                   kernels.largest_changes(rows, first, last, largest.data());
               });
    return largest;
}

void bounds_of(const Rows& rows, int64_t groups_count, const std::vector<double>& largest, double* bound) {
    for_ranges(split_for(rows.rows_count), groups_count, [&](int64_t first, int64_t last, int) {
        running().kernels->bounds(rows, largest.data(), first, last, bound);
    });
}

// Most rows x largest contracts x largest change clears every group at once; else each for itself.
Verdict judge(const Rows& rows, int64_t groups_count, const std::vector<Passed>& passed) {
    Verdict verdict;
    Passed all = {};
    for (const Passed& part : passed) {
        all.is_misshapen |= part.is_misshapen;
        all.rows_max = std::max(all.rows_max, part.rows_max);
        all.contracts_bits_max = std::max(all.contracts_bits_max, part.contracts_bits_max);
    }
    verdict.is_misshapen = all.is_misshapen || rows.indptr[0] != 0 ||
                           rows.indptr[groups_count] != rows.rows_count;
    if (verdict.is_misshapen || rows.rows_count == 0) return verdict;
    const std::vector<double> largest = largest_of(rows);
    double contracts_max, change_max = 0.0;
    std::memcpy(&contracts_max, &all.contracts_bits_max, 8);
    for (double change : largest) {
        if (std::isnan(change)) {
            change_max = change;  // no bound holds
            break;
        }
        change_max = std::max(change_max, change);
    }
    if (double(all.rows_max) * (contracts_max * change_max + 1.0) < TICK_LIMIT) return verdict;
    std::vector<double> bound(static_cast<size_t>(groups_count));
    bounds_of(rows, groups_count, largest, bound.data());
    for (int64_t group = 0; group < groups_count; ++group) {
        if (!(bound[size_t(group)] < TICK_LIMIT)) verdict.doubtful.push_back(group);
    }
    return verdict;
}

template <class Work>
Verdict over_groups(const Rows& rows, int64_t groups_count, const Work& work) {
    const Split split = split_for(rows.rows_count * rows.scenarios_count + groups_count);
    const std::vector<int64_t> cuts = cut_by_rows(rows, groups_count, split.parts);
    std::vector<Passed> passed(static_cast<size_t>(split.parts), Passed{});
    thread_pool().run(split.threads, split.parts, [&](int part) {
        // Its own copy while it runs: neighbours would share a cache line.
        Passed mine = {};
        work(cuts[size_t(part)], cuts[size_t(part) + 1], mine);
        passed[size_t(part)] = mine;
    });
    return judge(rows, groups_count, passed);
}

nb::object answer(const Verdict& verdict) {
    return nb::make_tuple(verdict.is_misshapen, verdict.doubtful);
}

nb::object net_ticks(Strided change, Index listing, Line contracts, Index indptr, MatrixOut out) {
    const Rows rows = rows_of(change, listing, contracts, indptr);
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1, width = rows.scenarios_count;
    if (int64_t(out.shape(0)) != groups_count || int64_t(out.shape(1)) != width) {
        throw nb::value_error("out must be (groups, scenarios)");
    }
    double* ticks = out.data();
    Verdict verdict;
    {
        nb::gil_scoped_release released;
        verdict = over_groups(rows, groups_count, [&](int64_t first, int64_t last, Passed& passed) {
            running().kernels->sums(rows, first, last, ticks + first * width, passed);
        });
    }
    return answer(verdict);
}

nb::object net_worst_tail(Strided change, Index listing, Line contracts, Index indptr, int64_t tail_count,
                          double tail_fraction, LineOut worst, IndexOut scenario, LineOut tail_sum) {
    const Rows rows = rows_of(change, listing, contracts, indptr);
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1;
    const TailShape shape{tail_count, tail_fraction};
    if (tail_count < 0 || shape.ranks() < 1 || shape.ranks() > rows.scenarios_count ||
        int64_t(worst.shape(0)) != groups_count || int64_t(scenario.shape(0)) != groups_count ||
        int64_t(tail_sum.shape(0)) != groups_count) {
        throw nb::value_error("the tail does not fit the scenarios, or the results do not fit the groups");
    }
    const Tails out{worst.data(), scenario.data(), tail_sum.data()};
    Verdict verdict;
    {
        nb::gil_scoped_release released;
        verdict = over_groups(rows, groups_count, [&](int64_t first, int64_t last, Passed& passed) {
            const std::unique_ptr<double[]> scratch(
                new double[static_cast<size_t>(scratch_size(rows.scenarios_count))]());
            running().kernels->tails(rows, first, last, shape, out, scratch.get(), passed);
        });
    }
    return answer(verdict);
}

nb::object net_ranked(Strided change, Index listing, Line contracts, Index indptr, int64_t rank, LineOut ticks,
                      IndexOut scenario) {
    const Rows rows = rows_of(change, listing, contracts, indptr);
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1;
    if (rank < 1 || rank > rows.scenarios_count || int64_t(ticks.shape(0)) != groups_count ||
        int64_t(scenario.shape(0)) != groups_count) {
        throw nb::value_error("the rank does not fit the scenarios, or the results do not fit the groups");
    }
    double* found = ticks.data();
    int64_t* where = scenario.data();
    Verdict verdict;
    {
        nb::gil_scoped_release released;
        verdict = over_groups(rows, groups_count, [&](int64_t first, int64_t last, Passed& passed) {
            const std::unique_ptr<double[]> scratch(
                new double[static_cast<size_t>(scratch_size(rows.scenarios_count))]());
            running().kernels->ranked(rows, first, last, rank, found, where, scratch.get(), passed);
        });
    }
    return answer(verdict);
}

void gross_bound_ticks(Strided change, Index listing, Line contracts, Index indptr, LineOut bound) {
    const Rows rows = rows_of(change, listing, contracts, indptr);
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1;
    if (int64_t(bound.shape(0)) != groups_count) throw nb::value_error("bound must be (groups,)");
    double* bounds = bound.data();
    nb::gil_scoped_release released;
    bounds_of(rows, groups_count, largest_of(rows), bounds);
}

// The first row whose listing its group has already, -1 where there is none, -2 where one is unknown.
int64_t repeated_row(Index listing, Index indptr, int64_t listings_count) {
    if (indptr.shape(0) == 0 || listings_count < 0) throw nb::value_error("repeated_row: no indptr, or no listings");
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1, rows_count = int64_t(listing.shape(0));
    const int64_t *held = listing.data(), *cuts = indptr.data();
    nb::gil_scoped_release released;
    std::vector<int64_t> last_holder(static_cast<size_t>(listings_count), -1);
    int64_t row = 0, first = -1;
    for (int64_t group = 0; group < groups_count; ++group) {
        const int64_t end = std::min(cuts[group + 1], rows_count);
        for (; row < end; ++row) {
            if (held[row] < 0 || held[row] >= listings_count) return -2;
            int64_t& holder = last_holder[size_t(held[row])];
            if (holder == group && first < 0) first = row;
            holder = group;
        }
    }
    return first;
}

// Strides of an array that is (rows or 1, cells or 1): what there is once is read again and again.
template <class Array>
std::pair<int64_t, int64_t> strides_of(const Array& array, int64_t rows_count, int64_t cells_per_row) {
    const int64_t rows = int64_t(array.shape(0)), cells = int64_t(array.shape(1));
    const bool lies_together = cells <= 1 || array.size() == 0 || array.stride(1) == 1 || array.stride(1) == 0;
    if ((rows != 1 && rows != rows_count) || (cells != 1 && cells != cells_per_row) || !lies_together) {
        throw nb::value_error("options: columns must be (rows or 1, cells or 1), each row together");
    }
    return {rows == 1 ? 0 : array.stride(0), cells == 1 ? 0 : array.stride(1)};
}

Options options_of(const Strided& forward, const Strided& strike, const Strided& log_moneyness,
                   const Strided& deviation, const Strided& years, const StridedFlags& is_call,
                   const MatrixOut& out) {
    const int64_t rows_count = int64_t(out.shape(0)), cells_per_row = int64_t(out.shape(1));
    const auto column = [&](const Strided& array) {
        const auto [row_stride, cell_stride] = strides_of(array, rows_count, cells_per_row);
        return Column{array.data(), row_stride, cell_stride};
    };
    const auto [row_stride, cell_stride] = strides_of(is_call, rows_count, cells_per_row);
    return Options{column(forward),
                   column(strike),
                   column(log_moneyness),
                   column(deviation),
                   column(years),
                   Flags{reinterpret_cast<const uint8_t*>(is_call.data()), row_stride, cell_stride},
                   cells_per_row};
}

// Whether work(first, last) is content with every part.
template <class Work>
bool over_parts(Split split, int64_t count, const Work& work) {
    std::vector<char> fine(static_cast<size_t>(split.parts), 1);
    for_ranges(split, count, [&](int64_t first, int64_t last, int part) {
        fine[size_t(part)] = work(first, last);
    });
    return std::all_of(fine.begin(), fine.end(), [](char each) { return each != 0; });
}

template <class Work>
bool over_rows(int64_t rows_count, int64_t cells_per_row, const Work& work) {
    // A price takes about as long as sixteen additions.
    return over_parts(split_for(16 * rows_count * cells_per_row), rows_count, work);
}

bool black_prices(Strided forward, Strided strike, Strided log_moneyness, Strided deviation,
                  StridedFlags is_call, MatrixOut out) {
    const Options options = options_of(forward, strike, log_moneyness, deviation, deviation, is_call, out);
    const int64_t rows_count = int64_t(out.shape(0));
    double* price = out.data();
    nb::gil_scoped_release released;
    return over_rows(rows_count, options.cells_per_row, [&](int64_t first, int64_t last) {
        return running().kernels->prices(options, first, last, price);
    });
}

bool black_greeks(Strided forward, Strided strike, Strided log_moneyness, Strided deviation, Strided years,
                  StridedFlags is_call, MatrixOut delta, MatrixOut gamma, MatrixOut vega, MatrixOut theta) {
    const Options options = options_of(forward, strike, log_moneyness, deviation, years, is_call, delta);
    for (const MatrixOut* out : {&gamma, &vega, &theta}) {
        if (out->shape(0) != delta.shape(0) || out->shape(1) != delta.shape(1)) {
            throw nb::value_error("options: all results must have one shape");
        }
    }
    const int64_t rows_count = int64_t(delta.shape(0));
    const Greeks out{delta.data(), gamma.data(), vega.data(), theta.data()};
    nb::gil_scoped_release released;
    return over_rows(rows_count, options.cells_per_row, [&](int64_t first, int64_t last) {
        return running().kernels->greeks(options, first, last, out);
    });
}

// False where a label is outside the brackets; `out` then holds nothing usable.
bool tiered_rate(Line size, Matrix bound, Matrix rate, Index label, bool is_whole, bool bound_below, LineOut out) {
    const int64_t groups_count = int64_t(out.shape(0)), tiers_count = int64_t(rate.shape(1));
    if (int64_t(size.shape(0)) != groups_count || int64_t(label.shape(0)) != groups_count || tiers_count == 0 ||
        bound.shape(0) != rate.shape(0) || int64_t(bound.shape(1)) != tiers_count - 1) {
        throw nb::value_error("brackets: sizes, bounds, rates, labels and results do not fit together");
    }
    const Brackets brackets{size.data(),           bound.data(), rate.data(), label.data(),
                            int64_t(rate.shape(0)), tiers_count,  is_whole,    bound_below};
    double* found = out.data();
    nb::gil_scoped_release released;
    // A tier takes about as long as two additions.
    return over_parts(split_for(2 * groups_count * tiers_count), groups_count, [&](int64_t first, int64_t last) {
        return running().kernels->tiered(brackets, first, last, found);
    });
}

void use_instruction_set(const std::string& name) {
    const KernelTable* table = kernels_named(name.c_str());
    if (table == nullptr) throw nb::value_error(("this machine does not run " + name).c_str());
    running().kernels = table;
}

std::vector<std::string> instruction_sets() {
    std::vector<std::string> found;
    for (const char* name : {"portable", "avx2", "avx512"}) {
        if (kernels_named(name) != nullptr) found.push_back(name);
    }
    return found;
}

void use_threads(int count) {
    if (count < 1) throw nb::value_error("threads must be at least 1");
    running().threads = count;
}

}  // namespace
}  // namespace crossmargin

NB_MODULE(crossmargin_native, m) {
    using namespace crossmargin;
    m.doc() = "Kernels of crossmargin in C++: the same bits as crossmargin.kernels.";
    m.def("nothing", [] {}, "The cost of a call and of nothing else.");
    m.def("instruction_set", [] { return std::string(running().kernels->name); });
    m.def("instruction_sets", &instruction_sets, "Narrowest first.");
    m.def("use_instruction_set", &use_instruction_set, "name"_a);
    m.def("threads", [] { return running().threads; });
    m.def("use_threads", &use_threads, "count"_a);
    // An array of another type or layout is refused, never copied behind the caller's back.
    m.def("net_ticks", &net_ticks, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert());
    m.def("net_worst_tail", &net_worst_tail, nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg(), nb::arg(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert());
    m.def("net_ranked", &net_ranked, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg(), nb::arg().noconvert(), nb::arg().noconvert());
    m.def("repeated_row", &repeated_row, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg());
    m.def("gross_bound_ticks", &gross_bound_ticks, nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert());
    m.def("black_prices", &black_prices, nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert());
    m.def("black_greeks", &black_greeks, nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert());
    m.def("tiered_rate", &tiered_rate, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg(), nb::arg(), nb::arg().noconvert());
    // Raised with every change of what crossmargin.kernels.native calls.
    m.attr("SEAM") = 2;
    bind_resident_book(m);
    bind_limits(m);
}
