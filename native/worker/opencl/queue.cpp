// Queues, events and waiting.
#include <algorithm>

#include "worker/opencl/plain.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

void handle(Worker& w, Call& call, const msg::CreateContext& m) {
  Create<Context> scope(w, call, m.result);
  if (m.devices.size() == 0 || m.properties.size() != 0) w.broken("a context of no devices or with properties", call);
  auto devices = scope.args<Device>(m.devices);
  auto* first = w.get<Device>(m.devices[0]);
  Context* context = scope.object();
  context->driver = &first->platform->driver;
  context->devices = devices;
  context->unified = std::all_of(devices.begin(), devices.end(), [&](cl_device_id device) {
    cl_bool unified = 0;
    context->driver->clGetDeviceInfo(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof unified, &unified, nullptr);
    return unified != 0;
  });
  for (uint64_t id : m.devices) {
    uint32_t index = w.get<Device>(id)->index;
    auto& memory = context->memory;
    if (std::find(memory.begin(), memory.end(), index) == memory.end()) memory.push_back(index);
  }
  std::vector<cl_context_properties> properties{CL_CONTEXT_PLATFORM,
                                                reinterpret_cast<cl_context_properties>(first->platform->native), 0};
  struct Outcome {
    cl_context native = nullptr;
    cl_int error = 0;
  };
  auto outcome = std::make_shared<Outcome>();
  w.hold(call, {context});
  w.blocking(
      [=, &w, driver = context->driver, memory = context->memory] {
        if (!w.quota.make_room(memory)) {
          outcome->error = CL_OUT_OF_RESOURCES;
          return;
        }
        outcome->native = driver->clCreateContext(properties.data(), static_cast<cl_uint>(devices.size()),
                                                  devices.data(), nullptr, nullptr, &outcome->error);
      },
      [&w, call, context = Ref<Context>(context), outcome] {
        context->native = outcome->native;
        context->error = outcome->error;
        if (call.wants_reply) w.outbox.reply(call.sequence, outcome->error);
        w.release(call.parked);
      });
}

namespace {

/// Makes the driver keep the times of a queue's commands, which the program need not know.
void keep_times(cl_command_queue_properties* flags, std::vector<cl_queue_properties>& properties) {
  *flags |= CL_QUEUE_PROFILING_ENABLE;
  for (size_t i = 0; i < properties.size(); i += 2) {
    if (properties[i] == CL_QUEUE_PROPERTIES) properties[i + 1] = *flags;
  }
  if (properties.empty()) properties = {CL_QUEUE_PROPERTIES, *flags};
}

}  // namespace

void handle(Worker& w, Call& call, const msg::CreateQueue& m) {
  Create<Queue> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  auto* device = scope.arg<Device>(m.device);
  Queue* queue = scope.object();
  queue->device = device->native;
  queue->index = device->index;
  std::vector<cl_queue_properties> properties;
  cl_command_queue_properties flags = 0;
  for (uint64_t i = 0; i + 1 < m.properties.size(); i += 2) {
    if (m.properties[i] == CL_QUEUE_PROPERTIES) flags = m.properties[i + 1];
    properties.push_back(m.properties[i]);
    properties.push_back(m.properties[i + 1]);
  }
  queue->in_order = (flags & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0;
  queue->profiling = (flags & CL_QUEUE_PROFILING_ENABLE) != 0;
  bool traced = w.tracing && (flags & CL_QUEUE_ON_DEVICE) == 0;
  if (traced) keep_times(&flags, properties);
  properties.push_back(0);
  scope.run([&](cl_int* error) {
    const Driver& driver = *context->driver;
    if (driver.clCreateCommandQueueWithProperties != nullptr) {
      cl_command_queue made = driver.clCreateCommandQueueWithProperties(
          context->native, device->native, properties.size() > 1 ? properties.data() : nullptr, error);
      if (made != nullptr || *error != CL_INVALID_OPERATION) return made;
    }
    return driver.clCreateCommandQueue(context->native, device->native, flags, error);
  });
  if (traced && queue->native != nullptr) w.device_trace.watch(*queue);
}

void handle(Worker& w, Call& /*call*/, const msg::Flush& m) {
  auto* queue = w.get<Queue>(m.command_queue);
  if (queue->native == nullptr) return;
  int32_t status = queue->context->driver->clFlush(queue->native);
  if (status != CL_SUCCESS) w.report_failure(*queue, status);
}

void handle(Worker& w, Call& call, const msg::Finish& m) {
  Ref<Queue> queue(w.get<Queue>(m.command_queue));
  auto answer = [&w, call, queue, commands = queue->commands](int32_t status) {
    w.activity.ended(*queue, commands);
    w.reap();
    w.device_trace.report();
    w.send_output();
    w.reads.tell_ended();
    w.outbox.reply(call.sequence, status);
  };
  if (queue->native == nullptr) return answer(queue->error);
  auto status = std::make_shared<cl_int>(CL_SUCCESS);
  w.blocking([queue = queue.get(), status] { *status = queue->context->driver->clFinish(queue->native); },
             [=] { answer(*status); });
}

void handle(Worker& w, Call& call, const msg::WaitEvents& m) {
  std::vector<Ref<Event>> events;
  std::vector<cl_event> natives;
  const Driver* driver = nullptr;
  for (uint64_t id : m.events) {
    auto* event = w.get<Event>(id);
    events.emplace_back(event);
    if (event->native == nullptr) continue;
    natives.push_back(event->native);
    driver = event->driver;
  }
  auto after = [&w, call, events, driver] {
    w.send_output();
    w.device_trace.report();
    for (const auto& event : events) {
      cl_int status = event->error;
      if (event->native != nullptr) {
        driver->clGetEventInfo(event->native, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
      }
      w.report_event(*event, status);
    }
    w.outbox.reply(call.sequence, CL_SUCCESS);
  };
  if (natives.empty()) return after();
  w.blocking([natives, driver] { driver->clWaitForEvents(static_cast<cl_uint>(natives.size()), natives.data()); },
             after);
}

void handle(Worker& w, Call& /*call*/, const msg::Subscribe& m) {
  Ref<Event> event(w.get<Event>(m.event));
  if (event->native == nullptr) return w.report_event(*event, event->error);
  w.when_complete(*event->driver, event->native, [&w, event](int32_t status) {
    w.send_output();
    w.report_event(*event, status);
  });
}

void handle(Worker& w, Call& call, const msg::EventStatus& m) {
  auto* event = dynamic_cast<Event*>(w.objects.find(m.event));
  if (event == nullptr) w.broken("an id that names no event", call);
  cl_int status = CL_SUBMITTED;
  if (event->error != CL_SUCCESS) status = event->error;
  if (event->native != nullptr) {
    event->driver->clGetEventInfo(event->native, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
  }
  if (status <= CL_COMPLETE) {
    w.send_output();
    w.report_event(*event, status);
  }
  w.outbox.reply(call.sequence, CL_SUCCESS);
}

void handle(Worker& w, Call& /*call*/, const msg::CreateUserEvent& m) {
  auto* event = w.made<Event>(m.result);
  auto* context = w.get<Context>(m.context);
  event->context = Ref<Context>(context);
  event->driver = context->driver;
  event->user = true;
  event->gate = w.make_gate(event);
}

void handle(Worker& w, Call& call, const msg::SetUserEvent& m) {
  auto* event = dynamic_cast<Event*>(w.objects.find(m.event));
  if (event == nullptr || !event->user) w.broken("an id that names no user event", call);
  if (event->gate == nullptr) return;
  event->error = m.status < 0 ? m.status : CL_SUCCESS;
  w.release(std::exchange(event->gate, nullptr));
}

}  // namespace cenote::opencl
