// A record of what the program's calls took, for `cenote run --trace FILE`: one predictable branch while it is off.
// What becomes of a call after it has left is in shim/session_trace.hpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace cenote::shim {

extern std::atomic<bool> tracing;

/// Nanoseconds of the monotonic clock.
uint64_t trace_clock();

/// A row of slices that lie side by side or within each other.
struct Track {
  int process;
  int thread;
  /// The calling thread's own.
  static Track here();
};
/// Numbers above those of real processes and threads.
inline constexpr int kNotReal = 1 << 23;

void trace_slice(Track track, const char* category, std::string_view name, uint64_t begin, uint64_t end);
/// Both ends of an arrow from one slice to another: each lies at a time within its slice.
void trace_arrow(Track track, bool begins, std::string_view kind, uint64_t id, uint64_t at);
void trace_process_name(int process, std::string_view name);
void trace_thread_name(Track track, std::string_view name);

/// The API call that this thread is in, or NULL.
const char* traced_call();

/// Begins tracing when CENOTE_TRACE names a file.
void start_tracing();
/// In a forked child: goes on in a file of its own.
void restart_tracing();
/// Writes what has been recorded.
void finish_tracing();

class TraceCall {
 public:
  explicit TraceCall(const char* name) {
    if (tracing.load(std::memory_order_relaxed)) begin(name);
  }
  ~TraceCall() {
    if (name_ != nullptr) end();
  }
  TraceCall(const TraceCall&) = delete;
  TraceCall& operator=(const TraceCall&) = delete;

 private:
  void begin(const char* name);
  void end();

  const char* name_ = nullptr;
  const char* outer_ = nullptr;
  uint64_t begin_ = 0;
};

}  // namespace cenote::shim
