// When devices have work of this session: from the first command in an idle device's queues until all have ended.
// Nearly always an answer to the client tells of that. Where the program does not ask, a marker does, some time later.
// Transfers do not count, which go at the network's pace.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <vector>

#include "worker/opencl/objects.hpp"

namespace cenote::opencl {

class Worker;

/// Under the executor's lock.
class Activity {
 public:
  explicit Activity(Worker& worker) : worker_(worker) {}

  /// A command that takes the device's time goes to the driver.
  void begins(Queue& queue) {
    ++queue.commands;
    if (queue.activity == nullptr) enter(queue);
  }
  /// The first so many of them have ended.
  void ended(Queue& queue, uint64_t commands) {
    if (queue.commands == commands && queue.activity != nullptr) leave(queue);
  }
  void ended(const Place& place);
  /// The queue is released, whatever is in it.
  void lose(Queue& queue);

  [[nodiscard]] bool busy(uint32_t device) const;
  [[nodiscard]] bool busy() const;
  /// Nanoseconds so far in which the device had work.
  [[nodiscard]] uint64_t time(uint32_t device) const;

 private:
  struct OfDevice {
    int queues = 0;  // that have work
    uint64_t since = 0;
    uint64_t time = 0;
  };

  void enter(Queue& queue);
  void leave(Queue& queue);
  void free(uint32_t device);
  void look_often();
  void look();
  void probe(Queue& queue);

  Worker& worker_;
  std::map<uint32_t, OfDevice> devices_;  // by index
  std::vector<Queue*> busy_;
  uint64_t looked_ = 0;  // when
  bool looks_ = false;   // again in a while
  bool started_ = false;
  std::condition_variable look_more_;
};

}  // namespace cenote::opencl
