#include "resident_book.hpp"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "running.hpp"

namespace nb = nanobind;

namespace crossmargin {

namespace {

constexpr int64_t LINE_DOUBLES = 8;  // of a cache line
constexpr double TICK_LIMIT = 9007199254740992.0;

// The error classes of the NumPy twin, so that a caller need not know which of both it called.
[[noreturn]] void raise_of(const char* name, const std::string& message, int64_t group) {
    const nb::object kind = nb::module_::import_("crossmargin.kernels.tick_guard").attr(name);
    const nb::object error = kind(message, group);
    PyErr_SetObject(kind.ptr(), error.ptr());
    throw nb::python_error();
}

void refuse_beyond(double bound, int64_t group) {
    if (bound < TICK_LIMIT) return;
    const std::string where = "group " + std::to_string(group);
    if (bound >= TICK_LIMIT && bound <= 1.7976931348623157e308) {
        raise_of("TickOverflow", where + ": absolute ticks may add up to 2**53 or more", group);
    }
    raise_of("NotFinite", where + ": a change or contracts figure is not finite", group);
}

typedef int32_t Four __attribute__((vector_size(16)));
typedef int32_t LooseFour __attribute__((vector_size(16), aligned(4), may_alias));
typedef int64_t Two __attribute__((vector_size(16)));

// The row of a listing, or how many rows there are.
size_t row_of(const Group& group, int32_t listing) {
    const int32_t* held = group.listing.data();
    const size_t count = group.listing.size();
    const Four wanted = listing - Four{};
    const auto four = [&](size_t row) { return *reinterpret_cast<const LooseFour*>(held + row); };
    size_t row = 0;
    for (; row + 16 <= count; row += 16) {
        const Two found = (Two)((four(row) == wanted) | (four(row + 4) == wanted) | (four(row + 8) == wanted) |
                                (four(row + 12) == wanted));
        if ((found[0] | found[1]) != 0) break;
    }
    while (row < count && held[row] != listing) ++row;
    return row;
}

}  // namespace

TickRows::TickRows(int64_t scenarios_count, double beyond)
    : beyond_(beyond),
      scenarios_count_(scenarios_count),
      pitch_((scenarios_count + LINE_DOUBLES - 1) / LINE_DOUBLES * LINE_DOUBLES) {}

TickRows::~TickRows() { std::free(data_); }

void TickRows::swap(TickRows& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(beyond_, other.beyond_);
    std::swap(scenarios_count_, other.scenarios_count_);
    std::swap(pitch_, other.pitch_);
    std::swap(count_, other.count_);
    std::swap(capacity_, other.capacity_);
}

void TickRows::grow_to(int64_t count) {
    if (count > capacity_) {
        // An exact first size: a book is loaded once, and then grows by single groups.
        const int64_t capacity = capacity_ == 0 ? count : std::max(count, capacity_ + capacity_ / 4 + 16);
        void* room = std::aligned_alloc(64, size_t(capacity * pitch_) * sizeof(double));
        if (room == nullptr) throw std::bad_alloc();
        if (data_ != nullptr) std::memcpy(room, data_, size_t(count_ * pitch_) * sizeof(double));
        std::free(data_);
        data_ = static_cast<double*>(room);
        capacity_ = capacity;
    }
    for (; count_ < count; ++count_) {
        double* fresh = row(count_);
        std::fill(fresh, fresh + scenarios_count_, 0.0);
        std::fill(fresh + scenarios_count_, fresh + pitch_, beyond_);
    }
}

ResidentBook::ResidentBook(Matrix change, Index listing, Line contracts, Index indptr, Index group_account,
                           int64_t tail_count, double tail_fraction)
    : scenarios_count_(int64_t(change.shape(1))),
      listings_count_(int64_t(change.shape(0))),
      shape_{tail_count, tail_fraction},
      kernels_(running().kernels),
      change_(scenarios_count_, 0.0),
      group_ticks_(scenarios_count_, __builtin_inf()),
      account_ticks_(scenarios_count_, __builtin_inf()),
      holders_(static_cast<size_t>(listings_count_)) {
    if (listing.shape(0) != contracts.shape(0) || indptr.shape(0) != group_account.shape(0) + 1) {
        throw nb::value_error("resident book: rows, indptr and group_account do not fit together");
    }
    scratch_.assign(static_cast<size_t>(scratch_size(scenarios_count_)), 0.0);
    change_.grow_to(listings_count_);
    for (int64_t k = 0; k < listings_count_; ++k) {
        std::memcpy(change_.row(k), change.data() + k * scenarios_count_, size_t(scenarios_count_) * 8);
    }
    const Rows rows{change_.row(0), change_.pitch(), listings_count_,              scenarios_count_,
                    listing.data(), contracts.data(), int64_t(listing.shape(0)), indptr.data()};
    load(rows, group_account.data(), int64_t(group_account.shape(0)));
}

// `rows` are well shaped: the Python side has put them to the check of the twin.
void ResidentBook::load(const Rows& rows, const int64_t* group_account, int64_t groups_count) {
    largest_.assign(static_cast<size_t>(listings_count_), 0.0);
    kernels_->largest_changes(rows, 0, listings_count_, largest_.data());
    std::vector<double> bound(static_cast<size_t>(groups_count));
    kernels_->bounds(rows, largest_.data(), 0, groups_count, bound.data());
    std::vector<int64_t> all(static_cast<size_t>(groups_count));
    make_room(group_account, groups_count);
    std::vector<int64_t> last_holder(static_cast<size_t>(listings_count_), -1);
    for (int64_t group = 0; group < groups_count; ++group) {
        all[size_t(group)] = group;
        Group& mine = groups_[size_t(group)];
        mine.listing.reserve(static_cast<size_t>(rows.indptr[group + 1] - rows.indptr[group]));
        mine.contracts.reserve(mine.listing.capacity());
        for (int64_t row = rows.indptr[group]; row < rows.indptr[group + 1]; ++row) {
            const int64_t listing = rows.listing[row];
            if (last_holder[size_t(listing)] == group) {
                throw nb::value_error("resident book: a group holds a listing in one row");
            }
            last_holder[size_t(listing)] = group;
            if (rows.contracts[row] == 0.0) continue;
            mine.listing.push_back(int32_t(listing));
            mine.contracts.push_back(rows.contracts[row]);
            holders_[size_t(listing)].push_back(int32_t(group));
        }
        mine.bound = bound[size_t(group)];
        refuse_beyond(mine.bound, group);
        double& account = account_bound_[size_t(mine.account)];
        account += mine.bound;
        refuse_beyond(account, group);
    }
    settle(by_account(all));
}

void ResidentBook::make_room(const int64_t* group_account, int64_t groups_count) {
    int64_t accounts_count = 0;
    groups_.resize(static_cast<size_t>(groups_count));
    for (int64_t group = 0; group < groups_count; ++group) {
        if (group_account[group] < 0) throw nb::index_error("resident book: no such account");
        groups_[size_t(group)].account = group_account[group];
        accounts_count = std::max(accounts_count, group_account[group] + 1);
    }
    account_bound_.assign(static_cast<size_t>(accounts_count), 0.0);
    account_ticks_.grow_to(accounts_count);
    group_ticks_.grow_to(groups_count);
}

std::vector<int64_t> ResidentBook::by_account(std::vector<int64_t> groups) const {
    std::sort(groups.begin(), groups.end(), [&](int64_t one, int64_t other) {
        return std::make_pair(groups_[size_t(one)].account, one) <
               std::make_pair(groups_[size_t(other)].account, other);
    });
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
}

Group& ResidentBook::group_at(int64_t group) {
    if (group < 0 || group >= groups_count() || groups_[size_t(group)].account < 0) {
        throw nb::index_error("resident book: no such group");
    }
    return groups_[size_t(group)];
}

void ResidentBook::check_listing(int64_t listing) const {
    if (listing < 0 || listing >= listings_count_) throw nb::index_error("resident book: no such listing");
}

void ResidentBook::check_account(int64_t account) const {
    if (account < 0 || account >= accounts_count()) throw nb::index_error("resident book: no such account");
}

double ResidentBook::row_bound(int64_t listing, double contracts) const {
    // To the nearest whole number without a call: adding 2**52 leaves no place for a fraction.
    const double size = __builtin_fabs(contracts) * largest_[size_t(listing)];
    return size < TICK_LIMIT / 2 ? (size + TICK_LIMIT / 2) - TICK_LIMIT / 2 : size;
}

std::pair<double, double> ResidentBook::set_contracts(int64_t group, int64_t listing, double contracts) {
    Group& mine = group_at(group);
    check_listing(listing);
    // The changes come from afar while the row is looked up.
    const double* change = change_.row(listing);
    for (int64_t k = 0; k < change_.pitch(); k += LINE_DOUBLES) __builtin_prefetch(change + k);
    const size_t row = row_of(mine, int32_t(listing));
    const bool is_new = row == mine.listing.size();
    const double before = is_new ? 0.0 : mine.contracts[row];
    const double grown = row_bound(listing, contracts) - row_bound(listing, before);
    double& account_bound = account_bound_[size_t(mine.account)];
    refuse_beyond(account_bound + grown, group);
    if (contracts == 0.0) {
        if (!is_new) {
            mine.listing[row] = mine.listing.back();
            mine.contracts[row] = mine.contracts.back();
            mine.listing.pop_back();
            mine.contracts.pop_back();
        }
    } else if (is_new) {
        mine.listing.push_back(int32_t(listing));
        mine.contracts.push_back(contracts);
        holders_[size_t(listing)].push_back(int32_t(group));
    } else {
        mine.contracts[row] = contracts;
    }
    mine.bound += grown;
    account_bound += grown;
    // Only the account is brought up to date; its group's own ticks matter when an underlying moves.
    mine.is_behind = true;
    const Shifted found = kernels_->shift(account_ticks_.row(mine.account), change, before, contracts,
                                          scenarios_count_, shape_, scratch_.data());
    return {found.worst, found.sum};
}

double ResidentBook::contracts(int64_t group, int64_t listing) {
    check_listing(listing);
    const Group& mine = group_at(group);
    const size_t row = row_of(mine, int32_t(listing));
    return row == mine.listing.size() ? 0.0 : mine.contracts[row];
}

// Groups that hold one of the listings, by account; forgets those that have left a listing.
std::vector<int64_t> ResidentBook::holders_of(int64_t first_listing, int64_t count) {
    std::vector<int64_t> found;
    for (int64_t listing = first_listing; listing < first_listing + count; ++listing) {
        std::vector<int32_t>& holders = holders_[size_t(listing)];
        std::sort(holders.begin(), holders.end());
        holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
        holders.erase(std::remove_if(holders.begin(), holders.end(),
                                     [&](int32_t group) {
                                         const Group& mine = groups_[size_t(group)];
                                         return row_of(mine, int32_t(listing)) == mine.listing.size();
                                     }),
                      holders.end());
        found.insert(found.end(), holders.begin(), holders.end());
    }
    return by_account(std::move(found));
}

std::vector<int64_t> ResidentBook::set_changes(int64_t first_listing, Matrix changes) {
    const int64_t count = int64_t(changes.shape(0));
    if (int64_t(changes.shape(1)) != scenarios_count_) throw nb::value_error("changes must be (listings, scenarios)");
    if (first_listing < 0 || first_listing + count > listings_count_) {
        throw nb::index_error("resident book: no such listing");
    }
    const std::vector<int64_t> groups = holders_of(first_listing, count);
    std::vector<double> largest_before(largest_.begin() + first_listing, largest_.begin() + first_listing + count);
    const Rows fresh{changes.data(), scenarios_count_, count, scenarios_count_, nullptr, nullptr, 0, nullptr};
    kernels_->largest_changes(fresh, 0, count, largest_.data() + first_listing);
    std::vector<double> bound(groups.size());
    try {
        // Everything is judged before anything is changed.
        double account_bound = 0.0;
        for (size_t k = 0; k < groups.size(); ++k) {
            const Group& mine = groups_[size_t(groups[k])];
            for (size_t row = 0; row < mine.listing.size(); ++row) {
                bound[k] += row_bound(mine.listing[row], mine.contracts[row]);
            }
            refuse_beyond(bound[k], groups[k]);
            const bool is_same = k > 0 && groups_[size_t(groups[k - 1])].account == mine.account;
            account_bound = (is_same ? account_bound : account_bound_[size_t(mine.account)]) + bound[k] - mine.bound;
            refuse_beyond(account_bound, groups[k]);
        }
    } catch (...) {
        std::copy(largest_before.begin(), largest_before.end(), largest_.begin() + first_listing);
        throw;
    }
    catch_up(groups);
    for (int64_t k = 0; k < count; ++k) {
        std::memcpy(change_.row(first_listing + k), changes.data() + k * scenarios_count_,
                    size_t(scenarios_count_) * sizeof(double));
    }
    std::vector<int64_t> accounts;
    for (size_t k = 0; k < groups.size(); ++k) {
        Group& mine = groups_[size_t(groups[k])];
        account_bound_[size_t(mine.account)] += bound[k] - mine.bound;
        mine.bound = bound[k];
        if (accounts.empty() || accounts.back() != mine.account) accounts.push_back(mine.account);
    }
    settle(groups);
    return accounts;
}

// Sums these groups anew, and their accounts by the difference. `groups` are in order of account.
void ResidentBook::settle(const std::vector<int64_t>& groups) {
    int64_t work = 0;
    for (int64_t group : groups) work += int64_t(groups_[size_t(group)].listing.size() + 3) * scenarios_count_;
    const Split split = split_for(work);
    const auto cut = [&](int part) {
        size_t at = groups.size() * size_t(part) / size_t(split.parts);
        // Two threads never share an account.
        while (at > 0 && at < groups.size() &&
               groups_[size_t(groups[at])].account == groups_[size_t(groups[at - 1])].account) {
            ++at;
        }
        return at;
    };
    thread_pool().run(split.threads, split.parts, [&](int part) {
        std::vector<double> fresh(static_cast<size_t>(scenarios_count_));
        for (size_t k = cut(part); k < cut(part + 1); ++k) {
            const Group& mine = groups_[size_t(groups[k])];
            sum_into(mine, fresh.data());
            double* ticks = group_ticks_.row(groups[k]);
            kernels_->replace(account_ticks_.row(mine.account), ticks, fresh.data(), scenarios_count_);
            std::memcpy(ticks, fresh.data(), fresh.size() * sizeof(double));
        }
    });
}

// Groups whose contracts have changed since they were summed, under the changes of then.
void ResidentBook::catch_up(const std::vector<int64_t>& groups) {
    for (int64_t group : groups) {
        Group& mine = groups_[size_t(group)];
        if (mine.is_behind) sum_into(mine, group_ticks_.row(group));
        mine.is_behind = false;
    }
}

void ResidentBook::sum_into(const Group& group, double* out) const {
    const std::vector<int64_t> listing(group.listing.begin(), group.listing.end());
    const int64_t count = int64_t(listing.size()), indptr[] = {0, count};
    const Rows rows{change_.row(0), change_.pitch(),        listings_count_, scenarios_count_,
                    listing.data(), group.contracts.data(), count,           indptr};
    Passed passed = {};
    kernels_->sums(rows, 0, 1, out, passed);
}

int64_t ResidentBook::add_group(int64_t account) {
    if (account < 0 || account > accounts_count()) throw nb::index_error("resident book: no such account");
    if (account == accounts_count()) {
        account_bound_.push_back(0.0);
        account_ticks_.grow_to(accounts_count());
    }
    int64_t group = groups_count();
    if (free_groups_.empty()) {
        groups_.emplace_back();
        group_ticks_.grow_to(group + 1);
    } else {
        group = free_groups_.back();
        free_groups_.pop_back();
    }
    groups_[size_t(group)].account = account;
    return group;
}

void ResidentBook::remove_group(int64_t group) {
    Group& mine = group_at(group);
    account_bound_[size_t(mine.account)] -= mine.bound;
    catch_up({group});
    mine.listing.clear();
    mine.contracts.clear();
    settle({group});
    mine.bound = 0.0;
    mine.account = -1;
    free_groups_.push_back(group);
}

Tail ResidentBook::tail(int64_t account) {
    return kernels_->tail_of(ticks(account), scenarios_count_, shape_, scratch_.data());
}

const double* ResidentBook::ticks(int64_t account) const {
    check_account(account);
    return account_ticks_.row(account);
}

void ResidentBook::tails(Tails out) const {
    for_ranges(split_for(accounts_count() * scenarios_count_), accounts_count(),
               [&](int64_t first, int64_t last, int) {
                   std::vector<double> scratch(static_cast<size_t>(scratch_size(scenarios_count_)));
                   for (int64_t account = first; account < last; ++account) {
                       const Tail found = kernels_->tail_of(account_ticks_.row(account), scenarios_count_, shape_,
                                                            scratch.data());
                       out.worst[account] = found.worst;
                       out.worst_scenario[account] = found.worst_scenario;
                       out.sum[account] = found.sum;
                   }
               });
}

}  // namespace crossmargin
