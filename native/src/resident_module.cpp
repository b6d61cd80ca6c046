// The Python face of the resident book: integers in, floats out.

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
        std::vector<std::pair<int32_t, double>> sorted;
        for (size_t row = 0; row < group.listing.size(); ++row) {
            sorted.emplace_back(group.listing[row], group.contracts[row]);
        }
        std::sort(sorted.begin(), sorted.end());
        for (const auto& [held, size] : sorted) {
            listing.push_back(held);
            contracts.push_back(size);
        }
        account.push_back(group.account);
        indptr.push_back(int64_t(listing.size()));
    }
    return nb::make_tuple(handed_over(std::move(listing)), handed_over(std::move(contracts)),
                          handed_over(std::move(indptr)), handed_over(std::move(account)));
}

// The one call that runs on every fill: its arguments are read without the general machinery.
PyObject* set_contracts(PyObject* self, PyObject* const* arguments, Py_ssize_t count) noexcept {
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "set_contracts takes group, listing and contracts");
        return nullptr;
    }
    if (!nb::inst_ready(self)) {
        PyErr_SetString(PyExc_TypeError, "the resident book was not made");
        return nullptr;
    }
    const long long group = PyLong_AsLongLong(arguments[0]), listing = PyLong_AsLongLong(arguments[1]);
    const double contracts = PyFloat_AsDouble(arguments[2]);
    if ((group == -1 || listing == -1 || contracts == -1.0) && PyErr_Occurred()) return nullptr;
    try {
        const auto [worst, sum] = nb::inst_ptr<ResidentBook>(self)->set_contracts(group, listing, contracts);
        PyObject* pair = PyTuple_New(2);
        if (pair == nullptr) return nullptr;
        PyTuple_SetItem(pair, 0, PyFloat_FromDouble(worst));
        PyTuple_SetItem(pair, 1, PyFloat_FromDouble(sum));
        return pair;
    } catch (nb::python_error& error) {
        error.restore();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_IndexError, error.what());
    }
    return nullptr;
}

PyMethodDef fast_methods[] = {
    {"set_contracts", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(set_contracts)), METH_FASTCALL,
     "set_contracts(group, listing, contracts): worst and tail ticks of the account; 0 contracts removes."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {{Py_tp_methods, fast_methods}, {0, nullptr}};

}  // namespace

void bind_resident_book(nb::module_& m) {
    nb::class_<ResidentBook>(m, "ResidentBook", nb::type_slots(slots))
        .def(nb::init<ResidentBook::Matrix, ResidentBook::Index, ResidentBook::Line, ResidentBook::Index,
                      ResidentBook::Index, int64_t, double>())
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
