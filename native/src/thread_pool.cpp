#include "thread_pool.hpp"

#include <unistd.h>

namespace crossmargin {

void ThreadPool::serve(int part, uint64_t seen) {
    std::unique_lock<std::mutex> lock(state_);
    for (;;) {
        wake_.wait(lock, [&] { return generation_ != seen; });
        seen = generation_;
        if (part >= parts_) continue;
        const std::function<void(int)>* work = work_;
        lock.unlock();
        (*work)(part);
        lock.lock();
        if (--open_ == 0) done_.notify_one();
    }
}

void ThreadPool::run(int parts, const std::function<void(int)>& work) {
    std::unique_lock<std::mutex> alone(callers_, std::try_to_lock);
    if (parts <= 1 || !alone.owns_lock()) {
        for (int part = 0; part < parts; ++part) work(part);
        return;
    }
    {
        std::lock_guard<std::mutex> lock(state_);
        while (int(threads_.size()) < parts - 1) {
            const int part = int(threads_.size()) + 1;
            threads_.emplace_back([this, part, seen = generation_] { serve(part, seen); });
            // They serve until the process ends and own nothing that would have to be given back.
            threads_.back().detach();
        }
        work_ = &work;
        parts_ = parts;
        open_ = parts - 1;
        ++generation_;
    }
    wake_.notify_all();
    work(0);
    std::unique_lock<std::mutex> lock(state_);
    done_.wait(lock, [&] { return open_ == 0; });
}

ThreadPool& thread_pool() {
    // Never freed: its threads wait on it until the process ends.
    static std::mutex guard;
    static ThreadPool* pool = nullptr;
    static pid_t owner = 0;
    std::lock_guard<std::mutex> lock(guard);
    if (pool == nullptr || owner != getpid()) {
        pool = new ThreadPool;
        owner = getpid();
    }
    return *pool;
}

int threads_available() {
    const unsigned found = std::thread::hardware_concurrency();
    return found > 0 ? int(found) : 1;
}

}  // namespace crossmargin
