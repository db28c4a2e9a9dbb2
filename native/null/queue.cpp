#include "null/answer.hpp"
#include "null/commands.hpp"
#include "null/objects.hpp"

namespace cenote::null {

constexpr cl_command_queue_properties kQueueFlags = CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE;

static cl_command_queue make_queue(cl_context context, cl_device_id device, cl_command_queue_properties flags,
                                   std::vector<cl_queue_properties> properties, cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (!valid(device) || !context->has(device)) return failed(errcode_ret, CL_INVALID_DEVICE);
  if ((flags & CL_QUEUE_ON_DEVICE) != 0) return failed(errcode_ret, CL_INVALID_QUEUE_PROPERTIES);
  if ((flags & ~kQueueFlags) != 0) return failed(errcode_ret, CL_INVALID_VALUE);
  cl_command_queue queue = Pool<_cl_command_queue>::instance().make();
  if (queue != nullptr) {
    queue->context = Ref(context);
    queue->device = Ref(device);
    queue->flags = flags;
    queue->properties = std::move(properties);
  }
  return made(queue, errcode_ret);
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_command_queue clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
                                                    const cl_queue_properties* properties, cl_int* errcode_ret) {
  std::vector<cl_queue_properties> given = property_list(properties);
  cl_command_queue_properties flags = 0;
  for (size_t i = 0; i + 1 < given.size(); i += 2) {
    if (given[i] != CL_QUEUE_PROPERTIES) return failed(errcode_ret, CL_INVALID_VALUE);
    flags = given[i + 1];
  }
  return make_queue(context, device, flags, std::move(given), errcode_ret);
}

cl_command_queue clCreateCommandQueueWithPropertiesKHR(cl_context context, cl_device_id device,
                                                       const cl_queue_properties* properties, cl_int* errcode_ret) {
  return clCreateCommandQueueWithProperties(context, device, properties, errcode_ret);
}

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device, cl_command_queue_properties properties,
                                      cl_int* errcode_ret) {
  return make_queue(context, device, properties, {}, errcode_ret);
}

cl_int clSetDefaultDeviceCommandQueue(cl_context context, cl_device_id device, cl_command_queue command_queue) {
  if (!valid(context)) return CL_INVALID_CONTEXT;
  if (!valid(device)) return CL_INVALID_DEVICE;
  return valid(command_queue) ? CL_INVALID_OPERATION : CL_INVALID_COMMAND_QUEUE;
}

cl_int clSetCommandQueueProperty(cl_command_queue command_queue, cl_command_queue_properties /*properties*/,
                                 cl_bool /*enable*/, cl_command_queue_properties* /*old_properties*/) {
  return valid(command_queue) ? CL_INVALID_OPERATION : CL_INVALID_COMMAND_QUEUE;
}

cl_int clRetainCommandQueue(cl_command_queue command_queue) { return retain(command_queue, CL_INVALID_COMMAND_QUEUE); }

cl_int clReleaseCommandQueue(cl_command_queue command_queue) {
  return release(command_queue, CL_INVALID_COMMAND_QUEUE);
}

cl_int clGetCommandQueueInfo(cl_command_queue command_queue, cl_command_queue_info param_name, size_t param_value_size,
                             void* param_value, size_t* param_value_size_ret) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_QUEUE_CONTEXT:
      return answer.number<cl_context>(command_queue->context.get());
    case CL_QUEUE_DEVICE:
      return answer.number<cl_device_id>(command_queue->device.get());
    case CL_QUEUE_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_command_queue>::instance().handles(command_queue));
    case CL_QUEUE_PROPERTIES:
      return answer.number<cl_command_queue_properties>(command_queue->flags);
    case CL_QUEUE_DEVICE_DEFAULT:
      return answer.number<cl_command_queue>(nullptr);
    case CL_QUEUE_PROPERTIES_ARRAY:
      return answer.list(command_queue->properties);
    case CL_QUEUE_SIZE:
      return CL_INVALID_COMMAND_QUEUE;  // only queues on the device have one
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clFlush(cl_command_queue command_queue) { return valid(command_queue) ? CL_SUCCESS : CL_INVALID_COMMAND_QUEUE; }

cl_int clFinish(cl_command_queue command_queue) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  drain(command_queue);
  return CL_SUCCESS;
}
