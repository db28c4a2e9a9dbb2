// For `cenote run --trace`: when commands ran on the device, by the times that their queues then keep, whether or not
// the program has asked for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "worker/opencl/objects.hpp"

namespace cenote::worker {
class Executor;
}

namespace cenote::opencl {

/// Under the executor's lock.
class DeviceTrace {
 public:
  explicit DeviceTrace(worker::Executor& executor) : executor_(executor) {}

  /// Compares the clocks of the queue's device and of this host. The queue keeps times.
  void watch(Queue& queue);
  /// A command of call `sequence` is in the queue; a reference to its event is taken.
  void add(uint64_t sequence, Queue* queue, cl_event event, std::string_view name);
  /// Tells the client of those that have ended since.
  void report();

 private:
  struct Command {
    uint64_t sequence;
    Ref<Queue> queue;
    cl_event event;
    std::string name;
  };

  worker::Executor& executor_;
  std::vector<Command> running_;
};

}  // namespace cenote::opencl
