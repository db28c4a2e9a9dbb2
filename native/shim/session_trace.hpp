// What became of each call of one session, while tracing: when it left, when the worker carried it out, when the device
// ran it. Slices are written as soon as all that they need is known.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shim/trace.hpp"
#include "wire/codec.hpp"

namespace cenote::shim {

class SessionTrace {
 public:
  /// `number` tells the sessions of this process apart.
  SessionTrace(const std::string& server, int number);

  /// How far the worker's clock is ahead of ours.
  void set_offset(int64_t nanoseconds) { offset_ = nanoseconds; }

  /// The calling thread will wait for call `sequence`, which is about to be made.
  void will_wait(uint64_t sequence);
  /// The calling thread has put call `sequence` into the send buffer; with the send lock held.
  void called(uint64_t sequence);
  /// All calls so far have left; with the send lock held.
  void left();
  /// Its wait is over.
  void replied(uint64_t sequence);
  /// A notice of the worker's about call `sequence`.
  void on_notice(uint64_t sequence, wire::Reader& body);

 private:
  struct Call {
    const char* name = nullptr;  // none where no call of the program's is its cause
    Track from{};
    bool waits = false;
    uint64_t called = 0;
    uint64_t left = 0;
    uint64_t replied = 0;
    uint64_t begun = 0;  // by the worker
    uint64_t ended = 0;
  };
  struct Lane {
    int thread;
    uint64_t end;
  };

  void carried_out(uint64_t sequence, int thread, uint64_t begin, uint64_t end, std::string_view name);
  void ran(uint64_t sequence, uint64_t queue, uint64_t begin, uint64_t end, std::string_view name);
  static void waited(const Call& call);
  [[nodiscard]] uint64_t arrow(uint64_t sequence) const;
  [[nodiscard]] uint64_t our_time(uint64_t workers) const { return workers - static_cast<uint64_t>(offset_); }

  std::string server_;
  int process_;  // of the tracks of worker and device
  Track wire_;
  int64_t offset_ = 0;

  std::mutex lock_;
  std::vector<std::pair<uint64_t, Call>> buffered_;  // called, but not left
  std::unordered_map<uint64_t, Call> calls_;
  std::unordered_set<int> named_threads_;
  std::unordered_map<uint64_t, std::vector<Lane>> queues_;
  int lanes_ = 0;
};

}  // namespace cenote::shim
