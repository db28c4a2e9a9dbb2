// Commands that touch no bytes: markers, barriers, migration.
#include <algorithm>

#include "null/commands.hpp"

using namespace cenote::null;  // NOLINT: the whole file is the API

cl_int clEnqueueMarkerWithWaitList(cl_command_queue command_queue, cl_uint num_events_in_wait_list,
                                   const cl_event* event_wait_list, cl_event* event) {
  return submit({command_queue, CL_COMMAND_MARKER, num_events_in_wait_list, event_wait_list, event, false, true},
                [] {});
}

cl_int clEnqueueBarrierWithWaitList(cl_command_queue command_queue, cl_uint num_events_in_wait_list,
                                    const cl_event* event_wait_list, cl_event* event) {
  return submit({command_queue, CL_COMMAND_BARRIER, num_events_in_wait_list, event_wait_list, event, false, true},
                [] {});
}

cl_int clEnqueueMarker(cl_command_queue command_queue, cl_event* event) {
  if (event == nullptr) return valid(command_queue) ? CL_INVALID_VALUE : CL_INVALID_COMMAND_QUEUE;
  return clEnqueueMarkerWithWaitList(command_queue, 0, nullptr, event);
}

cl_int clEnqueueBarrier(cl_command_queue command_queue) {
  return clEnqueueBarrierWithWaitList(command_queue, 0, nullptr, nullptr);
}

cl_int clEnqueueWaitForEvents(cl_command_queue command_queue, cl_uint num_events, const cl_event* event_list) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (num_events == 0 || event_list == nullptr) return CL_INVALID_VALUE;
  cl_int code = clEnqueueBarrierWithWaitList(command_queue, num_events, event_list, nullptr);
  return code == CL_INVALID_EVENT_WAIT_LIST ? CL_INVALID_EVENT : code;
}

cl_int clEnqueueMigrateMemObjects(cl_command_queue command_queue, cl_uint num_mem_objects, const cl_mem* mem_objects,
                                  cl_mem_migration_flags flags, cl_uint num_events_in_wait_list,
                                  const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (num_mem_objects == 0 || mem_objects == nullptr ||
      (flags & ~cl_mem_migration_flags{CL_MIGRATE_MEM_OBJECT_HOST | CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED}) != 0) {
    return CL_INVALID_VALUE;
  }
  if (!std::all_of(mem_objects, mem_objects + num_mem_objects, valid<_cl_mem>)) return CL_INVALID_MEM_OBJECT;
  return submit({command_queue, CL_COMMAND_MIGRATE_MEM_OBJECTS, num_events_in_wait_list, event_wait_list, event},
                [] {});
}
