// Reads that the program goes on during. A command that has ended may have come after some of them, on any queue, by
// events that only the driver follows; so the client hears of their end ahead of all else that has ended since.
#pragma once

#include <functional>
#include <map>

#include "worker/opencl/objects.hpp"

namespace cenote::opencl {

class Worker;

/// Under the executor's lock.
class Reads {
 public:
  using Tell = std::function<void(int32_t status)>;

  /// The driver has got the read of the call `sequence`, and `event` is its end: then, or just before something that
  /// comes later is told, `tell` says so to the client.
  void add(Worker& worker, const Queue& queue, uint64_t sequence, cl_event event, Tell tell);
  /// To be called before the client is told that a command has ended.
  void tell_ended();

 private:
  struct Read {
    cl_event event;
    Tell tell;
  };
  struct OfQueue {
    const Driver* driver;
    bool in_order;
    std::map<uint64_t, Read> reads;  // by sequence

    [[nodiscard]] int32_t status(cl_event event) const;
    void tell(std::map<uint64_t, Read>::iterator at, int32_t status);
  };
  void ended(uint64_t queue, uint64_t sequence, int32_t status);

  std::map<uint64_t, OfQueue> queues_;  // by id
  bool telling_ = false;                // what is told may lead to what asks for it
};

}  // namespace cenote::opencl
