// The host at the other end: is it still there? The I/O thread looks, but only while somebody waits for it.
#include <unistd.h>

#include <algorithm>

#include "shim/session.hpp"
#include "wire/link.hpp"
#include "wire/log.hpp"

namespace cenote::shim {

void Session::watch_link() {
  if (!watching_.load(std::memory_order_relaxed) && !watching_.exchange(true)) {
    set_timer(watch_fd_, int64_t{1000} * wire::link_times().probe_ms);
  }
}

void Session::look_at_link() {
  uint64_t expirations = 0;
  if (read(watch_fd_, &expirations, sizeof expirations) < 0) return;
  {
    std::lock_guard state(state_mutex_);
    bool waited_for = waiters_ != 0 || async_ > 0 || (role_taken_ && !io_has_role_);
    if (!waited_for) return watching_.store(false);
  }
  const wire::LinkTimes& times = wire::link_times();
  int64_t silence = link_silence_ms();
  // Not at the first look: our own machine, too, may have been asleep.
  if (silence >= times.timeout_ms && silent_) return lose("gave up");
  bool silent = silence > 2 * int64_t{times.probe_ms};
  const char* host = endpoint_.address.c_str();
  if (silent && !silent_) {
    log_error("waiting for %s: no answer for %d s (gives up after %d s)", host, static_cast<int>(silence / 1000),
              times.timeout_ms / 1000);
  } else if (silent_ && !silent) {
    log_error("%s answers again", host);
  }
  silent_ = silent;
  int64_t left = times.timeout_ms - silence;
  set_timer(watch_fd_, 1000 * (left > 0 ? std::min<int64_t>(left, times.probe_ms) : times.probe_ms));
}

int64_t Session::link_silence_ms() const {
  int64_t silence = wire::link_silence_ms(commands_->descriptor());
  for (size_t i = 0; i < bulk_count_.load(); ++i) {
    silence = std::max(silence, wire::link_silence_ms(bulk_[i].transport->descriptor()));
  }
  return silence;
}

}  // namespace cenote::shim
