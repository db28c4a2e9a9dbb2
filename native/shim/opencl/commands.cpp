// Reading and writing buffers, and the checks of the other buffer commands.
#include <cstring>

#include "shim/opencl/memory.hpp"
#include "shim/opencl/transfer.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

cl_int check_access(cl_command_queue queue, cl_mem mem, bool image, cl_uint waits, const cl_event* list,
                    cl_mem_flags forbidden, Access* access) {
  access->queue = as<Queue>(queue);
  if (access->queue == nullptr || access->queue->on_device()) return CL_INVALID_COMMAND_QUEUE;
  access->mem = as<Mem>(mem);
  if (access->mem == nullptr || access->mem->object_type == CL_MEM_OBJECT_PIPE || is_image(access->mem) != image) {
    return CL_INVALID_MEM_OBJECT;
  }
  if (access->mem->context != access->queue->context) return CL_INVALID_CONTEXT;
  if (cl_int bad = check_wait_list(access->queue, waits, list); bad != CL_SUCCESS) return bad;
  if (misaligned(access->mem, access->queue->device)) return CL_MISALIGNED_SUB_BUFFER_OFFSET;
  return (access->mem->flags & forbidden) != 0 ? CL_INVALID_OPERATION : CL_SUCCESS;
}

cl_int check_blocking(bool blocking, cl_uint waits, const cl_event* list) {
  for (cl_uint i = 0; blocking && i < waits; ++i) {
    if (as<Event>(list[i])->status.load() < 0) return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
  }
  return CL_SUCCESS;
}

bool misaligned(const Mem* mem, const Device* device) {
  auto bits = device->number<cl_uint>(CL_DEVICE_MEM_BASE_ADDR_ALIGN);
  return mem->parent != nullptr && bits >= 8 && mem->offset % (bits / 8) != 0;
}

namespace {

bool inside(const Mem* mem, size_t offset, size_t size) { return offset <= mem->size && size <= mem->size - offset; }

/// Where a point lies behind `from`; false where no address is that high.
bool place(const size_t* at, size_t row_pitch, size_t slice_pitch, size_t from, size_t* to) {
  size_t rows = 0;
  size_t slices = 0;
  return !__builtin_mul_overflow(at[1], row_pitch, &rows) && !__builtin_mul_overflow(at[2], slice_pitch, &slices) &&
         !__builtin_add_overflow(from, at[0], to) && !__builtin_add_overflow(*to, rows, to) &&
         !__builtin_add_overflow(*to, slices, to);
}

/// Fills in default pitches and says where the last byte of a box lies; false where the pitches do not fit.
bool box_end(const size_t* origin, const size_t* region, size_t* row_pitch, size_t* slice_pitch, size_t* start,
             size_t* end) {
  if (*row_pitch == 0) *row_pitch = region[0];
  size_t slice = 0;
  if (*row_pitch < region[0] || __builtin_mul_overflow(region[1], *row_pitch, &slice)) return false;
  if (*slice_pitch == 0) *slice_pitch = slice;
  if (*slice_pitch < slice || *slice_pitch % *row_pitch != 0) return false;
  const size_t last[3] = {region[0], region[1] - 1, region[2] - 1};
  return place(origin, *row_pitch, *slice_pitch, 0, start) && place(last, *row_pitch, *slice_pitch, *start, end);
}

cl_int rect(cl_command_queue queue, cl_mem buffer, bool blocking, const size_t* buffer_origin,
            const size_t* host_origin, const size_t* region, size_t buffer_row_pitch, size_t buffer_slice_pitch,
            size_t host_row_pitch, size_t host_slice_pitch, void* ptr, cl_uint waits, const cl_event* list,
            cl_event* event, bool reading) {
  Access access;
  cl_mem_flags forbidden = CL_MEM_HOST_NO_ACCESS | (reading ? CL_MEM_HOST_WRITE_ONLY : CL_MEM_HOST_READ_ONLY);
  if (cl_int bad = check_access(queue, buffer, false, waits, list, forbidden, &access); bad != CL_SUCCESS) return bad;
  if (ptr == nullptr || buffer_origin == nullptr || host_origin == nullptr || region == nullptr) {
    return CL_INVALID_VALUE;
  }
  if (region[0] == 0 || region[1] == 0 || region[2] == 0) return CL_INVALID_VALUE;
  size_t start = 0;
  size_t end = 0;
  if (!box_end(buffer_origin, region, &buffer_row_pitch, &buffer_slice_pitch, &start, &end)) return CL_INVALID_VALUE;
  if (end > access.mem->size) return CL_INVALID_VALUE;
  size_t host_start = 0;
  size_t host_end = 0;
  if (!box_end(host_origin, region, &host_row_pitch, &host_slice_pitch, &host_start, &host_end)) {
    return CL_INVALID_VALUE;
  }
  if (cl_int bad = check_blocking(blocking, waits, list); bad != CL_SUCCESS) return bad;
  Span span{access.mem,
            kRegionRect,
            {buffer_origin[0], buffer_origin[1], buffer_origin[2], region[0], region[1], region[2], buffer_row_pitch,
             buffer_slice_pitch},
            8,
            {static_cast<char*>(ptr) + host_start, region[0], region[1], region[2], host_row_pitch, host_slice_pitch}};
  Command command{
      access.queue, blocking,
      waits,        list,
      event,        static_cast<cl_command_type>(reading ? CL_COMMAND_READ_BUFFER_RECT : CL_COMMAND_WRITE_BUFFER_RECT)};
  return reading ? read_span(span, command) : write_span(span, command);
}

bool overlap(size_t a, size_t a_size, size_t b, size_t b_size) { return a < b + b_size && b < a + a_size; }

/// Where a buffer's bytes begin in the storage that it may share with others.
size_t storage_offset(const Mem* mem) { return mem->parent != nullptr ? mem->offset : 0; }

}  // namespace

cl_int check_copy(cl_command_queue queue, cl_mem src_buffer, cl_mem dst_buffer, size_t src_offset, size_t dst_offset,
                  size_t size, cl_uint waits, const cl_event* list) {
  Access from;
  Access to;
  if (cl_int bad = check_access(queue, src_buffer, false, waits, list, 0, &from); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_access(queue, dst_buffer, false, waits, list, 0, &to); bad != CL_SUCCESS) return bad;
  if (!inside(from.mem, src_offset, size) || !inside(to.mem, dst_offset, size)) return CL_INVALID_VALUE;
  if (from.mem->root() == to.mem->root() &&
      overlap(storage_offset(from.mem) + src_offset, size, storage_offset(to.mem) + dst_offset, size)) {
    return CL_MEM_COPY_OVERLAP;
  }
  return CL_SUCCESS;
}

namespace hand {

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
                           void* ptr, cl_uint waits, const cl_event* list, cl_event* event) {
  Access access;
  constexpr cl_mem_flags kForbidden = CL_MEM_HOST_NO_ACCESS | CL_MEM_HOST_WRITE_ONLY;
  if (cl_int bad = check_access(queue, buffer, false, waits, list, kForbidden, &access); bad != CL_SUCCESS) return bad;
  if (ptr == nullptr || !inside(access.mem, offset, size)) return CL_INVALID_VALUE;
  if (cl_int bad = check_blocking(blocking != 0, waits, list); bad != CL_SUCCESS) return bad;
  Command command{access.queue, blocking != 0, waits, list, event, CL_COMMAND_READ_BUFFER};
  return size == 0 ? no_transfer(command) : read_span(Span::buffer(access.mem, offset, size, ptr), command);
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
                            const void* ptr, cl_uint waits, const cl_event* list, cl_event* event) {
  Access access;
  constexpr cl_mem_flags kForbidden = CL_MEM_HOST_NO_ACCESS | CL_MEM_HOST_READ_ONLY;
  if (cl_int bad = check_access(queue, buffer, false, waits, list, kForbidden, &access); bad != CL_SUCCESS) return bad;
  if (ptr == nullptr || !inside(access.mem, offset, size)) return CL_INVALID_VALUE;
  if (cl_int bad = check_blocking(blocking != 0, waits, list); bad != CL_SUCCESS) return bad;
  Command command{access.queue, blocking != 0, waits, list, event, CL_COMMAND_WRITE_BUFFER};
  return size == 0 ? no_transfer(command) : write_span(Span::buffer(access.mem, offset, size, ptr), command);
}

cl_int clEnqueueReadBufferRect(cl_command_queue queue, cl_mem buffer, cl_bool blocking, const size_t* buffer_origin,
                               const size_t* host_origin, const size_t* region, size_t buffer_row_pitch,
                               size_t buffer_slice_pitch, size_t host_row_pitch, size_t host_slice_pitch, void* ptr,
                               cl_uint waits, const cl_event* list, cl_event* event) {
  return rect(queue, buffer, blocking != 0, buffer_origin, host_origin, region, buffer_row_pitch, buffer_slice_pitch,
              host_row_pitch, host_slice_pitch, ptr, waits, list, event, true);
}

cl_int clEnqueueWriteBufferRect(cl_command_queue queue, cl_mem buffer, cl_bool blocking, const size_t* buffer_origin,
                                const size_t* host_origin, const size_t* region, size_t buffer_row_pitch,
                                size_t buffer_slice_pitch, size_t host_row_pitch, size_t host_slice_pitch,
                                const void* ptr, cl_uint waits, const cl_event* list, cl_event* event) {
  return rect(queue, buffer, blocking != 0, buffer_origin, host_origin, region, buffer_row_pitch, buffer_slice_pitch,
              host_row_pitch, host_slice_pitch, const_cast<void*>(ptr), waits, list, event, false);
}

cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem src_buffer, cl_mem dst_buffer, size_t src_offset,
                           size_t dst_offset, size_t size, cl_uint waits, const cl_event* list, cl_event* event) {
  cl_int bad = check_copy(queue, src_buffer, dst_buffer, src_offset, dst_offset, size, waits, list);
  if (bad != CL_SUCCESS) return bad;
  IdList<Event> ids(waits, list);
  msg::clEnqueueCopyBuffer m;
  m.command_queue = as<Queue>(queue)->id;
  m.src_buffer = as<Mem>(src_buffer)->id;
  m.dst_buffer = as<Mem>(dst_buffer)->id;
  m.src_offset = src_offset;
  m.dst_offset = dst_offset;
  m.size = size;
  m.event_wait_list = ids.words();
  // Drivers do not agree about a copy of nothing.
  return enqueue(as<Queue>(queue), m, &m.event, event, CL_COMMAND_COPY_BUFFER, size == 0);
}

cl_int clEnqueueNativeKernel(cl_command_queue queue, void(CL_CALLBACK* /*user_func*/)(void*), void* /*args*/,
                             size_t /*cb_args*/, cl_uint /*num_mem_objects*/, const cl_mem* /*mem_list*/,
                             const void** /*args_mem_loc*/, cl_uint /*waits*/, const cl_event* /*list*/,
                             cl_event* /*event*/) {
  return as<Queue>(queue) == nullptr ? CL_INVALID_COMMAND_QUEUE : CL_INVALID_OPERATION;
}

}  // namespace hand

namespace check {

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem buffer, const void* /*pattern*/, size_t pattern_size,
                           size_t offset, size_t size, cl_uint /*waits*/, const cl_event* /*list*/,
                           cl_event* /*event*/) {
  auto* mem = as<Mem>(buffer);
  if (mem->object_type != CL_MEM_OBJECT_BUFFER) return CL_INVALID_MEM_OBJECT;
  if (mem->context != as<Queue>(queue)->context) return CL_INVALID_CONTEXT;
  bool power = pattern_size != 0 && pattern_size <= 128 && (pattern_size & (pattern_size - 1)) == 0;
  if (!power || !inside(mem, offset, size) || offset % pattern_size != 0 || size % pattern_size != 0) {
    return CL_INVALID_VALUE;
  }
  return CL_SUCCESS;
}

cl_int clEnqueueCopyBufferRect(cl_command_queue queue, cl_mem src_buffer, cl_mem dst_buffer, const size_t* src_origin,
                               const size_t* dst_origin, const size_t* region, size_t src_row_pitch,
                               size_t src_slice_pitch, size_t dst_row_pitch, size_t dst_slice_pitch, cl_uint /*waits*/,
                               const cl_event* /*list*/, cl_event* /*event*/) {
  auto* src = as<Mem>(src_buffer);
  auto* dst = as<Mem>(dst_buffer);
  if (src->object_type != CL_MEM_OBJECT_BUFFER || dst->object_type != CL_MEM_OBJECT_BUFFER) {
    return CL_INVALID_MEM_OBJECT;
  }
  const Context* context = as<Queue>(queue)->context;
  if (src->context != context || dst->context != context) return CL_INVALID_CONTEXT;
  if (region[0] == 0 || region[1] == 0 || region[2] == 0) return CL_INVALID_VALUE;
  size_t src_start = 0;
  size_t src_end = 0;
  size_t dst_start = 0;
  size_t dst_end = 0;
  if (!box_end(src_origin, region, &src_row_pitch, &src_slice_pitch, &src_start, &src_end) ||
      !box_end(dst_origin, region, &dst_row_pitch, &dst_slice_pitch, &dst_start, &dst_end)) {
    return CL_INVALID_VALUE;
  }
  if (src_end > src->size || dst_end > dst->size) return CL_INVALID_VALUE;
  if (src == dst) {
    if (src_row_pitch != dst_row_pitch || src_slice_pitch != dst_slice_pitch) return CL_INVALID_VALUE;
    bool apart = false;
    for (int i = 0; i < 3; ++i) apart = apart || !overlap(src_origin[i], region[i], dst_origin[i], region[i]);
    if (!apart) return CL_MEM_COPY_OVERLAP;
  }
  return CL_SUCCESS;
}

cl_int clEnqueueMigrateMemObjects(cl_command_queue queue, cl_uint count, const cl_mem* objects,
                                  cl_mem_migration_flags flags, cl_uint /*waits*/, const cl_event* /*list*/,
                                  cl_event* /*event*/) {
  if ((flags & ~cl_mem_migration_flags{CL_MIGRATE_MEM_OBJECT_HOST | CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED}) != 0) {
    return CL_INVALID_VALUE;
  }
  for (cl_uint i = 0; i < count; ++i) {
    if (as<Mem>(objects[i])->context != as<Queue>(queue)->context) return CL_INVALID_CONTEXT;
  }
  return CL_SUCCESS;
}

}  // namespace check
}  // namespace cenote::opencl
