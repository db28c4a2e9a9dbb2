#include "null/answer.hpp"
#include "null/commands.hpp"
#include "null/memory.hpp"

namespace cenote::null {

/// Ends a map function: the pointer is known at once, its bytes are right when the command has run.
static void* mapped(const Command& command, cl_mem mem, std::byte* address, cl_int* errcode_ret) {
  if (mem->bytes() == nullptr) return failed(errcode_ret, CL_MAP_FAILURE);
  if (cl_int bad = submit(command, [] {}); bad != CL_SUCCESS) return failed(errcode_ret, bad);
  mem->maps.fetch_add(1);
  put_error(errcode_ret, CL_SUCCESS);
  return address;
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

void* clEnqueueMapBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_map, cl_map_flags /*flags*/,
                         size_t offset, size_t size, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                         cl_event* event, cl_int* errcode_ret) {
  if (!valid(command_queue)) return failed(errcode_ret, CL_INVALID_COMMAND_QUEUE);
  if (!valid(buffer) || buffer->type != CL_MEM_OBJECT_BUFFER) return failed(errcode_ret, CL_INVALID_MEM_OBJECT);
  if (size == 0 || !fits(offset, size, buffer->size)) return failed(errcode_ret, CL_INVALID_VALUE);
  return mapped(
      {command_queue, CL_COMMAND_MAP_BUFFER, num_events_in_wait_list, event_wait_list, event, blocking_map != CL_FALSE},
      buffer, buffer->bytes() + offset, errcode_ret);
}

void* clEnqueueMapImage(cl_command_queue command_queue, cl_mem image, cl_bool blocking_map, cl_map_flags /*flags*/,
                        const size_t* origin, const size_t* region, size_t* image_row_pitch, size_t* image_slice_pitch,
                        cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event,
                        cl_int* errcode_ret) {
  if (!valid(command_queue)) return failed(errcode_ret, CL_INVALID_COMMAND_QUEUE);
  if (!is_image(image)) return failed(errcode_ret, CL_INVALID_MEM_OBJECT);
  bool has_slices = image->image.image_slice_pitch != 0;
  if (!is_inside(image, origin, region) || image_row_pitch == nullptr || (has_slices && image_slice_pitch == nullptr)) {
    return failed(errcode_ret, CL_INVALID_VALUE);
  }
  *image_row_pitch = image->image.image_row_pitch;
  if (image_slice_pitch != nullptr) *image_slice_pitch = image->image.image_slice_pitch;
  return mapped(
      {command_queue, CL_COMMAND_MAP_IMAGE, num_events_in_wait_list, event_wait_list, event, blocking_map != CL_FALSE},
      image, box_at(image, origin).base, errcode_ret);
}

cl_int clEnqueueUnmapMemObject(cl_command_queue command_queue, cl_mem memobj, void* mapped_ptr,
                               cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (!valid(memobj)) return CL_INVALID_MEM_OBJECT;
  auto offset = reinterpret_cast<uintptr_t>(mapped_ptr) - reinterpret_cast<uintptr_t>(memobj->bytes());
  uint32_t maps = memobj->maps.load();
  do {
    if (maps == 0 || offset >= memobj->size) return CL_INVALID_VALUE;
  } while (!memobj->maps.compare_exchange_weak(maps, maps - 1));
  return submit({command_queue, CL_COMMAND_UNMAP_MEM_OBJECT, num_events_in_wait_list, event_wait_list, event}, [] {});
}
