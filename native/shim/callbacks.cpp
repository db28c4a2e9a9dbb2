#include "shim/callbacks.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace cenote::shim {

namespace {

struct Queue {
  std::mutex lock;
  std::condition_variable work;
  std::deque<std::function<void()>> calls;
  bool started = false;

  void run() {
    prctl(PR_SET_NAME, "cenote-calls");
    std::unique_lock guard(lock);
    for (;;) {
      work.wait(guard, [this] { return !calls.empty(); });
      auto call = std::move(calls.front());
      calls.pop_front();
      guard.unlock();
      call();
      guard.lock();
    }
  }
};

// Leaked: the thread may outlive static destruction.
Queue* queue = new Queue;

}  // namespace

void run_callback(std::function<void()> call) {
  Queue* to = queue;
  std::lock_guard guard(to->lock);
  to->calls.push_back(std::move(call));
  if (!to->started) {
    to->started = true;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([to] { to->run(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  to->work.notify_one();
}

void forget_callbacks() { queue = new Queue; }

}  // namespace cenote::shim
