#include <cstring>
#include <vector>

#include "null/commands.hpp"
#include "null/image_formats.hpp"
#include "null/memory.hpp"
#include "null/settings.hpp"

namespace cenote::null {
namespace {

struct Region {
  explicit Region(const size_t* region) : columns(region[0]), rows(region[1]), slices(region[2]) {}
  size_t columns;
  size_t rows;
  size_t slices;
};

struct Origin {
  explicit Origin(const size_t* origin) : at{origin[0], origin[1], origin[2]} {}
  size_t at[3];
};

cl_int check_image(cl_command_queue queue, cl_mem image, const size_t* origin, const size_t* region) {
  if (!valid(queue)) return CL_INVALID_COMMAND_QUEUE;
  if (!is_image(image)) return CL_INVALID_MEM_OBJECT;
  if (!(image->context == queue->context)) return CL_INVALID_CONTEXT;
  return is_inside(image, origin, region) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int transfer(const Command& command, cl_mem image, const size_t* origin, const size_t* region, size_t row_pitch,
                size_t slice_pitch, void* to, const void* from) {
  if (cl_int bad = check_image(command.queue, image, origin, region); bad != CL_SUCCESS) return bad;
  if (to == nullptr && from == nullptr) return CL_INVALID_VALUE;
  Region r(region);
  size_t width = r.columns * image->element_size;
  if (row_pitch == 0) row_pitch = width;
  if (row_pitch < width) return CL_INVALID_VALUE;
  if (image->type == CL_MEM_OBJECT_IMAGE1D_ARRAY && slice_pitch != 0) row_pitch = slice_pitch;
  if (slice_pitch == 0) slice_pitch = row_pitch * r.rows;
  return submit(command, [=, kept = Ref(image), o = Origin(origin)] {
    void* memory = to != nullptr ? to : const_cast<void*>(from);
    Box outside{static_cast<std::byte*>(memory), row_pitch, slice_pitch};
    if (!keeps_bytes()) {
      if (to != nullptr) clear_box(outside, width, r.rows, r.slices);
    } else if (to != nullptr) {
      copy_box(outside, box_at(kept.get(), o.at), width, r.rows, r.slices);
    } else {
      copy_box(box_at(kept.get(), o.at), outside, width, r.rows, r.slices);
    }
  });
}

/// Copies between an image and the packed pixels of a buffer.
cl_int copy_packed(const Command& command, cl_mem image, const size_t* origin, const size_t* region, cl_mem buffer,
                   size_t offset, bool to_image) {
  if (cl_int bad = check_image(command.queue, image, origin, region); bad != CL_SUCCESS) return bad;
  if (!valid(buffer) || buffer->type != CL_MEM_OBJECT_BUFFER) return CL_INVALID_MEM_OBJECT;
  Region r(region);
  size_t width = r.columns * image->element_size;
  if (!fits(offset, width * r.rows * r.slices, buffer->size)) return CL_INVALID_VALUE;
  return submit(command, [=, pixels = Ref(image), bytes = Ref(buffer), o = Origin(origin)] {
    if (!keeps_bytes()) return;
    Box packed{bytes->bytes() + offset, width, width * r.rows};
    if (to_image) {
      copy_box(box_at(pixels.get(), o.at), packed, width, r.rows, r.slices);
    } else {
      copy_box(packed, box_at(pixels.get(), o.at), width, r.rows, r.slices);
    }
  });
}

}  // namespace
}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clEnqueueReadImage(cl_command_queue command_queue, cl_mem image, cl_bool blocking_read, const size_t* origin,
                          const size_t* region, size_t row_pitch, size_t slice_pitch, void* ptr,
                          cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  return transfer({command_queue, CL_COMMAND_READ_IMAGE, num_events_in_wait_list, event_wait_list, event,
                   blocking_read != CL_FALSE},
                  image, origin, region, row_pitch, slice_pitch, ptr, nullptr);
}

cl_int clEnqueueWriteImage(cl_command_queue command_queue, cl_mem image, cl_bool blocking_write, const size_t* origin,
                           const size_t* region, size_t input_row_pitch, size_t input_slice_pitch, const void* ptr,
                           cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  return transfer({command_queue, CL_COMMAND_WRITE_IMAGE, num_events_in_wait_list, event_wait_list, event,
                   blocking_write != CL_FALSE},
                  image, origin, region, input_row_pitch, input_slice_pitch, nullptr, ptr);
}

cl_int clEnqueueFillImage(cl_command_queue command_queue, cl_mem image, const void* fill_color, const size_t* origin,
                          const size_t* region, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                          cl_event* event) {
  if (cl_int bad = check_image(command_queue, image, origin, region); bad != CL_SUCCESS) return bad;
  if (fill_color == nullptr) return CL_INVALID_VALUE;
  std::vector<std::byte> pixel(image->element_size);
  write_pixel(image->format, fill_color, pixel.data());
  return submit({command_queue, CL_COMMAND_FILL_IMAGE, num_events_in_wait_list, event_wait_list, event},
                [kept = Ref(image), o = Origin(origin), r = Region(region), pixel] {
                  if (!keeps_bytes()) return;
                  Box box = box_at(kept.get(), o.at);
                  for (size_t z = 0; z < r.slices; ++z) {
                    for (size_t y = 0; y < r.rows; ++y) {
                      std::byte* row = box.base + z * box.slice_pitch + y * box.row_pitch;
                      for (size_t x = 0; x < r.columns; ++x) {
                        std::memcpy(row + x * pixel.size(), pixel.data(), pixel.size());
                      }
                    }
                  }
                });
}

cl_int clEnqueueCopyImage(cl_command_queue command_queue, cl_mem src_image, cl_mem dst_image, const size_t* src_origin,
                          const size_t* dst_origin, const size_t* region, cl_uint num_events_in_wait_list,
                          const cl_event* event_wait_list, cl_event* event) {
  if (cl_int bad = check_image(command_queue, src_image, src_origin, region); bad != CL_SUCCESS) return bad;
  if (cl_int bad = check_image(command_queue, dst_image, dst_origin, region); bad != CL_SUCCESS) return bad;
  if (std::memcmp(&src_image->format, &dst_image->format, sizeof(cl_image_format)) != 0) {
    return CL_IMAGE_FORMAT_MISMATCH;
  }
  auto meets = [&](int i) {
    return src_origin[i] < dst_origin[i] + region[i] && dst_origin[i] < src_origin[i] + region[i];
  };
  if (src_image == dst_image && meets(0) && meets(1) && meets(2)) return CL_MEM_COPY_OVERLAP;
  return submit({command_queue, CL_COMMAND_COPY_IMAGE, num_events_in_wait_list, event_wait_list, event},
                [from = Ref(src_image), to = Ref(dst_image), source = Origin(src_origin), target = Origin(dst_origin),
                 r = Region(region)] {
                  if (!keeps_bytes()) return;
                  copy_box(box_at(to.get(), target.at), box_at(from.get(), source.at), r.columns * from->element_size,
                           r.rows, r.slices);
                });
}

cl_int clEnqueueCopyImageToBuffer(cl_command_queue command_queue, cl_mem src_image, cl_mem dst_buffer,
                                  const size_t* src_origin, const size_t* region, size_t dst_offset,
                                  cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  return copy_packed({command_queue, CL_COMMAND_COPY_IMAGE_TO_BUFFER, num_events_in_wait_list, event_wait_list, event},
                     src_image, src_origin, region, dst_buffer, dst_offset, false);
}

cl_int clEnqueueCopyBufferToImage(cl_command_queue command_queue, cl_mem src_buffer, cl_mem dst_image,
                                  size_t src_offset, const size_t* dst_origin, const size_t* region,
                                  cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  return copy_packed({command_queue, CL_COMMAND_COPY_BUFFER_TO_IMAGE, num_events_in_wait_list, event_wait_list, event},
                     dst_image, dst_origin, region, src_buffer, src_offset, true);
}
