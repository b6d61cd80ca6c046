#include "thread_pool.hpp"

#include <unistd.h>

namespace crossmargin {

void ThreadPool::serve(int helper) {
    std::unique_lock<std::mutex> lock(state_);
    for (;;) {
        wake_.wait(lock, [&] { return next_ < parts_ && helper < helpers_wanted_; });
        const int part = next_++;
        const std::function<void(int)>* work = work_;
        lock.unlock();
        (*work)(part);
        lock.lock();
        if (++finished_ == parts_) done_.notify_one();
    }
}

void ThreadPool::run(int threads, int parts, const std::function<void(int)>& work) {
    std::unique_lock<std::mutex> alone(callers_, std::try_to_lock);
    if (threads <= 1 || parts <= 1 || !alone.owns_lock()) {
        for (int part = 0; part < parts; ++part) work(part);
        return;
    }
    std::unique_lock<std::mutex> lock(state_);
    for (; helpers_ < threads - 1; ++helpers_) {
        // They serve until the process ends and own nothing that would have to be given back.
        std::thread([this, helper = helpers_] { serve(helper); }).detach();
    }
    work_ = &work;
    parts_ = parts;
    next_ = finished_ = 0;
    helpers_wanted_ = threads - 1;
    wake_.notify_all();
    while (next_ < parts_) {
        const int part = next_++;
        lock.unlock();
        work(part);
        lock.lock();
        ++finished_;
    }
    done_.wait(lock, [&] { return finished_ == parts_; });
    parts_ = next_ = 0;
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
