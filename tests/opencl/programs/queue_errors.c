// Queues, devices, contexts and events: what is wrong with asking for them.
#include "codes.h"

static void CL_CALLBACK nothing(cl_event event, cl_int code, void* data) { (void)event, (void)code, (void)data; }

int main(void) {
  open_device();
  char value[256];
  cl_uint count;
  cl_context other = another_context();
  const cl_context_properties of_platform[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};

  // Platforms and devices.
  GIVES(CL_INVALID_VALUE, clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, &device, &count));
  GIVES(CL_INVALID_DEVICE_TYPE, clGetDeviceIDs(platform, 0, 0, NULL, &count));
  GIVES(CL_INVALID_DEVICE_TYPE, clGetDeviceIDs(platform, (cl_device_type)1 << 20, 0, NULL, &count));
  GIVES(CL_DEVICE_NOT_FOUND, clGetDeviceIDs(platform, CL_DEVICE_TYPE_CUSTOM, 0, NULL, &count));
  GIVES(CL_SUCCESS, clUnloadPlatformCompiler(platform));
  GIVES(CL_SUCCESS, clRetainDevice(device));
  GIVES(CL_SUCCESS, clReleaseDevice(device));

  // Contexts.
#define PROPERTIES(...) (const cl_context_properties[]){__VA_ARGS__, 0}
  MAKES(CL_INVALID_PROPERTY, clCreateContext(PROPERTIES(0xdead, 1), 1, &device, NULL, NULL, &status));
  MAKES(CL_INVALID_PROPERTY,
        clCreateContext(PROPERTIES(CL_CONTEXT_INTEROP_USER_SYNC, 0, CL_CONTEXT_INTEROP_USER_SYNC, 0), 1, &device, NULL,
                        NULL, &status));
  MAKES(CL_INVALID_PROPERTY,
        clCreateContext(PROPERTIES(CL_CONTEXT_INTEROP_USER_SYNC, 2), 1, &device, NULL, NULL, &status));
  MAKES(CL_INVALID_PLATFORM, clCreateContext(PROPERTIES(CL_CONTEXT_PLATFORM, 0), 1, &device, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateContext(of_platform, 0, NULL, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateContext(of_platform, 1, &device, NULL, value, &status));
  MAKES(CL_SUCCESS, clCreateContext(of_platform, 2, (cl_device_id[]){device, device}, NULL, NULL, &status));
  MAKES(CL_INVALID_DEVICE_TYPE, clCreateContextFromType(of_platform, (cl_device_type)1 << 20, NULL, NULL, &status));
  MAKES(CL_DEVICE_NOT_FOUND, clCreateContextFromType(of_platform, CL_DEVICE_TYPE_CUSTOM, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateContextFromType(of_platform, CL_DEVICE_TYPE_ALL, NULL, value, &status));
  MAKES(CL_INVALID_PROPERTY, clCreateContextFromType(PROPERTIES(0xdead, 1), CL_DEVICE_TYPE_ALL, NULL, NULL, &status));
  GIVES(CL_INVALID_VALUE, clSetContextDestructorCallback(context, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clGetContextInfo(context, 0xdead, sizeof value, value, NULL));

  // Queues.
#define QUEUE(...) clCreateCommandQueueWithProperties(context, device, (cl_queue_properties[]){__VA_ARGS__, 0}, &status)
  MAKES(CL_INVALID_VALUE, QUEUE(0xdead, 1));
  MAKES(CL_INVALID_VALUE, QUEUE(CL_QUEUE_PROPERTIES, 1 << 20));
  MAKES(CL_INVALID_VALUE, QUEUE(CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE_DEFAULT));
  MAKES(CL_INVALID_VALUE, QUEUE(CL_QUEUE_SIZE, 1024));
  MAKES(CL_INVALID_VALUE, QUEUE(CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE));
  MAKES(CL_SUCCESS, QUEUE(CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE));
  MAKES(CL_SUCCESS, clCreateCommandQueueWithProperties(context, device, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateCommandQueue(context, device, 1 << 20, &status));
  MAKES(CL_SUCCESS, clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &status));
  cl_command_queue_properties old;
  GIVES(CL_INVALID_OPERATION, clSetCommandQueueProperty(queue, CL_QUEUE_PROFILING_ENABLE, CL_TRUE, &old));
  GIVES(CL_INVALID_VALUE, clGetCommandQueueInfo(queue, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_COMMAND_QUEUE, clGetCommandQueueInfo(queue, CL_QUEUE_SIZE, sizeof value, value, NULL));
  if (device_number(CL_DEVICE_MAX_ON_DEVICE_QUEUES) == 0) {
    GIVES(CL_INVALID_OPERATION, clSetDefaultDeviceCommandQueue(context, device, queue));
    GIVES(CL_INVALID_OPERATION, clSetDefaultDeviceCommandQueue(context, device, NULL));
    MAKES(CL_INVALID_QUEUE_PROPERTIES,
          QUEUE(CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE));
  } else {
    GIVES(CL_INVALID_COMMAND_QUEUE, clSetDefaultDeviceCommandQueue(context, device, queue));
    GIVES(CL_INVALID_COMMAND_QUEUE, clSetDefaultDeviceCommandQueue(context, device, NULL));
    cl_command_queue inner =
        QUEUE(CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, CL_QUEUE_SIZE, 16384);
    GIVES(CL_SUCCESS, status);
    cl_uint size = 0;
    GIVES(CL_SUCCESS, clGetCommandQueueInfo(inner, CL_QUEUE_SIZE, sizeof size, &size, NULL));
    GIVES(1, size >= 16384);
    GIVES(CL_SUCCESS, clSetDefaultDeviceCommandQueue(context, device, inner));
    cl_command_queue now = NULL;
    GIVES(CL_SUCCESS, clGetCommandQueueInfo(inner, CL_QUEUE_DEVICE_DEFAULT, sizeof now, &now, NULL));
    GIVES(1, now == inner);
    GIVES(CL_INVALID_COMMAND_QUEUE, clSetDefaultDeviceCommandQueue(other, device, inner));
    GIVES(CL_INVALID_COMMAND_QUEUE, clEnqueueMarkerWithWaitList(inner, 0, NULL, NULL));
    GIVES(CL_INVALID_COMMAND_QUEUE, clFlush(inner));
    GIVES(CL_INVALID_COMMAND_QUEUE, clFinish(inner));
  }

  // Events.
  cl_event user = user_event(), foreign = event_of(other), marker;
  CHECK(clEnqueueMarkerWithWaitList(queue, 1, &user, &marker));
  GIVES(CL_INVALID_EVENT, clSetUserEventStatus(marker, CL_COMPLETE));
  GIVES(CL_INVALID_VALUE, clSetUserEventStatus(user, CL_QUEUED));
  GIVES(CL_INVALID_VALUE, clSetEventCallback(user, CL_QUEUED, nothing, NULL));
  GIVES(CL_INVALID_VALUE, clSetEventCallback(user, -1, nothing, NULL));
  GIVES(CL_INVALID_VALUE, clSetEventCallback(user, CL_COMPLETE, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clGetEventInfo(user, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetEventInfo(user, CL_EVENT_COMMAND_TYPE, 1, value, NULL));
  GIVES(CL_INVALID_VALUE, clWaitForEvents(0, &user));
  GIVES(CL_INVALID_VALUE, clWaitForEvents(1, NULL));
  GIVES(CL_INVALID_CONTEXT, clWaitForEvents(2, (cl_event[]){user, foreign}));
  GIVES(CL_PROFILING_INFO_NOT_AVAILABLE,
        clGetEventProfilingInfo(user, CL_PROFILING_COMMAND_END, sizeof value, value, NULL));
  GIVES(CL_PROFILING_INFO_NOT_AVAILABLE,
        clGetEventProfilingInfo(marker, CL_PROFILING_COMMAND_END, sizeof value, value, NULL));
  GIVES(CL_SUCCESS, clSetUserEventStatus(user, CL_COMPLETE));
  GIVES(CL_INVALID_OPERATION, clSetUserEventStatus(user, CL_COMPLETE));
  GIVES(CL_SUCCESS, clWaitForEvents(1, &marker));

  // A command that follows what failed is told by its event alone, and holds up nobody.
  cl_mem buffer = new_buffer(0, 64, NULL);
  cl_event failing = user_event(), read, write;
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, 64, value, 1, &failing, &write));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, 64, value, 1, &write, &read));
  CHECK(clSetUserEventStatus(failing, -1000));
  GIVES(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, clWaitForEvents(1, &read));
  GIVES(1, status_of(write) < 0 && status_of(read) < 0);
  GIVES(CL_SUCCESS, clFinish(queue));
  GIVES(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
        clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 64, value, 1, &failing, NULL));
  GIVES(CL_SUCCESS, clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 64, value, 0, NULL, NULL));
  return end_of_codes();
}
