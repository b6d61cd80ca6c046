// How calls run on this machine: which instruction set and how many threads. No figure depends on it.
#pragma once

#include <algorithm>
#include <functional>

#include "kernels.hpp"
#include "thread_pool.hpp"

namespace crossmargin {

struct Running {
    const KernelTable* kernels = widest_kernels();
    int threads = threads_available();
};

Running& running();

// Additions or prices below which waking another thread costs more than it saves.
constexpr int64_t WORK_PER_THREAD = 100'000;

inline int parts_for(int64_t work) {
    const int64_t useful = std::max<int64_t>(1, work / WORK_PER_THREAD);
    return int(std::min<int64_t>(useful, running().threads));
}

// work(first, last, part) over [0, count) in `parts` equal ranges.
template <class Work>
void for_ranges(int parts, int64_t count, const Work& work) {
    thread_pool().run(parts, [&](int part) {
        work(count * part / parts, count * (part + 1) / parts, part);
    });
}

}  // namespace crossmargin
