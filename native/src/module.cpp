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
#include "row_sets.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace crossmargin {

Running& running() {
    static Running chosen;
    return chosen;
}

namespace {

using StridedFlags = nb::ndarray<const bool, nb::ndim<2>, nb::device::cpu>;

RowSets one_set(const Strided& change, const Index& listing, const Line& contracts, const Index& indptr) {
    RowSets rows;
    rows.sets[0] = rows_of(change, listing, contracts, indptr);
    rows.count = 1;
    return rows;
}

nb::object net_ticks(Strided change, Index listing, Line contracts, Index indptr, MatrixOut out) {
    const RowSets rows = one_set(change, listing, contracts, indptr);
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1, width = rows.scenarios_count();
    if (int64_t(out.shape(0)) != groups_count || int64_t(out.shape(1)) != width) {
        throw nb::value_error("out must be (groups, scenarios)");
    }
    double* ticks = out.data();
    Verdict verdict;
    {
        nb::gil_scoped_release released;
        verdict = over_groups(rows, groups_count, [&](int64_t first, int64_t last, Passed& passed) {
            running().kernels->sums(rows.sets[0], first, last, ticks + first * width, passed);
        });
    }
    return answer(verdict);
}

// `sets` are tuples of listing_index, contracts and indptr.
nb::object net_worst_tail(Strided change, nb::list sets, int64_t tail_count, double tail_fraction, LineOut worst,
                          IndexOut scenario, LineOut tail_sum) {
    const int64_t groups_count = int64_t(worst.shape(0));
    const RowSets rows = row_sets_of(change, sets, groups_count);
    const TailShape shape{tail_count, tail_fraction};
    if (tail_count < 0 || shape.ranks() < 1 || shape.ranks() > rows.scenarios_count() ||
        int64_t(scenario.shape(0)) != groups_count ||
        int64_t(tail_sum.shape(0)) != groups_count) {
        throw nb::value_error("the tail does not fit the scenarios, or the results do not fit the groups");
    }
    const Tails out{worst.data(), scenario.data(), tail_sum.data()};
    Verdict verdict;
    {
        nb::gil_scoped_release released;
        verdict = over_groups(rows, groups_count, [&](int64_t first, int64_t last, Passed& passed) {
            const std::unique_ptr<double[]> scratch(
                new double[static_cast<size_t>(scratch_size(rows.scenarios_count()))]());
            running().kernels->tails(rows.sets, rows.count, first, last, shape, out, scratch.get(), passed);
        });
    }
    return answer(verdict);
}

nb::object net_ranked(Strided change, Index listing, Line contracts, Index indptr, int64_t rank, LineOut ticks,
                      IndexOut scenario) {
    const RowSets rows = one_set(change, listing, contracts, indptr);
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1;
    if (rank < 1 || rank > rows.scenarios_count() || int64_t(ticks.shape(0)) != groups_count ||
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
                new double[static_cast<size_t>(scratch_size(rows.scenarios_count()))]());
            running().kernels->ranked(rows.sets[0], first, last, rank, found, where, scratch.get(), passed);
        });
    }
    return answer(verdict);
}

void gross_bound_ticks(Strided change, Index listing, Line contracts, Index indptr, LineOut bound) {
    const RowSets rows = one_set(change, listing, contracts, indptr);
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
    m.def("net_worst_tail", &net_worst_tail, nb::arg().noconvert(), nb::arg(), nb::arg(), nb::arg(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert());
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
    m.attr("SEAM") = 4;
    bind_shaped(m);
    bind_grouped(m);
    bind_resident_book(m);
    bind_limits(m);
}
