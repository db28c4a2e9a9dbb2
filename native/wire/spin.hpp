// Whether to look again and again before sleeping. A sleep costs the sleeper a switch and its waker an interrupt of
// another processor, together as much as the network's own round trip on one machine; so answers that have lately come
// within microseconds are looked for awake. Where they take longer, or somebody else wants the processor, nobody spins.
#pragma once

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cenote::wire {

class Spin {
 public:
  /// Calls `look` until it gives true, as long as that is likely to be soon. True when it did.
  template <class Look>
  bool look(Look&& look) {
    began_ns_ = now_ns();
    trial_ = typical_ns_ > kLongestNs;
    if (began_ns_ < crowded_until_ns_ || !several_processors()) return false;
    if (trial_ && ++slept_ % kTrialEvery != 0) return false;
    for (int64_t at = began_ns_; at - began_ns_ < kLongestNs;) {
      if (look()) return true;
      sched_yield();
      int64_t after = now_ns();
      if (after - at > kLostNs) {
        crowded_until_ns_ = after + kCrowdedNs;
        return false;
      }
      at = after;
    }
    return false;
  }
  /// What was looked for is there, by looking or after a sleep.
  void found() {
    int64_t took = std::min(now_ns() - began_ns_, kRememberedNs);
    // A sleep makes short waits long: that they are short, only a trial shows.
    typical_ns_ = trial_ && took < kLongestNs ? took : typical_ns_ + (took - typical_ns_) / 4;
  }

 private:
  static constexpr int64_t kLongestNs = 100'000;
  static constexpr int64_t kRememberedNs = 400'000;  // one long wait outweighs a few short ones, not many
  static constexpr uint32_t kTrialEvery = 16;
  static constexpr int64_t kLostNs = 50'000;  // a yield that takes so long gave the processor to somebody
  static constexpr int64_t kCrowdedNs = 5'000'000;

  static int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  static bool several_processors() {
    static const bool several = [] {
      cpu_set_t set;
      return sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) > 1;
    }();
    return several;
  }

  int64_t began_ns_ = 0;
  int64_t typical_ns_ = kRememberedNs;
  uint32_t slept_ = 0;
  bool trial_ = false;
  int64_t crowded_until_ns_ = 0;
};

}  // namespace cenote::wire
