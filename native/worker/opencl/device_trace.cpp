#include "worker/opencl/device_trace.hpp"

#include "worker/executor.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kReportAt = 64;  // looking at every event costs time

uint64_t time_of(const Driver& driver, cl_event event, cl_uint what) {
  cl_ulong time = 0;
  driver.clGetEventProfilingInfo(event, what, sizeof time, &time, nullptr);
  return time;
}

}  // namespace

void DeviceTrace::watch(Queue& queue) {
  const Driver& driver = *queue.context->driver;
  cl_event event = nullptr;
  uint64_t before = worker::Executor::clock();
  if (driver.clEnqueueMarkerWithWaitList(queue.native, 0, nullptr, &event) != CL_SUCCESS) return;
  uint64_t after = worker::Executor::clock();
  driver.clWaitForEvents(1, &event);
  if (uint64_t queued = time_of(driver, event, CL_PROFILING_COMMAND_QUEUED); queued != 0) {
    queue.traced = true;
    queue.clock_lag = static_cast<int64_t>(before + (after - before) / 2 - queued);
  }
  driver.clReleaseEvent(event);
}

void DeviceTrace::add(uint64_t sequence, Queue* queue, cl_event event, std::string_view name) {
  queue->context->driver->clRetainEvent(event);
  running_.push_back({sequence, Ref(queue), event, std::string(name)});
  if (running_.size() % kReportAt == 0) report();
}

void DeviceTrace::report() {
  std::erase_if(running_, [&](const Command& command) {
    const Driver& driver = *command.queue->context->driver;
    cl_int status = CL_COMPLETE;
    driver.clGetEventInfo(command.event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
    if (status > CL_COMPLETE) return false;
    auto lag = static_cast<uint64_t>(command.queue->clock_lag);
    if (status == CL_COMPLETE) {
      executor_.trace(wire::TraceRecord::kRan, command.sequence, wire::id_slot(command.queue->id),
                      time_of(driver, command.event, CL_PROFILING_COMMAND_START) + lag,
                      time_of(driver, command.event, CL_PROFILING_COMMAND_END) + lag, command.name);
    }
    driver.clReleaseEvent(command.event);
    return true;
  });
}

}  // namespace cenote::opencl
