// Accounts that stay in memory: rows of groups, the ticks of every group and account, and their tails.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace crossmargin {

// Doubles that start on a cache line, in rows of whole cache lines.
class TickRows {
  public:
    TickRows() = default;
    TickRows(int64_t scenarios_count, double beyond);
    TickRows(TickRows&& other) noexcept { swap(other); }
    TickRows& operator=(TickRows&& other) noexcept {
        swap(other);
        return *this;
    }
    ~TickRows();

    double* row(int64_t index) { return data_ + index * pitch_; }
    const double* row(int64_t index) const { return data_ + index * pitch_; }
    int64_t count() const { return count_; }
    int64_t pitch() const { return pitch_; }
    // New rows are zero in every scenario and `beyond` from the last one to the end of the row.
    void grow_to(int64_t count);

  private:
    void swap(TickRows& other) noexcept;

    double* data_ = nullptr;
    double beyond_ = 0.0;
    int64_t scenarios_count_ = 0, pitch_ = 0, count_ = 0, capacity_ = 0;
};

struct Group {
    std::vector<int32_t> listing;  // each once, in no order
    std::vector<double> contracts;
    int64_t account = -1;  // -1: removed, free to be given out again
    double bound = 0.0;    // absolute ticks add up to at most this
    bool is_behind = false;  // its ticks are those before the last changes of contracts
};

class ResidentBook {
  public:
    using Matrix = nanobind::ndarray<const double, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
    using Line = nanobind::ndarray<const double, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
    using Index = nanobind::ndarray<const int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

    ResidentBook(Matrix change, Index listing, Line contracts, Index indptr, Index group_account,
                 int64_t tail_count, double tail_fraction);

    std::pair<double, double> set_contracts(int64_t group, int64_t listing, double contracts);
    double contracts(int64_t group, int64_t listing);
    std::vector<int64_t> set_changes(int64_t first_listing, Matrix changes);
    int64_t add_group(int64_t account);
    void remove_group(int64_t group);
    Tail tail(int64_t account);
    const double* ticks(int64_t account) const;
    void tails(Tails out) const;

    int64_t groups_count() const { return int64_t(groups_.size()); }
    int64_t accounts_count() const { return int64_t(account_bound_.size()); }
    int64_t scenarios_count() const { return scenarios_count_; }
    const std::vector<Group>& groups() const { return groups_; }

  private:
    Group& group_at(int64_t group);
    void check_listing(int64_t listing) const;
    void check_account(int64_t account) const;
    double row_bound(int64_t listing, double contracts) const;
    void load(const Rows& rows, const int64_t* group_account, int64_t groups_count);
    void make_room(const int64_t* group_account, int64_t groups_count);
    std::vector<int64_t> by_account(std::vector<int64_t> groups) const;
    void catch_up(const std::vector<int64_t>& groups);
    void sum_into(const Group& group, double* out) const;
    void settle(const std::vector<int64_t>& groups);
    std::vector<int64_t> holders_of(int64_t first_listing, int64_t count);

    int64_t scenarios_count_, listings_count_;
    TailShape shape_;
    const KernelTable* kernels_;
    TickRows change_, group_ticks_, account_ticks_;
    std::vector<double> largest_;
    std::vector<Group> groups_;
    std::vector<int64_t> free_groups_;
    std::vector<double> account_bound_;
    std::vector<std::vector<int32_t>> holders_;  // by listing; may name groups that have left it
    std::vector<double> scratch_;
};

void bind_resident_book(nanobind::module_& m);

}  // namespace crossmargin
