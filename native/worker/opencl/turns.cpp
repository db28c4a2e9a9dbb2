#include "worker/opencl/turns.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "worker/control.hpp"
#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kMaxKinds = 4096;
constexpr uint64_t kPauseLimit = 2'000'000;  // nanoseconds; who takes longer is not waited for
constexpr uint64_t kLongestWait = 3'000'000;
constexpr uint64_t kShortestWait = 50'000;
constexpr uint64_t kPauseCounted = 20'000'000;

}  // namespace

void Turns::heard(const std::vector<std::string>& words) {
  auto number = [&](size_t i) { return std::strtoull(words[i].c_str(), nullptr, 10); };
  if (words.size() == 3 && words[0] == "share") {
    Mode mode = words[2] == "turns" ? Mode::kTurns : words[2] == "watched" ? Mode::kWatched : Mode::kAlone;
    worker_.post([this, device = static_cast<uint32_t>(number(1)), mode] { enter(device, mode); });
  } else if (words.size() == 4 && words[0] == "turn") {
    worker_.post([this, device = static_cast<uint32_t>(number(1)), turn = number(2),
                  length = static_cast<int64_t>(number(3)) * 1000] { begin(device, turn, length); });
  }
}

void Turns::unsupervised() {
  worker_.post([this] {
    for (auto& [device, line] : lines_) enter(device, Mode::kAlone);
  });
}

void Turns::enter(uint32_t device, Mode mode) {
  Line& line = lines_[device];
  if (mode == Mode::kAlone) line.busy = false;
  if (line.mode == Mode::kAlone && mode != Mode::kAlone && worker_.activity.busy(device)) say_busy(device, line, true);
  line.mode = mode;
  line.asked = false;
  line.turn = line.rested = line.waits_until = 0;
  if (mode != Mode::kTurns) resume(line);
  active_ = std::any_of(lines_.begin(), lines_.end(), [](const auto& l) { return l.second.mode != Mode::kAlone; });
}

void Turns::begin(uint32_t device, uint64_t turn, int64_t length) {
  Line& line = lines_[device];
  if (line.mode != Mode::kTurns) return;
  line.asked = false;
  line.turn = turn;
  line.left = length;
  while (line.left > 0 && !line.aside.empty()) {
    Aside next = std::move(line.aside.front());
    line.aside.pop_front();
    take(line, *next.queue, next.kind);
    next.parked->admitted = true;
    worker_.resume(next.parked);
  }
  if (line.open == nullptr && line.running == 0) pass(device, line);
}

bool Turns::admits(Queue& queue, uint64_t kind) {
  auto found = lines_.find(queue.index);
  if (found == lines_.end() || found->second.mode == Mode::kAlone) return true;
  Line& line = found->second;
  ++line.commands;
  if (!line.busy) say_busy(queue.index, line, true);
  if (line.mode == Mode::kWatched) return true;
  if (line.rested != 0) {
    uint64_t pause = std::min(worker::Executor::clock() - std::exchange(line.rested, 0), kPauseCounted);
    line.pause = (3 * line.pause + pause) / 4;
  }
  if (line.turn == 0 || line.left <= 0) return false;
  take(line, queue, kind);
  return true;
}

void Turns::put_aside(Queue& queue, uint64_t kind, worker::Parked* parked) {
  ++parked->unmet;
  Line& line = lines_[queue.index];
  line.aside.push_back({Ref<Queue>(&queue), kind, parked});
  if (line.waits_until != 0) return pass(queue.index, line);
  if (line.asked || line.turn != 0) return;
  line.asked = true;
  control_->send("ask " + std::to_string(queue.index));
}

bool Turns::pressing() const {
  return std::any_of(lines_.begin(), lines_.end(), [](const auto& line) { return !line.second.aside.empty(); });
}

void Turns::take(Line& line, Queue& queue, uint64_t kind) {
  line.waits_until = 0;
  auto known = durations_.find(kind);
  // A kind that has not been seen takes all that is left.
  line.left -= known == durations_.end() ? line.left : known->second;
  if (line.open == nullptr) {
    line.open = std::make_shared<Batch>();
    line.open->begun = worker::Executor::clock();
    worker_.post([this, device = queue.index] { close_batch(device); });
  }
  ++line.open->kinds[kind];
  auto& queues = line.open->queues;
  bool listed = std::any_of(queues.begin(), queues.end(), [&](const auto& q) { return q.get() == &queue; });
  if (!listed) queues.emplace_back(&queue);
}

void Turns::resume(Line& line) {
  for (Aside& next : std::exchange(line.aside, {})) {
    next.parked->admitted = true;
    worker_.resume(next.parked);
  }
}

void Turns::close_batch(uint32_t device) {
  Line& line = lines_[device];
  auto batch = std::exchange(line.open, nullptr);
  ++line.running;
  mark(batch, [this, device, batch] {
    Line& ended = lines_[device];
    --ended.running;
    learn(ended, *batch);
    if (ended.running == 0 && ended.open == nullptr && ended.turn != 0) rest(device, ended);
  });
}

void Turns::mark(const std::shared_ptr<Batch>& batch, const std::function<void()>& ended) {
  batch->running = 1;
  auto one_ended = [batch, ended] {
    if (--batch->running == 0) ended();
  };
  for (const auto& queue : batch->queues) {
    if (worker_.when_done(*queue, one_ended)) ++batch->running;
  }
  worker_.post(one_ended);
}

void Turns::learn(Line& line, const Batch& batch) {
  uint64_t now = worker::Executor::clock();
  auto took = static_cast<double>(now - std::max(batch.begun, line.ended));
  line.ended = now;
  if (durations_.size() > kMaxKinds) durations_.clear();
  double expected = 0;
  double unknown = 0;
  for (auto [kind, count] : batch.kinds) {
    auto known = durations_.find(kind);
    if (known == durations_.end()) {
      unknown += count;
    } else {
      expected += static_cast<double>(known->second) * count;
    }
  }
  // What is left for those that are new, or how wrong the others were.
  double rest = std::max(took - expected, 1.0) / std::max(unknown, 1.0);
  double factor = unknown != 0 ? 1.0 : (1.0 + took / std::max(expected, 1.0)) / 2;
  for (auto [kind, count] : batch.kinds) {
    auto [known, is_new] = durations_.try_emplace(kind, 0);
    double duration = is_new ? rest : static_cast<double>(known->second) * factor;
    known->second = static_cast<int64_t>(std::max(duration, 1.0));
  }
}

void Turns::rest(uint32_t device, Line& line) {
  if (!line.aside.empty()) return pass(device, line);
  line.rested = worker::Executor::clock();
  if (line.pause > kPauseLimit) return pass(device, line);
  line.waits_until = line.rested + std::min(4 * line.pause + kShortestWait, kLongestWait);
  if (!std::exchange(started_, true)) std::thread([this] { pass_late(); }).detach();
  if (wakes_at_ == 0 || wakes_at_ > line.waits_until) waits_.notify_one();
}

/// Gives up turns for which nothing has come in time.
void Turns::pass_late() {
  std::unique_lock lock(worker_.mutex());
  for (;;) {
    uint64_t now = worker::Executor::clock();
    wakes_at_ = 0;
    for (auto& [device, line] : lines_) {
      if (line.waits_until == 0) continue;
      if (line.waits_until <= now) {
        pass(device, line);
      } else if (wakes_at_ == 0 || line.waits_until < wakes_at_) {
        wakes_at_ = line.waits_until;
      }
    }
    if (wakes_at_ == 0) {
      waits_.wait(lock);
    } else {
      waits_.wait_for(lock, std::chrono::nanoseconds(wakes_at_ - now));
    }
  }
}

void Turns::pass(uint32_t device, Line& line) {
  line.waits_until = 0;
  bool more = !line.aside.empty();
  control_->send("passed " + std::to_string(device) + " " + std::to_string(line.turn) + (more ? " 1" : " 0"));
  line.turn = 0;
  line.asked = more;
}

void Turns::say_busy(uint32_t device, Line& line, bool busy) {
  line.busy = busy;
  control_->send((busy ? "busy " : "quiet ") + std::to_string(device));
}

bool Turns::look() {
  bool any = false;
  for (auto& [device, line] : lines_) {
    if (!line.busy) continue;
    bool at_work = line.commands != 0 || !line.aside.empty() || line.turn != 0 || worker_.activity.busy(device);
    line.commands = 0;
    if (!at_work) say_busy(device, line, false);
    any = any || line.busy;
  }
  return any;
}

}  // namespace cenote::opencl
