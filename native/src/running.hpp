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

constexpr int PARTS_PER_THREAD = 8;

struct Split {
    int threads, parts;
};

inline Split split_for(int64_t work) {
    const int64_t useful = std::max<int64_t>(1, work / WORK_PER_THREAD);
    const int threads = int(std::min<int64_t>(useful, running().threads));
    return Split{threads, threads == 1 ? 1 : threads * PARTS_PER_THREAD};
}

// work(first, last, part) over [0, count) in equal ranges.
template <class Work>
void for_ranges(Split split, int64_t count, const Work& work) {
    thread_pool().run(split.threads, split.parts, [&](int part) {
        work(count * part / split.parts, count * (part + 1) / split.parts, part);
    });
}

}  // namespace crossmargin
