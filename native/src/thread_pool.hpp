// Threads that are kept alive between calls; the caller is one of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace crossmargin {

class ThreadPool {
  public:
    // Runs work(part) for every part in [0, parts) and returns when all are done. A second caller
    // meanwhile does its parts itself: parts are fixed, so who does them changes no figure.
    void run(int parts, const std::function<void(int)>& work);

  private:
    void serve(int part, uint64_t seen);

    std::mutex callers_;
    std::mutex state_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> threads_;
    const std::function<void(int)>* work_ = nullptr;
    int parts_ = 0, open_ = 0;
    uint64_t generation_ = 0;
};

// The pool of this process: a forked child has the memory of its parent but not its threads.
ThreadPool& thread_pool();

int threads_available();

}  // namespace crossmargin
