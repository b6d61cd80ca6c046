// Threads that are kept alive between calls; the caller is one of them.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace crossmargin {

class ThreadPool {
  public:
    // Runs work(part) for every part in [0, parts) on the caller and at most `threads` - 1 others, and
    // returns when all are done. Parts are fixed and taken in turn, so that nobody waits for a thread
    // that the machine is slow to wake; who does a part changes no figure. A second caller meanwhile
    // does its parts itself.
    void run(int threads, int parts, const std::function<void(int)>& work);

  private:
    void serve(int helper);

    std::mutex callers_;
    std::mutex state_;
    std::condition_variable wake_, done_;
    int helpers_ = 0, helpers_wanted_ = 0;
    const std::function<void(int)>* work_ = nullptr;
    int parts_ = 0, next_ = 0, finished_ = 0;
};

// The pool of this process: a forked child has the memory of its parent but not its threads.
ThreadPool& thread_pool();

int threads_available();

}  // namespace crossmargin
