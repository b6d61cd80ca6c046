#include "limits.hpp"

#include <dlfcn.h>
#include <nanobind/ndarray.h>

#include <string>
#include <vector>

#include "running.hpp"

namespace nb = nanobind;

namespace crossmargin {

namespace {

using Line = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using LineOut = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Every thread reads the whole array `passes` times; returns how many threads did.
int read_all(Line array, int64_t passes) {
    const int threads = running().threads;
    std::vector<double> kept(static_cast<size_t>(threads));
    const double* from = array.data();
    const int64_t count = int64_t(array.shape(0));
    nb::gil_scoped_release released;
    thread_pool().run(threads, threads, [&](int part) { kept[size_t(part)] = running().kernels->read(from, count, passes); });
    return threads;
}

// The erfc of the C library's vector maths in the width in use, null where it has none.
void* vector_erfc_function() {
    static void* const library = dlopen("libmvec.so.1", RTLD_NOW);
    if (library == nullptr) return nullptr;
    const int lanes = running().kernels->lanes;
    return dlsym(library, lanes == 8 ? "_ZGVeN8v_erfc" : lanes == 4 ? "_ZGVdN4v_erfc" : "_ZGVbN2v_erfc");
}

// False where this machine has no vector erfc.
bool vector_erfc(Line from, LineOut to) {
    void* const function = vector_erfc_function();
    if (function == nullptr) return false;
    if (from.shape(0) != to.shape(0)) throw nb::value_error("both arrays must have one length");
    running().kernels->apply(function, from.data(), to.data(), int64_t(from.shape(0)));
    return true;
}

}  // namespace

void bind_limits(nb::module_& m) {
    m.def("read_all", &read_all, nb::arg().noconvert(), nb::arg());
    m.def("vector_erfc", &vector_erfc, nb::arg().noconvert(), nb::arg().noconvert());
}

}  // namespace crossmargin
