// The Python face of shaped scans and of amounts of groups: arrays are checked for type and shape here.
#include <cmath>
#include <cstring>
#include <memory>

#include "row_sets.hpp"

namespace crossmargin {

namespace {

// (labels, scenarios) laid out in whole vectors; what is beyond the scenarios changes nothing.
std::vector<double> laid_out(const Matrix& spread, int64_t scenarios_count) {
    const int64_t width = padded(scenarios_count), labels = int64_t(spread.shape(0));
    std::vector<double> room(static_cast<size_t>(labels * width), 1.0);
    for (int64_t label = 0; label < labels; ++label) {
        std::memcpy(room.data() + label * width, spread.data() + label * scenarios_count,
                    size_t(scenarios_count) * sizeof(double));
    }
    return room;
}

// From which to which scenario each label has something other than what changes nothing.
std::vector<int64_t> spans_of(const Matrix& spread, double nothing) {
    const int64_t labels = int64_t(spread.shape(0)), scenarios_count = int64_t(spread.shape(1));
    std::vector<int64_t> spans(static_cast<size_t>(2 * labels), 0);
    for (int64_t label = 0; label < labels; ++label) {
        const double* own = spread.data() + label * scenarios_count;
        int64_t from = 0, to = scenarios_count;
        while (to > 0 && own[to - 1] == nothing) --to;
        while (from < to && own[from] == nothing) ++from;
        spans[size_t(2 * label)] = from;
        spans[size_t(2 * label + 1)] = to;
    }
    return spans;
}

// One part as Python has it: (sets, label, start, reads_value, steps).
struct HeldPart {
    RowSets rows;
    std::vector<std::vector<double>> spreads;
    std::vector<std::vector<int64_t>> spans;
    std::vector<ShapeStep> steps;
    ShapedPart part;

    HeldPart(const Strided& change, const Line& value, const nb::tuple& given, int64_t outer_count) {
        const Index label = nb::cast<Index>(given[1], false), start = nb::cast<Index>(given[2], false);
        const nb::list said = nb::cast<nb::list>(given[4]);
        const int64_t inner_count = int64_t(label.shape(0));
        rows = row_sets_of(change, nb::cast<nb::list>(given[0]), inner_count);
        int64_t labels_count = INT64_MAX;
        spreads.reserve(nb::len(said));
        spans.reserve(nb::len(said));
        for (const nb::handle each : said) {
            const nb::tuple step = nb::cast<nb::tuple>(each);
            const auto kind = ShapeKind(nb::cast<int64_t>(step[0]));
            const Matrix spread = nb::cast<Matrix>(step[1], false), own = nb::cast<Matrix>(step[2], false);
            const bool is_spread = kind == ShapeKind::range_share || kind == ShapeKind::damping;
            if (kind < ShapeKind::sign_discount || kind > ShapeKind::gain_limit || own.shape(1) != 2 ||
                (is_spread && (int64_t(spread.shape(1)) != rows.scenarios_count() ||
                               spread.shape(0) != own.shape(0)))) {
                throw nb::value_error("shapes: a step does not fit the scenarios or the labels");
            }
            spreads.push_back(is_spread ? laid_out(spread, rows.scenarios_count()) : std::vector<double>());
            // A range of 1 and an allowance for nothing leave whole ticks as they are.
            spans.push_back(is_spread ? spans_of(spread, kind == ShapeKind::range_share ? 1.0 : 0.0)
                                      : std::vector<int64_t>(size_t(2 * own.shape(0))));
            steps.push_back(ShapeStep{kind, is_spread ? spreads.back().data() : nullptr, own.data(), spans.back().data()});
            labels_count = std::min(labels_count, int64_t(own.shape(0)));
        }
        const bool reads_value = nb::cast<bool>(given[3]);
        if (int64_t(start.shape(0)) != outer_count + 1 ||
            (reads_value && int64_t(value.shape(0)) != rows.listings_count())) {
            throw nb::value_error("shapes: start or value does not fit the groups or the listings");
        }
        std::copy(rows.sets, rows.sets + ROW_SETS_MAX, part.sets);
        part.sets_count = rows.count;
        part.label = label.data();
        part.start = start.data();
        part.inner_count = inner_count;
        part.labels_count = labels_count;
        part.value = reads_value ? value.data() : nullptr;
        part.steps = steps.data();
        part.steps_count = int(steps.size());
    }
};

double as_size(int64_t bits) {
    double size;
    std::memcpy(&size, &bits, 8);
    return size;
}

// What the absolute ticks of a group of the part come to at most, in changes and in value; NaN or
// infinite where no bound holds.
double bound_of(const HeldPart& held, const Line& value, const Passed& passed) {
    std::vector<double> largest = largest_of(held.rows);
    for (size_t listing = 0; held.part.value != nullptr && listing < largest.size(); ++listing) {
        const double size = std::fabs(value.data()[listing]);
        if (!(size <= largest[listing])) largest[listing] = std::isnan(largest[listing]) ? largest[listing] : size;
    }
    const double rough = double(passed.rows_max) * (as_size(passed.contracts_bits_max) * largest_of_all(largest) + 1.0);
    if (rough < TICK_LIMIT) return rough;
    std::vector<double> bound(size_t(held.part.inner_count));
    bounds_of(held.rows, held.part.inner_count, largest, bound.data());
    return largest_of_all(bound);
}

// Whether every sum, of rows and of shaped changes, is known to be exact.
bool is_exact(const std::vector<std::unique_ptr<HeldPart>>& parts, const Line& value, const ShapedPassed& all) {
    double added = double(all.inner_max) * double(parts.size()) * as_size(all.size_bits_max);
    for (const auto& held : parts) {
        const double bound = bound_of(*held, value, all.rows);
        if (!(bound < TICK_LIMIT)) return false;
        if (held->steps.empty()) added += double(all.inner_max) * bound;
    }
    return added < TICK_LIMIT;
}

// False where the twin must say what is wrong, or show that nothing is.
bool net_shaped_worst(Strided change, Line value, nb::list given, Line weight, LineOut worst, IndexOut scenario) {
    const int64_t outer_count = int64_t(worst.shape(0)), scenarios_count = int64_t(change.shape(1));
    if (int64_t(weight.shape(0)) != scenarios_count || int64_t(scenario.shape(0)) != outer_count || nb::len(given) == 0) {
        throw nb::value_error("shapes: weights do not fit the scenarios, or results do not fit the groups");
    }
    std::vector<std::unique_ptr<HeldPart>> held;
    for (const nb::handle each : given) {
        held.push_back(std::make_unique<HeldPart>(change, value, nb::cast<nb::tuple>(each), outer_count));
    }
    const int64_t width = padded(scenarios_count);
    std::vector<double> weights(static_cast<size_t>(width), 1.0);
    std::copy(weight.data(), weight.data() + scenarios_count, weights.begin());
    std::vector<ShapedPart> parts;
    int64_t rows_count = 0;
    for (const auto& each : held) {
        parts.push_back(each->part);
        rows_count += each->rows.rows_count();
    }
    double* lowest = worst.data();
    int64_t* where = scenario.data();
    nb::gil_scoped_release released;
    const Split split = split_for(rows_count * scenarios_count + outer_count);
    std::vector<ShapedPassed> passed(static_cast<size_t>(split.parts), ShapedPassed{});
    for_ranges(split, outer_count, [&](int64_t first, int64_t last, int part) {
        const std::unique_ptr<double[]> scratch(
            new double[static_cast<size_t>(3 * (width + SCRATCH_MARGIN))]());
        ShapedPassed mine = {};
        running().kernels->shaped(parts.data(), int(parts.size()), scenarios_count, weights.data(), first, last,
                                  lowest, where, scratch.get(), mine);
        passed[size_t(part)] = mine;
    });
    ShapedPassed all = {};
    for (const ShapedPassed& part : passed) {
        all.is_misshapen |= part.is_misshapen;
        all.size_bits_max = std::max(all.size_bits_max, part.size_bits_max);
        all.inner_max = std::max(all.inner_max, part.inner_max);
        all.rows.rows_max = std::max(all.rows.rows_max, part.rows.rows_max);
        all.rows.contracts_bits_max = std::max(all.rows.contracts_bits_max, part.rows.contracts_bits_max);
    }
    for (const auto& each : held) {
        const Passed fits = together(each->rows, each->part.inner_count, {});
        all.is_misshapen |= fits.is_misshapen || each->part.start[0] != 0 ||
                            each->part.start[outer_count] != each->part.inner_count;
    }
    return !all.is_misshapen && is_exact(held, value, all);
}

// False where the twin must say what is wrong.
bool net_and_gross(Line figure, Index listing, Line contracts, Index indptr, LineOut net, LineOut gross) {
    const int64_t groups_count = int64_t(indptr.shape(0)) - 1;
    if (listing.shape(0) != contracts.shape(0) || groups_count < 0 || int64_t(net.shape(0)) != groups_count ||
        int64_t(gross.shape(0)) != groups_count) {
        throw nb::value_error("rows: listing_index, contracts, indptr or results do not fit together");
    }
    const Rows rows{figure.data(), 1, int64_t(figure.shape(0)), 1, listing.data(), contracts.data(),
                    int64_t(listing.shape(0)), indptr.data()};
    const NetGross out{net.data(), gross.data()};
    if (rows.indptr[0] != 0 || rows.indptr[groups_count] != rows.rows_count) return false;
    nb::gil_scoped_release released;
    const std::vector<Passed> passed =
        passed_over(rows, rows.rows_count, groups_count, [&](int64_t first, int64_t last, Passed& mine) {
            if (!running().kernels->net_gross(rows, first, last, out, mine)) mine.is_misshapen = true;
        });
    return std::none_of(passed.begin(), passed.end(), [](const Passed& part) { return part.is_misshapen; });
}

}  // namespace

void bind_shaped(nb::module_& m) {
    m.def("net_shaped_worst", &net_shaped_worst, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert());
    m.def("net_and_gross", &net_and_gross, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert(), nb::arg().noconvert(), nb::arg().noconvert());
}

}  // namespace crossmargin
