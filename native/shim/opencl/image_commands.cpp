// Reading, writing and filling images, and the checks of the other image commands.
#include <cstring>

#include "shim/opencl/image.hpp"
#include "shim/opencl/transfer.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

/// CL_SUCCESS, or what is wrong with the pitches of a box in the program's memory.
cl_int check_pitches(Mem* image, const size_t* region, size_t row_pitch, size_t slice_pitch) {
  const MemState& state = state_of(image);
  size_t row = region[0] * state.pixel;
  if (row_pitch != 0 && row_pitch < row) return CL_INVALID_VALUE;
  if (slice_pitch == 0) return CL_SUCCESS;
  if (row_pitch == 0) row_pitch = row;
  switch (state.description.image_type) {
    case CL_MEM_OBJECT_IMAGE1D_ARRAY:
      return slice_pitch < row_pitch ? CL_INVALID_VALUE : CL_SUCCESS;
    case CL_MEM_OBJECT_IMAGE2D_ARRAY:
    case CL_MEM_OBJECT_IMAGE3D:
      return slice_pitch < row_pitch * region[1] ? CL_INVALID_VALUE : CL_SUCCESS;
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int transfer(cl_command_queue queue, cl_mem image, bool blocking, const size_t* origin, const size_t* region,
                size_t row_pitch, size_t slice_pitch, const void* ptr, cl_uint waits, const cl_event* list,
                cl_event* event, bool reading) {
  Access access;
  cl_mem_flags forbidden = CL_MEM_HOST_NO_ACCESS | (reading ? CL_MEM_HOST_WRITE_ONLY : CL_MEM_HOST_READ_ONLY);
  if (cl_int bad = check_access(queue, image, true, waits, list, forbidden, &access); bad != CL_SUCCESS) return bad;
  if (ptr == nullptr) return CL_INVALID_VALUE;
  if (cl_int bad = check_box(access.mem, origin, region); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_pitches(access.mem, region, row_pitch, slice_pitch); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_blocking(blocking, waits, list); bad != CL_SUCCESS) return bad;
  Span span = Span::image(access.mem, origin, region, row_pitch, slice_pitch, ptr);
  auto type = static_cast<cl_command_type>(reading ? CL_COMMAND_READ_IMAGE : CL_COMMAND_WRITE_IMAGE);
  Command command{access.queue, blocking, waits, list, event, type};
  return reading ? read_span(span, command) : write_span(span, command);
}

/// What copies and fills check of an image: CL_SUCCESS, or the code.
cl_int check_image(cl_command_queue queue, const Mem* mem) {
  if (!is_image(mem)) return CL_INVALID_MEM_OBJECT;
  return mem->context == as<Queue>(queue)->context ? CL_SUCCESS : CL_INVALID_CONTEXT;
}

/// The same of the other side of a copy between an image and a buffer.
cl_int check_buffer(cl_command_queue queue, Mem* buffer, Mem* image, size_t offset, const size_t* region) {
  if (buffer->object_type != CL_MEM_OBJECT_BUFFER) return CL_INVALID_MEM_OBJECT;
  if (buffer->context != as<Queue>(queue)->context) return CL_INVALID_CONTEXT;
  if (misaligned(buffer, as<Queue>(queue)->device)) return CL_MISALIGNED_SUB_BUFFER_OFFSET;
  size_t size = state_of(image).pixel * region[0] * region[1] * region[2];
  return offset > buffer->size || size > buffer->size - offset ? CL_INVALID_VALUE : CL_SUCCESS;
}

bool overlap(size_t a, size_t b, size_t size) { return a < b + size && b < a + size; }

}  // namespace

namespace hand {

cl_int clEnqueueReadImage(cl_command_queue queue, cl_mem image, cl_bool blocking, const size_t* origin,
                          const size_t* region, size_t row_pitch, size_t slice_pitch, void* ptr, cl_uint waits,
                          const cl_event* list, cl_event* event) {
  return transfer(queue, image, blocking != 0, origin, region, row_pitch, slice_pitch, ptr, waits, list, event, true);
}

cl_int clEnqueueWriteImage(cl_command_queue queue, cl_mem image, cl_bool blocking, const size_t* origin,
                           const size_t* region, size_t row_pitch, size_t slice_pitch, const void* ptr, cl_uint waits,
                           const cl_event* list, cl_event* event) {
  return transfer(queue, image, blocking != 0, origin, region, row_pitch, slice_pitch, ptr, waits, list, event, false);
}

cl_int clEnqueueFillImage(cl_command_queue queue, cl_mem image, const void* color, const size_t* origin,
                          const size_t* region, cl_uint waits, const cl_event* list, cl_event* event) {
  Access access;
  if (cl_int bad = check_access(queue, image, true, waits, list, 0, &access); bad != CL_SUCCESS) return bad;
  if (color == nullptr) return CL_INVALID_VALUE;
  if (cl_int bad = check_box(access.mem, origin, region); bad != CL_SUCCESS) return bad;
  // A depth image's color is one number, all others have four.
  bool depth = state_of(access.mem).format.image_channel_order == CL_DEPTH;
  unsigned char copy[16] = {};
  std::memcpy(copy, color, depth ? sizeof(cl_float) : sizeof copy);
  static_assert(sizeof(size_t) == sizeof(uint64_t));
  IdList<Event> ids(waits, list);
  msg::clEnqueueFillImage m;
  m.command_queue = access.queue->id;
  m.image = access.mem->id;
  m.fill_color = {copy, sizeof copy};
  m.origin = {origin, 3};
  m.region = {region, 3};
  m.event_wait_list = ids.words();
  return enqueue(access.queue, m, &m.event, event, CL_COMMAND_FILL_IMAGE);
}

}  // namespace hand

namespace check {

cl_int clEnqueueCopyImage(cl_command_queue queue, cl_mem src_image, cl_mem dst_image, const size_t* src_origin,
                          const size_t* dst_origin, const size_t* region, cl_uint /*waits*/, const cl_event* /*list*/,
                          cl_event* /*event*/) {
  auto* src = as<Mem>(src_image);
  auto* dst = as<Mem>(dst_image);
  if (cl_int bad = check_image(queue, src); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_image(queue, dst); bad != CL_SUCCESS) return bad;
  const cl_image_format& from = state_of(src).format;
  const cl_image_format& to = state_of(dst).format;
  if (from.image_channel_order != to.image_channel_order ||
      from.image_channel_data_type != to.image_channel_data_type) {
    return CL_IMAGE_FORMAT_MISMATCH;
  }
  if (cl_int bad = check_box(src, src_origin, region); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_box(dst, dst_origin, region); bad != CL_SUCCESS) return bad;
  bool overlapping = src == dst;
  for (int i = 0; i < 3; ++i) overlapping = overlapping && overlap(src_origin[i], dst_origin[i], region[i]);
  return overlapping ? CL_MEM_COPY_OVERLAP : CL_SUCCESS;
}

cl_int clEnqueueCopyImageToBuffer(cl_command_queue queue, cl_mem src_image, cl_mem dst_buffer, const size_t* src_origin,
                                  const size_t* region, size_t dst_offset, cl_uint /*waits*/, const cl_event* /*list*/,
                                  cl_event* /*event*/) {
  auto* src = as<Mem>(src_image);
  if (cl_int bad = check_image(queue, src); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_box(src, src_origin, region); bad != CL_SUCCESS) return bad;
  return check_buffer(queue, as<Mem>(dst_buffer), src, dst_offset, region);
}

cl_int clEnqueueCopyBufferToImage(cl_command_queue queue, cl_mem src_buffer, cl_mem dst_image, size_t src_offset,
                                  const size_t* dst_origin, const size_t* region, cl_uint /*waits*/,
                                  const cl_event* /*list*/, cl_event* /*event*/) {
  auto* dst = as<Mem>(dst_image);
  if (cl_int bad = check_image(queue, dst); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_box(dst, dst_origin, region); bad != CL_SUCCESS) return bad;
  return check_buffer(queue, as<Mem>(src_buffer), dst, src_offset, region);
}

}  // namespace check
}  // namespace cenote::opencl
