// The Python face of the resident book: integers in, floats out.
#include <nanobind/stl/pair.h>

#include <algorithm>
#include <cstring>

#include "resident_book.hpp"

namespace nb = nanobind;

namespace crossmargin {

namespace {

template <class Item>
using Array = nb::ndarray<nb::numpy, Item, nb::ndim<1>>;

// An array of NumPy that owns what the vector held.
template <class Item>
Array<Item> handed_over(std::vector<Item>&& items) {
    auto* kept = new std::vector<Item>(std::move(items));
    const nb::capsule owner(kept, [](void* held) noexcept { delete static_cast<std::vector<Item>*>(held); });
    return Array<Item>(kept->data(), {kept->size()}, owner);
}

nb::object tails(const ResidentBook& book) {
    const size_t count = size_t(book.accounts_count());
    std::vector<double> worst(count), sum(count);
    std::vector<int64_t> scenario(count);
    book.tails(Tails{worst.data(), scenario.data(), sum.data()});
    return nb::make_tuple(handed_over(std::move(worst)), handed_over(std::move(scenario)),
                          handed_over(std::move(sum)));
}

Array<double> ticks(const ResidentBook& book, int64_t account) {
    const double* from = book.ticks(account);
    return handed_over(std::vector<double>(from, from + book.scenarios_count()));
}

// Every group's rows in order of listing: (listings, contracts, indptr, account of each group).
nb::object rows(const ResidentBook& book) {
    std::vector<int64_t> account, listing, indptr = {0};
    std::vector<double> contracts;
    for (const Group& group : book.groups()) {
        std::vector<BookRow> sorted = group.rows;
        std::sort(sorted.begin(), sorted.end(),
                  [](const BookRow& one, const BookRow& other) { return one.listing < other.listing; });
        for (const BookRow& row : sorted) {
            listing.push_back(row.listing);
            contracts.push_back(row.contracts);
        }
        account.push_back(group.account);
        indptr.push_back(int64_t(listing.size()));
    }
    return nb::make_tuple(handed_over(std::move(listing)), handed_over(std::move(contracts)),
                          handed_over(std::move(indptr)), handed_over(std::move(account)));
}

}  // namespace

void bind_resident_book(nb::module_& m) {
    nb::class_<ResidentBook>(m, "ResidentBook")
        .def(nb::init<ResidentBook::Matrix, ResidentBook::Index, ResidentBook::Line, ResidentBook::Index,
                      ResidentBook::Index, int64_t, double>())
        .def("set_contracts", &ResidentBook::set_contracts)
        .def("contracts", &ResidentBook::contracts)
        .def("set_changes",
             [](ResidentBook& book, int64_t first_listing, ResidentBook::Matrix changes) {
                 return handed_over(book.set_changes(first_listing, changes));
             })
        .def("add_group", &ResidentBook::add_group)
        .def("remove_group", &ResidentBook::remove_group)
        .def("tail",
             [](ResidentBook& book, int64_t account) {
                 const Tail found = book.tail(account);
                 return nb::make_tuple(found.worst, found.worst_scenario, found.sum);
             })
        .def("tails", &tails)
        .def("ticks", &ticks)
        .def("rows", &rows)
        .def_prop_ro("accounts_count", &ResidentBook::accounts_count)
        .def_prop_ro("groups_count", &ResidentBook::groups_count);
}

}  // namespace crossmargin
