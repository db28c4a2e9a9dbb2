// Command queues, and waiting for them.
#include "shim/opencl/server.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

/// The default queue of a device, unless the program has released it.
Queue* default_queue(Context* context, const Device* device) {
  std::lock_guard lock(context->defaults_lock);
  auto at = context->default_queues.find(device);
  auto* queue = at == context->default_queues.end() ? nullptr : as<Queue>(at->second);
  bool still = queue != nullptr && queue->on_device() && queue->device == device && queue->context == context;
  return still ? queue : nullptr;
}

void make_default(Queue* queue) {
  std::lock_guard lock(queue->context->defaults_lock);
  queue->context->default_queues[queue->device] = queue;
}

cl_command_queue create(cl_context context, cl_device_id device, const cl_queue_properties* properties,
                        bool with_properties, cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_command_queue>(errcode_ret, code); };
  auto* in = as<Context>(context);
  if (in == nullptr) return give(CL_INVALID_CONTEXT);
  auto* on = as<Device>(device);
  if (on == nullptr || !in->has(on)) return give(CL_INVALID_DEVICE);
  cl_command_queue_properties flags = 0;
  cl_uint size = 0;
  std::vector<uint64_t> pairs;
  std::vector<cl_queue_properties> kept;
  if (properties != nullptr) {
    for (const auto* p = properties; *p != 0; p += 2) {
      if (p[0] == CL_QUEUE_PROPERTIES) {
        flags = p[1];
      } else if (p[0] == CL_QUEUE_SIZE) {
        size = static_cast<cl_uint>(p[1]);
      } else if (p[0] != CL_QUEUE_PRIORITY_KHR && p[0] != CL_QUEUE_THROTTLE_KHR) {
        return give(CL_INVALID_VALUE);
      }
      kept.push_back(p[0]);
      kept.push_back(p[1]);
      pairs.push_back(p[0]);
      pairs.push_back(p[1]);
    }
    kept.push_back(0);
  }
  constexpr cl_command_queue_properties kHost = CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE;
  constexpr cl_command_queue_properties kDevice = CL_QUEUE_ON_DEVICE | CL_QUEUE_ON_DEVICE_DEFAULT;
  bool on_device = (flags & CL_QUEUE_ON_DEVICE) != 0;
  if ((flags & ~(kHost | kDevice)) != 0 || ((flags & CL_QUEUE_ON_DEVICE_DEFAULT) != 0 && !on_device) ||
      (on_device && (flags & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0) || (size != 0 && !on_device)) {
    return give(CL_INVALID_VALUE);
  }
  auto able = on->number<cl_command_queue_properties>(on_device ? CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES
                                                                : CL_DEVICE_QUEUE_ON_HOST_PROPERTIES);
  if ((flags & kHost & ~able) != 0 || (size > on->number<cl_uint>(CL_DEVICE_QUEUE_ON_DEVICE_MAX_SIZE))) {
    return give(CL_INVALID_QUEUE_PROPERTIES);
  }
  auto* queue = make_object<Queue>(in);
  if (queue == nullptr) return give(CL_OUT_OF_HOST_MEMORY);
  queue->context = in;
  queue->device = on;
  queue->flags = flags;
  queue->size = on_device && size == 0 ? on->number<cl_uint>(CL_DEVICE_QUEUE_ON_DEVICE_PREFERRED_SIZE) : size;
  queue->properties = std::move(kept);
  queue->created_with_properties = with_properties && properties != nullptr;
  add_reference(in);
  msg::CreateQueue m;
  m.context = in->id;
  m.device = on->id;
  m.properties = {pairs.data(), pairs.size()};
  m.result = queue->id;
  shim::Reply reply = queue->session->call(m);
  if (reply.status != CL_SUCCESS) {
    drop_reference(queue);
    return give(reply.status);
  }
  queue->session->update([&] { server_of(queue->session).track(queue); });
  if ((flags & CL_QUEUE_ON_DEVICE_DEFAULT) != 0) make_default(queue);
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_command_queue>(queue);
}

}  // namespace

cl_int finish(Queue* queue) {
  uint64_t last = queue->last_sequence.load();
  msg::Finish m;
  m.command_queue = queue->id;
  shim::Reply reply = queue->session->call(m);
  if (reply.status == CL_SUCCESS && queue->in_order() && queue->done_sequence.load() < last) {
    queue->done_sequence.store(last);
  }
  sync_shared(queue->context, queue, last, true);
  return reply.status == CL_SUCCESS ? CL_SUCCESS : CL_OUT_OF_RESOURCES;
}

namespace hand {

cl_command_queue clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
                                                    const cl_queue_properties* properties, cl_int* errcode_ret) {
  return create(context, device, properties, true, errcode_ret);
}

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device, cl_command_queue_properties properties,
                                      cl_int* errcode_ret) {
  if ((properties & ~cl_command_queue_properties{CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE}) !=
      0) {
    return fail<cl_command_queue>(errcode_ret, CL_INVALID_VALUE);
  }
  const cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, properties, 0};
  return create(context, device, list, false, errcode_ret);
}

cl_int clRetainCommandQueue(cl_command_queue queue) { return retain<Queue>(queue, CL_INVALID_COMMAND_QUEUE); }
cl_int clReleaseCommandQueue(cl_command_queue queue) { return release<Queue>(queue, CL_INVALID_COMMAND_QUEUE); }

cl_int clGetCommandQueueInfo(cl_command_queue queue, cl_command_queue_info param, size_t size, void* value,
                             size_t* size_ret) {
  auto* object = as<Queue>(queue);
  if (object == nullptr) return CL_INVALID_COMMAND_QUEUE;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_QUEUE_CONTEXT:
      return answer.number(reinterpret_cast<cl_context>(object->context));
    case CL_QUEUE_DEVICE:
      return answer.number(reinterpret_cast<cl_device_id>(object->device));
    case CL_QUEUE_REFERENCE_COUNT:
      return answer.number(cl_uint{object->user_references.load()});
    case CL_QUEUE_PROPERTIES:
      return answer.number(object->flags);
    case CL_QUEUE_SIZE:
      return object->on_device() ? answer.number(object->size) : cl_int{CL_INVALID_COMMAND_QUEUE};
    case CL_QUEUE_DEVICE_DEFAULT:
      return answer.number(reinterpret_cast<cl_command_queue>(default_queue(object->context, object->device)));
    case CL_QUEUE_PROPERTIES_ARRAY:
      return object->created_with_properties ? answer.list(object->properties) : answer.bytes(nullptr, 0);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetCommandQueueProperty(cl_command_queue queue, cl_command_queue_properties /*properties*/, cl_bool /*enable*/,
                                 cl_command_queue_properties* /*old_properties*/) {
  return as<Queue>(queue) == nullptr ? CL_INVALID_COMMAND_QUEUE : CL_INVALID_OPERATION;
}

cl_int clFlush(cl_command_queue queue) {
  auto* object = as<Queue>(queue);
  if (object == nullptr || object->on_device()) return CL_INVALID_COMMAND_QUEUE;
  msg::Flush m;
  m.command_queue = object->id;
  if (object->session->post(m) == 0) return object->session->lost_status();
  object->session->flush();
  return CL_SUCCESS;
}

cl_int clFinish(cl_command_queue queue) {
  auto* object = as<Queue>(queue);
  if (object == nullptr || object->on_device()) return CL_INVALID_COMMAND_QUEUE;
  cl_int status = finish(object);
  return status == CL_SUCCESS ? object->tell() : status;
}

cl_int clSetDefaultDeviceCommandQueue(cl_context context, cl_device_id device, cl_command_queue command_queue) {
  auto* in = as<Context>(context);
  auto* on = as<Device>(device);
  auto* queue = as<Queue>(command_queue);
  if (in == nullptr) return CL_INVALID_CONTEXT;
  if (on == nullptr || !in->has(on)) return CL_INVALID_DEVICE;
  // Every device of version 2 can do this; since 3.0 it says so.
  bool able =
      on->properties.get(CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES) == nullptr
          ? on->number<cl_uint>(CL_DEVICE_MAX_ON_DEVICE_QUEUES) != 0
          : (on->number<cl_bitfield>(CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES) & CL_DEVICE_QUEUE_REPLACEABLE_DEFAULT) != 0;
  if (!able) return CL_INVALID_OPERATION;
  bool fits = queue != nullptr && queue->on_device() && queue->device == on && queue->context == in;
  if (!fits) return CL_INVALID_COMMAND_QUEUE;
  msg::clSetDefaultDeviceCommandQueue m;
  m.context = in->id;
  m.device = on->id;
  m.command_queue = queue->id;
  cl_int status = send_and_wait(queue, m);
  if (status == CL_SUCCESS) make_default(queue);
  return status;
}

}  // namespace hand
}  // namespace cenote::opencl
