// What every instruction set offers: plain structs in, plain arrays out, no allocation, no exception.
#pragma once

#include <cstdint>

namespace crossmargin {

// Rows of groups: group g has the rows indptr[g] to indptr[g + 1], each a listing and contracts.
struct Rows {
    const double* change;  // (listings, scenarios), a row every `change_stride` doubles
    int64_t change_stride;
    int64_t listings_count;
    int64_t scenarios_count;
    const int64_t* listing;   // (rows,)
    const double* contracts;  // (rows,)
    int64_t rows_count;
    const int64_t* indptr;  // (groups + 1,)
};

// Sets of rows that a group may have: positions, balances, and room for as many again.
constexpr int ROW_SETS_MAX = 4;

// What one pass over a range of groups learns on its way, so that guards need no pass of their own.
struct Passed {
    bool is_misshapen;            // an index points outside: nothing was read there
    int64_t rows_max;             // rows of the longest group
    int64_t contracts_bits_max;   // largest |contracts| as bits; NaN is larger than infinity
};

// The tail is the sum of the lowest `whole_count` and `fraction` of the next one.
struct TailShape {
    int64_t whole_count;
    double fraction;
    int64_t ranks() const { return whole_count + (fraction > 0.0 ? 1 : 0); }
};

struct Tail {
    double worst;
    int64_t worst_scenario;
    double sum;
};

struct Shifted {
    double worst;
    double sum;
};

struct Tails {
    double* worst;
    int64_t* worst_scenario;
    double* sum;
};

// An argument that broadcasts to (rows, scenarios): strides in elements, the second 0 or 1.
struct Column {
    const double* data;
    int64_t row_stride;
    int64_t cell_stride;
};

struct Flags {
    const uint8_t* data;
    int64_t row_stride;
    int64_t cell_stride;
};

struct Options {
    Column forward, strike, log_moneyness, deviation, years;
    Flags is_call;
    int64_t cells_per_row;
};

struct Greeks {
    double *delta, *gamma, *vega, *theta;
};

// Sizes of groups and the brackets that their labels have.
struct Brackets {
    const double* size;    // (groups,)
    const double* bound;   // (labels, tiers - 1), where each tier but the last one ends
    const double* rate;    // (labels, tiers)
    const int64_t* label;  // (groups,)
    int64_t labels_count;
    int64_t tiers_count;
    bool is_whole;     // the rate of the tier that is reached, not the mean of its slices
    bool bound_below;  // at a bound the tier below it is reached
};

// What a shape does to the change of a group; its figures are those of the group's label.
enum class ShapeKind : int64_t { sign_discount, minus_absolute, gain_share, range_share, damping, gain_limit };

struct ShapeStep {
    ShapeKind kind;
    const double* spread;  // (labels, padded scenarios) ranges, or what lies beyond them
    const double* own;     // (labels, 2) one or two figures of the label
    const int64_t* span;   // (labels, 2) from which to which scenario a spread changes anything
};

// Inner groups that are netted, shaped step by step and added up to outer groups.
struct ShapedPart {
    Rows sets[ROW_SETS_MAX];
    int sets_count;
    const int64_t* label;      // (inner groups,)
    const int64_t* start;      // (outer groups + 1,) the inner groups of each outer one
    int64_t inner_count, labels_count;
    const double* value;       // (listings,) ticks per contract, null where no step reads it
    const ShapeStep* steps;
    int steps_count;
};

// The scenarios of one row, in whole vectors of every instruction set.
constexpr int64_t PAD = 8;
inline int64_t padded(int64_t scenarios_count) { return (scenarios_count + PAD - 1) / PAD * PAD; }

// What `shaped` learns on its way: the largest size of a shaped change as bits, most inner groups.
struct ShapedPassed {
    bool is_misshapen;
    int64_t size_bits_max, inner_max;
    Passed rows;
};

// Rows of a grouping: amounts whose absolute sum reaches 2**53 are in doubt.
struct NetGross {
    double* net;
    double* gross;
};

// Scratch of one thread for `tails`: (scenarios + SCRATCH_MARGIN) doubles for the sums, and as many
// each for candidates and their order.
constexpr int64_t SCRATCH_MARGIN = 16;
inline int64_t scratch_size(int64_t scenarios_count) { return 3 * (scenarios_count + SCRATCH_MARGIN); }

struct KernelTable {
    const char* name;
    int lanes;
    // (last - first, scenarios) whole ticks into `out`, which begins with group `first`.
    void (*sums)(const Rows&, int64_t first, int64_t last, double* out, Passed&);
    // The sums of a group run over its rows in all sets, which share one matrix of changes.
    void (*tails)(const Rows* sets, int sets_count, int64_t first, int64_t last, TailShape, Tails, double* scratch, Passed&);
    // (groups,) sums of the largest absolute ticks of rows, given the largest change of each listing.
    void (*bounds)(const Rows&, const double* largest, int64_t first, int64_t last, double* bound);
    void (*largest_changes)(const Rows&, int64_t first, int64_t last, double* largest);
    // (groups,) ticks of the `rank`-th lowest scenario, counted from 1, and its number.
    void (*ranked)(const Rows&, int64_t first, int64_t last, int64_t rank, double* ticks, int64_t* scenario,
                   double* scratch, Passed&);
    Tail (*tail_of)(const double* ticks, int64_t scenarios_count, TailShape, double* scratch);
    // ticks minus rint(before * change), then plus rint(after * change), and their worst and tail.
    // Both arrays run on to a whole cache line.
    Shifted (*shift)(double* ticks, const double* change, double before, double after, int64_t scenarios_count,
                     TailShape, double* scratch);
    // total += after - before
    void (*replace)(double* total, const double* before, const double* after, int64_t scenarios_count);
    // False where a forward, strike or deviation is negative: prices are then not to be used.
    bool (*prices)(const Options&, int64_t first, int64_t last, double* out);
    bool (*greeks)(const Options&, int64_t first, int64_t last, Greeks);
    // (groups,) charge per unit of size; false where a label is outside the brackets.
    bool (*tiered)(const Brackets&, int64_t first, int64_t last, double* out);
    // (outer groups,) lowest weighted sum of shaped changes over all parts, and its first scenario.
    // `weight` (padded scenarios,); scratch of three times that.
    void (*shaped)(const ShapedPart* parts, int parts_count, int64_t scenarios_count, const double* weight,
                   int64_t first, int64_t last, double* worst, int64_t* scenario, double* scratch, ShapedPassed&);
    // (groups,) sums of rounded products and of their sizes; false where a sum of sizes is in doubt.
    bool (*net_gross)(const Rows&, int64_t first, int64_t last, NetGross, Passed&);
    // For measuring: reads everything and adds it up; calls a vector function of this width.
    double (*read)(const double* from, int64_t count, int64_t passes);
    void (*apply)(void* function, const double* from, double* to, int64_t count);
};

// The widest set this machine has, or the one of that name; null where the machine lacks it.
const KernelTable* widest_kernels();
const KernelTable* kernels_named(const char* name);

}  // namespace crossmargin
