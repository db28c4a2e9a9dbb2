#include "worker/opencl/activity.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

namespace {
constexpr auto kLookEvery = std::chrono::milliseconds(25);
}

void Activity::enter(Queue& queue) {
  if (queue.native == nullptr) return;
  uint64_t now = worker::Executor::clock();
  queue.activity = this;
  queue.busy_since = now;
  busy_.push_back(&queue);
  OfDevice& device = devices_[queue.index];
  if (device.queues++ == 0) device.since = now;
  if (!std::exchange(started_, true)) std::thread([this] { look_often(); }).detach();
  if (!std::exchange(looks_, true)) look_more_.notify_one();
}

void Activity::leave(Queue& queue) {
  queue.activity = nullptr;
  std::erase(busy_, &queue);
  free(queue.index);
}

void Activity::free(uint32_t index) {
  OfDevice& device = devices_[index];
  if (--device.queues == 0) device.time += worker::Executor::clock() - device.since;
}

void Activity::ended(const Place& place) {
  auto* queue = static_cast<Queue*>(worker_.objects.find(place.queue));
  if (queue != nullptr) ended(*queue, place.commands);
}

void Activity::lose(Queue& queue) {
  bool marked = worker_.when_done(queue, [this, index = queue.index] { free(index); });
  std::erase(busy_, &queue);
  if (!marked) free(queue.index);
}

bool Activity::busy(uint32_t device) const {
  auto found = devices_.find(device);
  return found != devices_.end() && found->second.queues != 0;
}

bool Activity::busy() const {
  return std::any_of(devices_.begin(), devices_.end(), [](const auto& entry) { return entry.second.queues != 0; });
}

uint64_t Activity::time(uint32_t device) const {
  auto found = devices_.find(device);
  if (found == devices_.end()) return 0;
  const OfDevice& told = found->second;
  return told.time + (told.queues == 0 ? 0 : worker::Executor::clock() - told.since);
}

void Activity::look_often() {
  std::unique_lock lock(worker_.mutex());
  for (;;) {
    look_more_.wait(lock, [this] { return looks_; });
    lock.unlock();
    std::this_thread::sleep_for(kLookEvery);
    lock.lock();
    look();
  }
}

void Activity::look() {
  for (Queue* queue : std::vector(busy_)) {
    if (!queue->probed && queue->busy_since <= looked_) probe(*queue);
  }
  looked_ = worker::Executor::clock();
  bool watched = worker_.turns.look();
  looks_ = watched || !busy_.empty();
}

void Activity::probe(Queue& queue) {
  queue.probed = worker_.when_done(queue, [this, place = Place{queue.id, queue.commands}] {
    if (auto* marked = static_cast<Queue*>(worker_.objects.find(place.queue))) marked->probed = false;
    ended(place);
  });
  if (!queue.probed) leave(queue);
}

}  // namespace cenote::opencl
