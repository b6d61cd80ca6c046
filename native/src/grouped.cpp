// Which rows of an account belong together: its keys in ascending order, over one block or several.
#include <algorithm>

#include "row_sets.hpp"

namespace crossmargin {

namespace {

constexpr int BLOCKS_MAX = ROW_SETS_MAX;

struct Block {
    const int64_t* account;  // (rows,) ascending
    const int64_t* label;    // (rows,) places in the table of keys
    int64_t rows_count;
    int64_t *row_group, *order, *indptr;
    int64_t next = 0;      // the first row that is not read yet
    int64_t grouped = 0;   // rows that have a group so far
    bool is_in_order = true;
};

struct Place {
    int64_t key, row;
    int block;
    bool operator<(const Place& other) const {
        return key != other.key ? key < other.key : block != other.block ? block < other.block : row < other.row;
    }
};

struct Keys {
    const int64_t* key;
    int64_t count;
};

// The rows of `account` that have a key; false where a label or an account is none.
bool read_account(Block* blocks, int blocks_count, Keys keys, int64_t account, std::vector<Place>& places) {
    places.clear();
    bool is_sorted = true;
    for (int b = 0; b < blocks_count; ++b) {
        Block& block = blocks[b];
        for (; block.next < block.rows_count && block.account[block.next] == account; ++block.next) {
            const int64_t label = block.label[block.next];
            if (label < 0 || label >= keys.count) return false;
            const int64_t key = keys.key[label];
            if (key < -1) return false;
            block.row_group[block.next] = -1;
            if (key == -1) {
                block.is_in_order = false;
                continue;
            }
            is_sorted &= places.empty() || places.back().key <= key;
            places.push_back(Place{key, block.next, b});
        }
        if (block.next < block.rows_count && block.account[block.next] < account) return false;
    }
    if (!is_sorted) std::sort(places.begin(), places.end());
    return true;
}

// The account of the next row, -1 where none is left.
int64_t next_account(const Block* blocks, int blocks_count) {
    int64_t found = -1;
    for (int b = 0; b < blocks_count; ++b) {
        if (blocks[b].next == blocks[b].rows_count) continue;
        const int64_t account = blocks[b].account[blocks[b].next];
        found = found < 0 || account < found ? account : found;
    }
    return found;
}

// Number of groups, -1 where accounts do not ascend or an index points outside.
int64_t group_accounts(Block* blocks, int blocks_count, Keys keys, int64_t* group_account, int64_t* group_key) {
    std::vector<Place> places;
    int64_t groups = 0, before = -1;
    for (int b = 0; b < blocks_count; ++b) blocks[b].indptr[0] = 0;
    for (;;) {
        const int64_t account = next_account(blocks, blocks_count);
        if (account < 0) break;
        if (account <= before || !read_account(blocks, blocks_count, keys, account, places)) return -1;
        before = account;
        for (size_t at = 0; at < places.size();) {
            const int64_t key = places[at].key;
            group_account[groups] = account;
            group_key[groups] = key;
            for (; at < places.size() && places[at].key == key; ++at) {
                Block& block = blocks[places[at].block];
                block.is_in_order &= places[at].row == block.grouped;
                block.order[block.grouped++] = places[at].row;
                block.row_group[places[at].row] = groups;
            }
            ++groups;
            for (int b = 0; b < blocks_count; ++b) blocks[b].indptr[groups] = blocks[b].grouped;
        }
    }
    for (int b = 0; b < blocks_count; ++b) {
        if (blocks[b].next != blocks[b].rows_count) return -1;  // a negative account
    }
    return groups;
}

// `given` are tuples of account, label, and room for row_group, order and indptr. Gives the number
// of groups, -1 where the twin must say what is wrong, and for each block its grouped rows and
// whether they lie in order.
nb::object grouped_rows(nb::list given, Index key, IndexOut group_account, IndexOut group_key) {
    const int blocks_count = int(nb::len(given));
    if (blocks_count < 1 || blocks_count > BLOCKS_MAX) throw nb::value_error("groups: no block, or too many");
    Block blocks[BLOCKS_MAX];
    int64_t rows_count = 0;
    for (int b = 0; b < blocks_count; ++b) {
        const nb::tuple block = nb::cast<nb::tuple>(given[size_t(b)]);
        const Index account = nb::cast<Index>(block[0], false), label = nb::cast<Index>(block[1], false);
        const IndexOut row_group = nb::cast<IndexOut>(block[2], false), order = nb::cast<IndexOut>(block[3], false);
        const IndexOut indptr = nb::cast<IndexOut>(block[4], false);
        blocks[b].account = account.data();
        blocks[b].label = label.data();
        blocks[b].rows_count = int64_t(account.shape(0));
        blocks[b].row_group = row_group.data();
        blocks[b].order = order.data();
        blocks[b].indptr = indptr.data();
        if (label.shape(0) != account.shape(0) || row_group.shape(0) != account.shape(0) ||
            order.shape(0) != account.shape(0)) {
            throw nb::value_error("groups: arrays of a block do not fit together");
        }
        rows_count += blocks[b].rows_count;
        if (int64_t(indptr.shape(0)) <= int64_t(group_account.shape(0))) {
            throw nb::value_error("groups: no room for a bound per group");
        }
    }
    if (int64_t(group_account.shape(0)) < rows_count || group_key.shape(0) != group_account.shape(0)) {
        throw nb::value_error("groups: no room for a group per row");
    }
    int64_t groups;
    {
        nb::gil_scoped_release released;
        groups = group_accounts(blocks, blocks_count, Keys{key.data(), int64_t(key.shape(0))},
                                group_account.data(), group_key.data());
    }
    nb::list found;
    for (int b = 0; b < blocks_count; ++b) found.append(nb::make_tuple(blocks[b].grouped, blocks[b].is_in_order));
    return nb::make_tuple(groups, found);
}

}  // namespace

void bind_grouped(nb::module_& m) {
    m.def("grouped_rows", &grouped_rows, nb::arg(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert());
}

}  // namespace crossmargin
