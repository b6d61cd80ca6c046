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

    void leave_order() {
        for (int64_t at = 0; is_in_order && at < grouped; ++at) order[at] = at;
        is_in_order = false;
    }

    // `order` is written from the first row on that does not lie in order.
    void add(int64_t row, int64_t group) {
        row_group[row] = group;
        if (row != grouped) leave_order();
        if (!is_in_order) order[grouped] = row;
        ++grouped;
    }
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

struct Groups {
    int64_t *account, *key;
    int64_t count = 0;
};

void open_group(Groups& groups, int64_t account, int64_t key) {
    groups.account[groups.count] = account;
    groups.key[groups.count] = key;
    ++groups.count;
}

// The bounds of the last group, which has all its rows.
void close_group(const Groups& groups, Block* blocks, int blocks_count) {
    for (int b = 0; b < blocks_count; ++b) blocks[b].indptr[groups.count] = blocks[b].grouped;
}

enum class Read { done, unsorted, refused };

constexpr int64_t NO_KEY = INT64_MAX;

// The key of the next row of an account that has one, NO_KEY behind its last row, -2 for no key at all.
int64_t next_key(Block& block, Keys keys, int64_t account) {
    for (; block.next < block.rows_count && block.account[block.next] == account; ++block.next) {
        const int64_t label = block.label[block.next];
        if (uint64_t(label) >= uint64_t(keys.count)) return -2;
        const int64_t key = keys.key[label];
        if (key != -1) return key;
        block.row_group[block.next] = -1;
    }
    return NO_KEY;
}

// The rows of an account whose keys ascend within each block: the blocks are merged.
Read group_ascending(Block* blocks, int blocks_count, Keys keys, int64_t account, Groups& groups) {
    int64_t head[BLOCKS_MAX], before = -1;
    for (int b = 0; b < blocks_count; ++b) {
        head[b] = next_key(blocks[b], keys, account);
        if (head[b] < 0) return Read::refused;
    }
    for (;;) {
        int64_t lowest = head[0];
        for (int b = 1; b < blocks_count; ++b) lowest = head[b] < lowest ? head[b] : lowest;
        if (lowest == NO_KEY) break;
        if (lowest <= before) return Read::unsorted;
        before = lowest;
        open_group(groups, account, lowest);
        for (int b = 0; b < blocks_count; ++b) {
            Block& block = blocks[b];
            while (head[b] == lowest) {
                block.add(block.next, groups.count - 1);
                ++block.next;
                head[b] = next_key(block, keys, account);
                if (head[b] < 0) return Read::refused;
            }
        }
        close_group(groups, blocks, blocks_count);
    }
    for (int b = 0; b < blocks_count; ++b) {
        const Block& block = blocks[b];
        if (block.next < block.rows_count && block.account[block.next] < account) return Read::refused;
    }
    return Read::done;
}

// The same for keys in any order; false where a label or an account is none.
bool group_sorted(Block* blocks, int blocks_count, Keys keys, int64_t account, Groups& groups,
                  std::vector<Place>& places) {
    places.clear();
    for (int b = 0; b < blocks_count; ++b) {
        Block& block = blocks[b];
        for (; block.next < block.rows_count && block.account[block.next] == account; ++block.next) {
            const int64_t label = block.label[block.next];
            if (uint64_t(label) >= uint64_t(keys.count) || keys.key[label] < -1) return false;
            block.row_group[block.next] = -1;
            if (keys.key[label] >= 0) places.push_back(Place{keys.key[label], block.next, b});
        }
        if (block.next < block.rows_count && block.account[block.next] < account) return false;
    }
    std::sort(places.begin(), places.end());
    for (size_t at = 0; at < places.size();) {
        const int64_t key = places[at].key;
        open_group(groups, account, key);
        for (; at < places.size() && places[at].key == key; ++at) {
            blocks[places[at].block].add(places[at].row, groups.count - 1);
        }
        close_group(groups, blocks, blocks_count);
    }
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

// One block whose rows lie by account and key already: every row writes what may be its group, and
// only what has changed moves on, so that no guess can be wrong. False where they do not lie so, or
// an index points outside: nothing is then usable.
bool group_in_order(Block& block, Keys keys, Groups& groups) {
    int64_t group = -1, account = -1, highest = -1;
    bool is_in_order = true;
    for (int64_t row = 0; row < block.rows_count; ++row) {
        const int64_t label = block.label[row], own = block.account[row];
        if (uint64_t(label) >= uint64_t(keys.count)) return false;
        const int64_t key = keys.key[label];
        is_in_order &= (own > account) | ((own == account) & (key >= highest));
        is_in_order &= (key >= 0) & (own >= 0);
        group += (own != account) | (key != highest);
        account = own;
        highest = key;
        block.row_group[row] = group;
        if (group < 0) return false;
        groups.account[group] = own;
        groups.key[group] = key;
        block.indptr[group + 1] = row + 1;
    }
    block.indptr[0] = 0;
    block.next = block.grouped = block.rows_count;
    groups.count = group + 1;
    return is_in_order;
}

// Where an account begins, to begin it anew.
struct Start {
    int64_t next, grouped;
};

// False where accounts do not ascend or an index points outside.
bool group_accounts(Block* blocks, int blocks_count, Keys keys, Groups& groups) {
    std::vector<Place> places;
    int64_t before = -1;
    for (int b = 0; b < blocks_count; ++b) blocks[b].indptr[0] = 0;
    for (int64_t account = next_account(blocks, blocks_count); account >= 0;
         account = next_account(blocks, blocks_count)) {
        if (account <= before) return false;
        before = account;
        Start start[BLOCKS_MAX];
        const int64_t count = groups.count;
        for (int b = 0; b < blocks_count; ++b) start[b] = Start{blocks[b].next, blocks[b].grouped};
        const Read found = group_ascending(blocks, blocks_count, keys, account, groups);
        if (found == Read::refused) return false;
        if (found == Read::done) continue;
        groups.count = count;
        for (int b = 0; b < blocks_count; ++b) {
            blocks[b].next = start[b].next;
            blocks[b].grouped = start[b].grouped;
        }
        if (!group_sorted(blocks, blocks_count, keys, account, groups, places)) return false;
    }
    for (int b = 0; b < blocks_count; ++b) {
        if (blocks[b].next != blocks[b].rows_count) return false;  // a negative account
        if (blocks[b].grouped != blocks[b].rows_count) blocks[b].leave_order();  // rows of no group at the end
    }
    return true;
}

// `given` are tuples of account, label, and room for row_group, order and indptr. Gives the number
// of groups, -1 where the twin must say what is wrong, and for each block its grouped rows and
// whether they lie in order: then `order` only counts up, and is not written.
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
    Groups groups{group_account.data(), group_key.data()};
    bool is_fine;
    {
        nb::gil_scoped_release released;
        const Keys keys{key.data(), int64_t(key.shape(0))};
        is_fine = blocks_count == 1 && group_in_order(blocks[0], keys, groups);
        if (!is_fine) {
            groups.count = blocks[0].next = blocks[0].grouped = 0;
            is_fine = group_accounts(blocks, blocks_count, keys, groups);
        }
    }
    nb::list found;
    for (int b = 0; b < blocks_count; ++b) found.append(nb::make_tuple(blocks[b].grouped, blocks[b].is_in_order));
    return nb::make_tuple(is_fine ? groups.count : -1, found);
}

}  // namespace

void bind_grouped(nb::module_& m) {
    m.def("grouped_rows", &grouped_rows, nb::arg(), nb::arg().noconvert(), nb::arg().noconvert(),
          nb::arg().noconvert());
}

}  // namespace crossmargin
