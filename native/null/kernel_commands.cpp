#include <algorithm>

#include "null/commands.hpp"
#include "null/settings.hpp"

namespace cenote::null {

/// The code for a work-group that the kernel or the device does not take.
static cl_int check_group(cl_kernel kernel, cl_uint dimensions, const size_t* local) {
  const size_t* required = kernel->text.required_size;
  if (local == nullptr) return CL_SUCCESS;
  size_t items = 1;
  for (cl_uint i = 0; i < dimensions; ++i) {
    if (local[i] == 0 || local[i] > kMaxWorkGroup) return CL_INVALID_WORK_ITEM_SIZE;
    if (required[0] != 0 && required[i] != local[i]) return CL_INVALID_WORK_GROUP_SIZE;
    items *= local[i];
  }
  return items <= kMaxWorkGroup ? CL_SUCCESS : CL_INVALID_WORK_GROUP_SIZE;
}

static cl_int launch(const Command& command, cl_kernel kernel) {
  if (!valid(command.queue)) return CL_INVALID_COMMAND_QUEUE;
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (!(kernel->program->context == command.queue->context)) return CL_INVALID_CONTEXT;
  {
    std::lock_guard lock(kernel->mutex);
    if (std::find(kernel->is_set.begin(), kernel->is_set.end(), false) != kernel->is_set.end()) {
      return CL_INVALID_KERNEL_ARGS;
    }
  }
  return submit(command, [] {});
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clEnqueueNDRangeKernel(cl_command_queue command_queue, cl_kernel kernel, cl_uint work_dim,
                              const size_t* /*global_work_offset*/, const size_t* /*global_work_size*/,
                              const size_t* local_work_size, cl_uint num_events_in_wait_list,
                              const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (work_dim < 1 || work_dim > 3) return CL_INVALID_WORK_DIMENSION;
  if (cl_int bad = check_group(kernel, work_dim, local_work_size); bad != CL_SUCCESS) return bad;
  return launch({command_queue, CL_COMMAND_NDRANGE_KERNEL, num_events_in_wait_list, event_wait_list, event}, kernel);
}

cl_int clEnqueueTask(cl_command_queue command_queue, cl_kernel kernel, cl_uint num_events_in_wait_list,
                     const cl_event* event_wait_list, cl_event* event) {
  return launch({command_queue, CL_COMMAND_TASK, num_events_in_wait_list, event_wait_list, event}, kernel);
}

cl_int clEnqueueNativeKernel(cl_command_queue command_queue, void(CL_CALLBACK* /*user_func*/)(void*), void* /*args*/,
                             size_t /*cb_args*/, cl_uint /*num_mem_objects*/, const cl_mem* /*mem_list*/,
                             const void** /*args_mem_loc*/, cl_uint /*num_events_in_wait_list*/,
                             const cl_event* /*event_wait_list*/, cl_event* /*event*/) {
  return valid(command_queue) ? CL_INVALID_OPERATION : CL_INVALID_COMMAND_QUEUE;
}
