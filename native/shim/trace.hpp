// A record of every API call, for `cenote run --trace FILE`: nothing but one relaxed load while it is off.
#pragma once

#include <atomic>
#include <cstdint>

namespace cenote::shim {

extern std::atomic<bool> tracing;

/// Nanoseconds of the monotonic clock.
uint64_t trace_clock();
/// Records one call of the program: from `begin` to now.
void trace_call(const char* name, uint64_t begin);
/// Records time that a call spent waiting for the server.
void trace_wait(const char* name, uint64_t begin, uint64_t end);
/// Records a command's run on the device, by the driver's clock shifted to ours.
void trace_device(const char* name, uint64_t begin, uint64_t end);
/// Begins tracing when CENOTE_TRACE names a file.
void start_tracing();
/// Writes what has been recorded.
void finish_tracing();

class TraceCall {
 public:
  explicit TraceCall(const char* name) : name_(tracing.load(std::memory_order_relaxed) ? name : nullptr) {
    if (name_ != nullptr) begin_ = trace_clock();
  }
  ~TraceCall() {
    if (name_ != nullptr) trace_call(name_, begin_);
  }
  TraceCall(const TraceCall&) = delete;
  TraceCall& operator=(const TraceCall&) = delete;

 private:
  const char* name_;
  uint64_t begin_ = 0;
};

}  // namespace cenote::shim
