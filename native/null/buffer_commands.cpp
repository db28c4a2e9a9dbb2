#include <cstring>

#include "null/commands.hpp"
#include "null/memory.hpp"
#include "null/settings.hpp"

namespace cenote::null {
namespace {

bool is_buffer(cl_mem mem) { return valid(mem) && mem->type == CL_MEM_OBJECT_BUFFER; }

/// The code for a wrong object of a transfer; the queue is checked first.
cl_int check_buffer(cl_command_queue queue, cl_mem buffer) {
  if (!valid(queue)) return CL_INVALID_COMMAND_QUEUE;
  if (!is_buffer(buffer)) return CL_INVALID_MEM_OBJECT;
  return buffer->context == queue->context ? CL_SUCCESS : CL_INVALID_CONTEXT;
}

cl_int check_range(cl_command_queue queue, cl_mem buffer, size_t offset, size_t size) {
  if (cl_int bad = check_buffer(queue, buffer); bad != CL_SUCCESS) return bad;
  return size != 0 && fits(offset, size, buffer->size) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int transfer(const Command& command, cl_mem buffer, size_t offset, size_t size, void* to, const void* from) {
  if (cl_int bad = check_range(command.queue, buffer, offset, size); bad != CL_SUCCESS) return bad;
  if (to == nullptr && from == nullptr) return CL_INVALID_VALUE;
  return submit(command, [kept = Ref(buffer), offset, size, to, from] {
    if (!keeps_bytes()) {
      if (to != nullptr) std::memset(to, 0, size);
    } else if (to != nullptr) {
      std::memmove(to, kept->bytes() + offset, size);
    } else {
      std::memmove(kept->bytes() + offset, from, size);
    }
  });
}

/// One side of a rectangular copy: the pitches that hold, and the bytes from the origin to the end.
struct Rect {
  size_t row_pitch;
  size_t slice_pitch;
  size_t offset;
  size_t extent;
};

bool make_rect(const size_t* origin, const size_t* region, size_t row_pitch, size_t slice_pitch, Rect& rect) {
  rect.row_pitch = row_pitch != 0 ? row_pitch : region[0];
  if (rect.row_pitch < region[0]) return false;
  size_t least = 0;
  if (__builtin_mul_overflow(region[1], rect.row_pitch, &least)) return false;
  rect.slice_pitch = slice_pitch != 0 ? slice_pitch : least;
  if (rect.slice_pitch < least) return false;
  size_t y = 0;
  size_t z = 0;
  size_t rows = 0;
  size_t slices = 0;
  return !(__builtin_mul_overflow(origin[1], rect.row_pitch, &y) ||
           __builtin_mul_overflow(origin[2], rect.slice_pitch, &z) || __builtin_add_overflow(y, z, &rect.offset) ||
           __builtin_add_overflow(rect.offset, origin[0], &rect.offset) ||
           __builtin_mul_overflow(region[1] - 1, rect.row_pitch, &rows) ||
           __builtin_mul_overflow(region[2] - 1, rect.slice_pitch, &slices) ||
           __builtin_add_overflow(rows, slices, &rect.extent) ||
           __builtin_add_overflow(rect.extent, region[0], &rect.extent));
}

bool is_region(const size_t* origin, const size_t* region) {
  return origin != nullptr && region != nullptr && region[0] != 0 && region[1] != 0 && region[2] != 0;
}

struct Pitches {
  size_t row;
  size_t slice;
};

cl_int transfer_rect(const Command& command, cl_mem buffer, const size_t* buffer_origin, const size_t* host_origin,
                     const size_t* region, Pitches buffer_pitch, Pitches host_pitch, void* to, const void* from) {
  if (cl_int bad = check_buffer(command.queue, buffer); bad != CL_SUCCESS) return bad;
  Rect device;
  Rect host;
  if ((to == nullptr && from == nullptr) || !is_region(buffer_origin, region) || host_origin == nullptr ||
      !make_rect(buffer_origin, region, buffer_pitch.row, buffer_pitch.slice, device) ||
      !make_rect(host_origin, region, host_pitch.row, host_pitch.slice, host) ||
      !fits(device.offset, device.extent, buffer->size)) {
    return CL_INVALID_VALUE;
  }
  size_t width = region[0];
  size_t height = region[1];
  size_t depth = region[2];
  return submit(command, [=, kept = Ref(buffer)] {
    void* memory = to != nullptr ? to : const_cast<void*>(from);
    Box outside{static_cast<std::byte*>(memory) + host.offset, host.row_pitch, host.slice_pitch};
    if (!keeps_bytes()) {
      if (to != nullptr) clear_box(outside, width, height, depth);
      return;
    }
    Box inside{kept->bytes() + device.offset, device.row_pitch, device.slice_pitch};
    if (to != nullptr) {
      copy_box(outside, inside, width, height, depth);
    } else {
      copy_box(inside, outside, width, height, depth);
    }
  });
}

}  // namespace
}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clEnqueueReadBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_read, size_t offset,
                           size_t size, void* ptr, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                           cl_event* event) {
  return transfer({command_queue, CL_COMMAND_READ_BUFFER, num_events_in_wait_list, event_wait_list, event,
                   blocking_read != CL_FALSE},
                  buffer, offset, size, ptr, nullptr);
}

cl_int clEnqueueWriteBuffer(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_write, size_t offset,
                            size_t size, const void* ptr, cl_uint num_events_in_wait_list,
                            const cl_event* event_wait_list, cl_event* event) {
  return transfer({command_queue, CL_COMMAND_WRITE_BUFFER, num_events_in_wait_list, event_wait_list, event,
                   blocking_write != CL_FALSE},
                  buffer, offset, size, nullptr, ptr);
}

cl_int clEnqueueReadBufferRect(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_read,
                               const size_t* buffer_origin, const size_t* host_origin, const size_t* region,
                               size_t buffer_row_pitch, size_t buffer_slice_pitch, size_t host_row_pitch,
                               size_t host_slice_pitch, void* ptr, cl_uint num_events_in_wait_list,
                               const cl_event* event_wait_list, cl_event* event) {
  return transfer_rect({command_queue, CL_COMMAND_READ_BUFFER_RECT, num_events_in_wait_list, event_wait_list, event,
                        blocking_read != CL_FALSE},
                       buffer, buffer_origin, host_origin, region, {buffer_row_pitch, buffer_slice_pitch},
                       {host_row_pitch, host_slice_pitch}, ptr, nullptr);
}

cl_int clEnqueueWriteBufferRect(cl_command_queue command_queue, cl_mem buffer, cl_bool blocking_write,
                                const size_t* buffer_origin, const size_t* host_origin, const size_t* region,
                                size_t buffer_row_pitch, size_t buffer_slice_pitch, size_t host_row_pitch,
                                size_t host_slice_pitch, const void* ptr, cl_uint num_events_in_wait_list,
                                const cl_event* event_wait_list, cl_event* event) {
  return transfer_rect({command_queue, CL_COMMAND_WRITE_BUFFER_RECT, num_events_in_wait_list, event_wait_list, event,
                        blocking_write != CL_FALSE},
                       buffer, buffer_origin, host_origin, region, {buffer_row_pitch, buffer_slice_pitch},
                       {host_row_pitch, host_slice_pitch}, nullptr, ptr);
}

cl_int clEnqueueFillBuffer(cl_command_queue command_queue, cl_mem buffer, const void* pattern, size_t pattern_size,
                           size_t offset, size_t size, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                           cl_event* event) {
  if (cl_int bad = check_range(command_queue, buffer, offset, size); bad != CL_SUCCESS) return bad;
  if (pattern == nullptr || pattern_size == 0 || pattern_size > 128 || (pattern_size & (pattern_size - 1)) != 0 ||
      offset % pattern_size != 0 || size % pattern_size != 0) {
    return CL_INVALID_VALUE;
  }
  std::string kept_pattern(static_cast<const char*>(pattern), pattern_size);
  return submit({command_queue, CL_COMMAND_FILL_BUFFER, num_events_in_wait_list, event_wait_list, event},
                [kept = Ref(buffer), offset, size, kept_pattern] {
                  if (!keeps_bytes()) return;
                  std::byte* to = kept->bytes() + offset;
                  for (size_t i = 0; i < size; i += kept_pattern.size()) {
                    std::memcpy(to + i, kept_pattern.data(), kept_pattern.size());
                  }
                });
}

cl_int clEnqueueCopyBuffer(cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_buffer, size_t src_offset,
                           size_t dst_offset, size_t size, cl_uint num_events_in_wait_list,
                           const cl_event* event_wait_list, cl_event* event) {
  if (cl_int bad = check_range(command_queue, src_buffer, src_offset, size); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_range(command_queue, dst_buffer, dst_offset, size); bad != CL_SUCCESS) return bad;
  if (src_buffer == dst_buffer && src_offset < dst_offset + size && dst_offset < src_offset + size) {
    return CL_MEM_COPY_OVERLAP;
  }
  return submit({command_queue, CL_COMMAND_COPY_BUFFER, num_events_in_wait_list, event_wait_list, event},
                [from = Ref(src_buffer), to = Ref(dst_buffer), src_offset, dst_offset, size] {
                  if (keeps_bytes()) std::memmove(to->bytes() + dst_offset, from->bytes() + src_offset, size);
                });
}

cl_int clEnqueueCopyBufferRect(cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_buffer,
                               const size_t* src_origin, const size_t* dst_origin, const size_t* region,
                               size_t src_row_pitch, size_t src_slice_pitch, size_t dst_row_pitch,
                               size_t dst_slice_pitch, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                               cl_event* event) {
  if (cl_int bad = check_buffer(command_queue, src_buffer); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_buffer(command_queue, dst_buffer); bad != CL_SUCCESS) return bad;
  Rect from;
  Rect to;
  if (!is_region(src_origin, region) || dst_origin == nullptr ||
      !make_rect(src_origin, region, src_row_pitch, src_slice_pitch, from) ||
      !make_rect(dst_origin, region, dst_row_pitch, dst_slice_pitch, to) ||
      !fits(from.offset, from.extent, src_buffer->size) || !fits(to.offset, to.extent, dst_buffer->size)) {
    return CL_INVALID_VALUE;
  }
  if (src_buffer == dst_buffer && src_origin[0] < dst_origin[0] + region[0] &&
      dst_origin[0] < src_origin[0] + region[0] && src_origin[1] < dst_origin[1] + region[1] &&
      dst_origin[1] < src_origin[1] + region[1] && src_origin[2] < dst_origin[2] + region[2] &&
      dst_origin[2] < src_origin[2] + region[2]) {
    return CL_MEM_COPY_OVERLAP;
  }
  size_t width = region[0];
  size_t height = region[1];
  size_t depth = region[2];
  return submit({command_queue, CL_COMMAND_COPY_BUFFER_RECT, num_events_in_wait_list, event_wait_list, event},
                [=, source = Ref(src_buffer), target = Ref(dst_buffer)] {
                  if (!keeps_bytes()) return;
                  copy_box({target->bytes() + to.offset, to.row_pitch, to.slice_pitch},
                           {source->bytes() + from.offset, from.row_pitch, from.slice_pitch}, width, height, depth);
                });
}
