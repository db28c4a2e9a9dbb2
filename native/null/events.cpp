#include <vector>

#include "null/answer.hpp"
#include "null/commands.hpp"

using namespace cenote::null;  // NOLINT: the whole file is the API

cl_int clWaitForEvents(cl_uint num_events, const cl_event* event_list) {
  if (num_events == 0 || event_list == nullptr) return CL_INVALID_VALUE;
  std::vector<Ref<_cl_event>> events;
  for (cl_uint i = 0; i < num_events; ++i) {
    if (!valid(event_list[i])) return CL_INVALID_EVENT;
    if (!(event_list[i]->context == event_list[0]->context)) return CL_INVALID_CONTEXT;
    events.emplace_back(event_list[i]);
  }
  return wait_for(events.data(), events.size()) ? CL_SUCCESS : CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
}

cl_event clCreateUserEvent(cl_context context, cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  cl_event event = Pool<_cl_event>::instance().make();
  if (event != nullptr) {
    event->context = Ref(context);
    event->type = CL_COMMAND_USER;
    event->status.store(CL_SUBMITTED);
  }
  return made(event, errcode_ret);
}

cl_int clSetUserEventStatus(cl_event event, cl_int execution_status) {
  if (!valid(event) || event->type != CL_COMMAND_USER) return CL_INVALID_EVENT;
  if (execution_status > CL_COMPLETE) return CL_INVALID_VALUE;
  // CL_RUNNING stands for “someone is ending it”, so that it ends once.
  cl_int expected = CL_SUBMITTED;
  if (!event->status.compare_exchange_strong(expected, CL_RUNNING)) return CL_INVALID_OPERATION;
  finish(Ref(event), execution_status);
  return CL_SUCCESS;
}

cl_int clRetainEvent(cl_event event) { return retain(event, CL_INVALID_EVENT); }

cl_int clReleaseEvent(cl_event event) { return release(event, CL_INVALID_EVENT); }

cl_int clGetEventInfo(cl_event event, cl_event_info param_name, size_t param_value_size, void* param_value,
                      size_t* param_value_size_ret) {
  if (!valid(event)) return CL_INVALID_EVENT;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_EVENT_COMMAND_QUEUE:
      return answer.number<cl_command_queue>(event->queue.get());
    case CL_EVENT_CONTEXT:
      return answer.number<cl_context>(event->context.get());
    case CL_EVENT_COMMAND_TYPE:
      return answer.number<cl_command_type>(event->type);
    case CL_EVENT_COMMAND_EXECUTION_STATUS:
      return answer.number<cl_int>(event->status.load(std::memory_order_acquire));
    case CL_EVENT_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_event>::instance().handles(event));
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info param_name, size_t param_value_size, void* param_value,
                               size_t* param_value_size_ret) {
  if (!valid(event)) return CL_INVALID_EVENT;
  if (!event->queue || !event->queue->profiles() || event->status.load(std::memory_order_acquire) != CL_COMPLETE) {
    return CL_PROFILING_INFO_NOT_AVAILABLE;
  }
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_PROFILING_COMMAND_QUEUED:
    case CL_PROFILING_COMMAND_SUBMIT:
      return answer.number<cl_ulong>(event->queued);
    case CL_PROFILING_COMMAND_START:
    case CL_PROFILING_COMMAND_END:
    case CL_PROFILING_COMMAND_COMPLETE:
      return answer.number<cl_ulong>(event->ended);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetEventCallback(cl_event event, cl_int command_exec_callback_type,
                          void(CL_CALLBACK* pfn_notify)(cl_event, cl_int, void*), void* user_data) {
  if (!valid(event)) return CL_INVALID_EVENT;
  if (pfn_notify == nullptr || command_exec_callback_type < CL_COMPLETE || command_exec_callback_type > CL_SUBMITTED) {
    return CL_INVALID_VALUE;
  }
  notify(event, {pfn_notify, user_data, command_exec_callback_type});
  return CL_SUCCESS;
}
