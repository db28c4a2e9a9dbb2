#include "worker/opencl/reads.hpp"

#include <algorithm>

#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

int32_t Reads::OfQueue::status(cl_event event) const {
  cl_int status = CL_COMPLETE;
  driver->clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
  return status;
}

void Reads::OfQueue::tell(std::map<uint64_t, Read>::iterator at, int32_t status) {
  auto read = reads.extract(at);
  driver->clReleaseEvent(read.mapped().event);
  read.mapped().tell(status);
}

void Reads::add(Worker& worker, const Queue& queue, uint64_t sequence, cl_event event, Tell tell) {
  const Driver& driver = *queue.context->driver;
  driver.clRetainEvent(event);
  auto entry = queues_.try_emplace(queue.id, OfQueue{&driver, queue.in_order, {}}).first;
  entry->second.reads.emplace(sequence, Read{event, std::move(tell)});
  worker.when_complete(driver, event, [this, &worker, id = queue.id, sequence, place = queue.here()](int32_t status) {
    worker.activity.ended(place);
    ended(id, sequence, status);
  });
}

void Reads::tell_ended() {
  if (telling_) return;
  telling_ = true;
  for (auto entry = queues_.begin(); entry != queues_.end();) {
    OfQueue& queue = entry->second;
    for (auto at = queue.reads.begin(); at != queue.reads.end();) {
      int32_t status = queue.status(at->second.event);
      if (status > CL_COMPLETE && queue.in_order) break;
      auto here = at++;
      if (status <= CL_COMPLETE) queue.tell(here, status);
    }
    entry = queue.reads.empty() ? queues_.erase(entry) : std::next(entry);
  }
  telling_ = false;
}

void Reads::ended(uint64_t id, uint64_t sequence, int32_t status) {
  tell_ended();
  // A driver may call back before the event's status shows it.
  auto entry = queues_.find(id);
  if (entry == queues_.end()) return;
  telling_ = true;
  OfQueue& queue = entry->second;
  while (queue.in_order && !queue.reads.empty() && queue.reads.begin()->first < sequence) {
    auto first = queue.reads.begin();
    queue.tell(first, std::min<int32_t>(queue.status(first->second.event), CL_COMPLETE));
  }
  if (auto at = queue.reads.find(sequence); at != queue.reads.end()) queue.tell(at, status);
  if (queue.reads.empty()) queues_.erase(entry);
  telling_ = false;
}

}  // namespace cenote::opencl
