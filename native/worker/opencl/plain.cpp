#include "worker/opencl/plain.hpp"

namespace cenote::opencl {

Enqueue::Enqueue(Worker& worker, Call& call, uint64_t queue, const wire::Words& waits, uint64_t event)
    : Scope(worker, call), queue_(worker.get<Queue>(queue)), event_(event == 0 ? nullptr : worker.made<Event>(event)) {
  driver_ = queue_->context->driver;
  note(queue_);
  waits_.reserve(waits.size());
  for (uint64_t id : waits) {
    auto* waited = worker.get<Event>(id);
    // Finished user events and failed commands have no event of the driver's.
    if (waited->error != CL_SUCCESS) error_ = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    if (waited->native != nullptr) waits_.push_back(waited->native);
  }
  if (!queue_->context->fences.empty()) follow_fences();
  if (event_ != nullptr) {
    event_->driver = driver_;
    event_->context = queue_->context;
    event_->device = queue_->index;
    event_->place = queue_->here();
    event_->profiling = queue_->profiling;
  }
}

void Enqueue::follow_fences() {
  std::erase_if(queue_->context->fences, [&](const Context::Fence& fence) {
    if (fence.queue == queue_->id) return false;
    cl_int status = CL_COMPLETE;
    driver_->clGetEventInfo(fence.event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
    if (status <= CL_COMPLETE) {
      driver_->clReleaseEvent(fence.event);
      return true;
    }
    waits_.push_back(fence.event);
    if (auto* written = static_cast<Queue*>(worker_.objects.find(fence.queue))) driver_->clFlush(written->native);
    return false;
  });
}

void Enqueue::take(cl_event made) {
  bool keep = event_ != nullptr || keep_event_;
  if (queue_->traced) {
    worker_.device_trace.add(call_.sequence, queue_, made, name_.empty() ? op_name(call_.opcode) : name_);
    if (!keep) driver_->clReleaseEvent(made);
  }
  if (keep) made_ = made;
}

void Enqueue::finish() {
  if (event_ != nullptr) {
    event_->native = made_;
    event_->error = error_;
    if (error_ != CL_SUCCESS) worker_.report_event(*event_, error_);
  }
  if (call_.wants_reply) return worker_.outbox.reply(call_.sequence, error_);
  if (error_ != CL_SUCCESS && !told_) worker_.report_failure(*queue_, error_);
}

}  // namespace cenote::opencl
