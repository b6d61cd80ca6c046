// Which instruction set this machine runs: found once, never assumed.
#include <cstring>

#include "kernels.hpp"

namespace crossmargin {

extern const KernelTable kernels_portable;
#if defined(HAS_X86_SETS)
extern const KernelTable kernels_avx2;
extern const KernelTable kernels_avx512;
#endif

namespace {

bool runs(const KernelTable& table) {
#if defined(HAS_X86_SETS)
    if (&table == &kernels_avx2) return __builtin_cpu_supports("avx2");
    if (&table == &kernels_avx512) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    }
#endif
    return &table == &kernels_portable;
}

// Widest first.
const KernelTable* const TABLES[] = {
#if defined(HAS_X86_SETS)
    &kernels_avx512,
    &kernels_avx2,
#endif
    &kernels_portable,
};

}  // namespace

const KernelTable* widest_kernels() {
    for (const KernelTable* table : TABLES) {
        if (runs(*table)) return table;
    }
    return &kernels_portable;
}

const KernelTable* kernels_named(const char* name) {
    for (const KernelTable* table : TABLES) {
        if (std::strcmp(table->name, name) == 0 && runs(*table)) return table;
    }
    return nullptr;
}

}  // namespace crossmargin
