#include "worker/watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "wire/link.hpp"
#include "wire/log.hpp"

namespace cenote::worker {

void Watch::add(int descriptor) {
  std::lock_guard lock(mutex_);
  descriptors_.push_back(descriptor);
  if (descriptors_.size() == 1) std::thread([this] { run(); }).detach();
}

void Watch::wake() {
  std::lock_guard lock(mutex_);
  awake_.store(true);
  woken_.notify_one();
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  bool suspected = false;
  for (;;) {
    woken_.wait(lock, [this] { return awake_.load(); });
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(wire::link_times().probe_ms));
    lock.lock();
    bool silent = is_silent();
    if (silent && suspected) {
      log_info("the client’s host does not answer any more");
      _exit(0);
    }
    // Not at the first look: our own machine, too, may have been asleep.
    suspected = silent;
    if (sent_.exchange(false) || owed()) continue;
    awake_.store(false);
    if (sent_.load()) awake_.store(true);
  }
}

bool Watch::is_silent() {
  return std::any_of(descriptors_.begin(), descriptors_.end(),
                     [](int descriptor) { return wire::link_silence_ms(descriptor) >= wire::link_times().timeout_ms; });
}

bool Watch::owed() { return std::any_of(descriptors_.begin(), descriptors_.end(), wire::link_owes); }

}  // namespace cenote::worker
