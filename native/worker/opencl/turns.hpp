// Shares of a device's time. While programs of two allocations have work for a device, the supervisor gives out turns
// on it; a command that computes goes to the driver in a turn, and is put aside until then. A turn is a few
// milliseconds of work by what such commands have taken before, and ends with the last of them. Transfers go at the
// network's pace and by engines of their own: they need no turn.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "worker/executor.hpp"
#include "worker/opencl/objects.hpp"

namespace cenote::worker {
class Control;
}

namespace cenote::opencl {

class Worker;

/// Under the executor's lock, except where said otherwise.
class Turns {
 public:
  explicit Turns(Worker& worker) : worker_(worker) {}
  void attach(worker::Control* control) { control_ = control; }

  /// Takes in a packet of the supervisor's, or the news that it is gone and nobody gives turns. From any thread,
  /// without the lock.
  void heard(const std::vector<std::string>& words);
  void unsupervised();

  /// Whether any device is shared: if not, none of the others is to be called for a command.
  [[nodiscard]] bool active() const { return active_; }
  /// Whether a command may go to the driver now; `kind` is equal for commands that take about equally long.
  bool admits(Queue& queue, uint64_t kind);
  /// Puts a parked command aside until its turn.
  void put_aside(Queue& queue, uint64_t kind, worker::Parked* parked);
  /// Whether commands are put aside, which will not be for long.
  [[nodiscard]] bool pressing() const;

  /// Tells the supervisor where nothing has come for a while; whether there is still something to look at.
  bool look();

 private:
  using Kinds = std::map<uint64_t, uint32_t>;

  /// Commands that the driver has got together, and that end together.
  struct Batch {
    Kinds kinds;
    std::vector<Ref<Queue>> queues;
    uint64_t begun = 0;
    size_t running = 0;  // markers behind them
  };
  enum class Mode : uint8_t { kAlone, kWatched, kTurns };
  struct Aside {
    Ref<Queue> queue;
    uint64_t kind;
    worker::Parked* parked;
  };
  struct Line {
    Mode mode = Mode::kAlone;
    bool busy = false;      // as the supervisor knows
    uint64_t commands = 0;  // since the last look

    bool asked = false;
    uint64_t turn = 0;  // its number, 0 outside
    int64_t left = 0;   // nanoseconds of work
    std::deque<Aside> aside;
    std::shared_ptr<Batch> open;  // not marked yet
    int running = 0;              // batches
    uint64_t ended = 0;           // when the last one did

    // Programs that wait for each result would lose their turn whenever they do: it is kept for a moment.
    uint64_t rested = 0;       // since when nothing of it was here to do
    uint64_t pause = 0;        // nanoseconds that it usually takes until something comes
    uint64_t waits_until = 0;  // in its turn
  };

  void enter(uint32_t device, Mode mode);
  void begin(uint32_t device, uint64_t turn, int64_t length);
  void take(Line& line, Queue& queue, uint64_t kind);
  void resume(Line& line);
  void close_batch(uint32_t device);
  /// Calls `ended` when all that the driver has got in the batch's queues has ended.
  void mark(const std::shared_ptr<Batch>& batch, const std::function<void()>& ended);
  void learn(Line& line, const Batch& batch);
  void rest(uint32_t device, Line& line);
  void pass(uint32_t device, Line& line);
  void pass_late();
  void say_busy(uint32_t device, Line& line, bool busy);

  Worker& worker_;
  worker::Control* control_ = nullptr;
  bool active_ = false;
  std::map<uint32_t, Line> lines_;         // by device
  std::map<uint64_t, int64_t> durations_;  // nanoseconds, by kind
  std::condition_variable waits_;          // with the executor's mutex
  uint64_t wakes_at_ = 0;                  // who passes late; 0 while there is nothing to wait for
  bool started_ = false;
};

}  // namespace cenote::opencl
