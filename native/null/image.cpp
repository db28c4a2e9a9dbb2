#include <cstring>

#include "null/answer.hpp"
#include "null/memory.hpp"
#include "null/settings.hpp"

namespace cenote::null {
namespace {

bool in(size_t value, size_t most) { return value != 0 && value <= most; }

bool is_size(const cl_image_desc& d) {
  switch (d.image_type) {
    case CL_MEM_OBJECT_IMAGE1D:
      return in(d.image_width, kMaxImageSide);
    case CL_MEM_OBJECT_IMAGE1D_BUFFER:
      return in(d.image_width, kMaxImageBuffer);
    case CL_MEM_OBJECT_IMAGE1D_ARRAY:
      return in(d.image_width, kMaxImageSide) && in(d.image_array_size, kMaxImageDepth);
    case CL_MEM_OBJECT_IMAGE2D:
      return in(d.image_width, kMaxImageSide) && in(d.image_height, kMaxImageSide);
    case CL_MEM_OBJECT_IMAGE2D_ARRAY:
      return in(d.image_width, kMaxImageSide) && in(d.image_height, kMaxImageSide) &&
             in(d.image_array_size, kMaxImageDepth);
    case CL_MEM_OBJECT_IMAGE3D:
      return in(d.image_width, kMaxImageDepth) && in(d.image_height, kMaxImageDepth) &&
             in(d.image_depth, kMaxImageDepth);
    default:
      return false;
  }
}

/// The pitches of memory with this description; false where the given ones are too small.
bool set_pitches(cl_image_desc& d, size_t element_size) {
  size_t row = d.image_width * element_size;
  if (d.image_row_pitch == 0) d.image_row_pitch = row;
  if (d.image_row_pitch < row || d.image_row_pitch % element_size != 0) return false;
  bool has_rows = d.image_type == CL_MEM_OBJECT_IMAGE3D || d.image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
  if (!has_rows && d.image_type != CL_MEM_OBJECT_IMAGE1D_ARRAY) {
    d.image_slice_pitch = 0;
    return true;
  }
  size_t slice = has_rows ? d.image_row_pitch * d.image_height : d.image_row_pitch;
  if (d.image_slice_pitch == 0) d.image_slice_pitch = slice;
  return d.image_slice_pitch >= slice && d.image_slice_pitch % d.image_row_pitch == 0;
}

size_t size_of(const cl_image_desc& d) {
  switch (d.image_type) {
    case CL_MEM_OBJECT_IMAGE1D_ARRAY:
    case CL_MEM_OBJECT_IMAGE2D_ARRAY:
      return d.image_slice_pitch * d.image_array_size;
    case CL_MEM_OBJECT_IMAGE2D:
      return d.image_row_pitch * d.image_height;
    case CL_MEM_OBJECT_IMAGE3D:
      return d.image_slice_pitch * d.image_depth;
    default:
      return d.image_row_pitch;
  }
}

/// Pitches without gaps: those of storage of our own.
cl_image_desc packed(cl_image_desc d, size_t element_size) {
  d.image_row_pitch = d.image_slice_pitch = 0;
  set_pitches(d, element_size);
  if (d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY) d.image_slice_pitch = d.image_row_pitch;
  return d;
}

/// For row steps of 1D arrays, whose layers are rows for us.
void rows_are_layers(cl_image_desc& d) {
  if (d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY) d.image_row_pitch = d.image_slice_pitch;
}

cl_mem make_view(cl_context context, cl_mem parent, cl_mem_flags flags, const cl_image_desc& d, cl_int* errcode_ret) {
  if (!valid(parent) || !(parent->context.get() == context)) return failed(errcode_ret, CL_INVALID_IMAGE_DESCRIPTOR);
  bool of_image = is_image(parent);
  if (of_image ? d.image_type != CL_MEM_OBJECT_IMAGE2D || parent->type != CL_MEM_OBJECT_IMAGE2D ||
                     d.image_row_pitch != parent->image.image_row_pitch
               : d.image_type != CL_MEM_OBJECT_IMAGE2D && d.image_type != CL_MEM_OBJECT_IMAGE1D_BUFFER) {
    return failed(errcode_ret, CL_INVALID_IMAGE_DESCRIPTOR);
  }
  if (size_of(d) > parent->size) return failed(errcode_ret, CL_INVALID_IMAGE_SIZE);
  cl_mem mem = Pool<_cl_mem>::instance().make();
  if (mem != nullptr) {
    mem->context = Ref(context);
    mem->parent = Ref(parent);
    mem->flags = flags != 0 ? flags : parent->flags;
    mem->size = size_of(d);
  }
  return made(mem, errcode_ret);
}

cl_mem make_image(cl_context context, cl_mem_flags flags, const cl_image_format& format, cl_image_desc d,
                  void* host_ptr, cl_int* errcode_ret) {
  size_t element_size = pixel_size(format);
  if (element_size == 0) return failed(errcode_ret, CL_IMAGE_FORMAT_NOT_SUPPORTED);
  if (d.image_type < CL_MEM_OBJECT_IMAGE2D || d.image_type > CL_MEM_OBJECT_IMAGE1D_BUFFER || d.num_mip_levels != 0 ||
      d.num_samples != 0 || (d.image_type == CL_MEM_OBJECT_IMAGE1D_BUFFER && d.mem_object == nullptr)) {
    return failed(errcode_ret, CL_INVALID_IMAGE_DESCRIPTOR);
  }
  if (!is_size(d)) return failed(errcode_ret, CL_INVALID_IMAGE_SIZE);
  if (d.mem_object != nullptr && is_image(d.mem_object)) d.image_row_pitch = d.mem_object->image.image_row_pitch;
  if ((d.image_row_pitch != 0 && host_ptr == nullptr && d.mem_object == nullptr) || !set_pitches(d, element_size)) {
    return failed(errcode_ret, CL_INVALID_IMAGE_DESCRIPTOR);
  }
  cl_mem mem = nullptr;
  cl_image_desc inside = d;
  if (d.mem_object != nullptr) {
    mem = make_view(context, d.mem_object, flags, d, errcode_ret);
  } else {
    if ((flags & CL_MEM_USE_HOST_PTR) == 0) inside = packed(d, element_size);
    if (size_of(inside) > kMaxAllocation) return failed(errcode_ret, CL_INVALID_IMAGE_SIZE);
    mem = make_memory(context, flags, size_of(inside), host_ptr, errcode_ret);
  }
  if (mem == nullptr) return nullptr;
  rows_are_layers(inside);
  rows_are_layers(d);
  mem->type = d.image_type;
  mem->format = format;
  mem->element_size = element_size;
  mem->image = inside;
  if (keeps_bytes() && (flags & CL_MEM_COPY_HOST_PTR) != 0) {
    Extent e = extent_of(mem);
    constexpr size_t kOrigin[3] = {0, 0, 0};
    copy_box(box_at(mem, kOrigin), {static_cast<std::byte*>(host_ptr), d.image_row_pitch, d.image_slice_pitch},
             e.width * element_size, e.rows, e.slices);
  }
  return mem;
}

}  // namespace
}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_mem clCreateImageWithProperties(cl_context context, const cl_mem_properties* properties, cl_mem_flags flags,
                                   const cl_image_format* image_format, const cl_image_desc* image_desc, void* host_ptr,
                                   cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (properties != nullptr && *properties != 0) return failed(errcode_ret, CL_INVALID_PROPERTY);
  if (cl_int bad = check_flags(flags, host_ptr); bad != CL_SUCCESS) return failed(errcode_ret, bad);
  if (image_format == nullptr) return failed(errcode_ret, CL_INVALID_IMAGE_FORMAT_DESCRIPTOR);
  if (image_desc == nullptr) return failed(errcode_ret, CL_INVALID_IMAGE_DESCRIPTOR);
  cl_mem mem = make_image(context, flags, *image_format, *image_desc, host_ptr, errcode_ret);
  if (mem != nullptr) mem->properties = property_list(properties);
  return mem;
}

cl_mem clCreateImage(cl_context context, cl_mem_flags flags, const cl_image_format* image_format,
                     const cl_image_desc* image_desc, void* host_ptr, cl_int* errcode_ret) {
  return clCreateImageWithProperties(context, nullptr, flags, image_format, image_desc, host_ptr, errcode_ret);
}

cl_mem clCreateImage2D(cl_context context, cl_mem_flags flags, const cl_image_format* image_format, size_t image_width,
                       size_t image_height, size_t image_row_pitch, void* host_ptr, cl_int* errcode_ret) {
  cl_image_desc d{};
  d.image_type = CL_MEM_OBJECT_IMAGE2D;
  d.image_width = image_width;
  d.image_height = image_height;
  d.image_row_pitch = image_row_pitch;
  return clCreateImage(context, flags, image_format, &d, host_ptr, errcode_ret);
}

cl_mem clCreateImage3D(cl_context context, cl_mem_flags flags, const cl_image_format* image_format, size_t image_width,
                       size_t image_height, size_t image_depth, size_t image_row_pitch, size_t image_slice_pitch,
                       void* host_ptr, cl_int* errcode_ret) {
  cl_image_desc d{};
  d.image_type = CL_MEM_OBJECT_IMAGE3D;
  d.image_width = image_width;
  d.image_height = image_height;
  d.image_depth = image_depth;
  d.image_row_pitch = image_row_pitch;
  d.image_slice_pitch = image_slice_pitch;
  return clCreateImage(context, flags, image_format, &d, host_ptr, errcode_ret);
}

cl_int clGetImageInfo(cl_mem image, cl_image_info param_name, size_t param_value_size, void* param_value,
                      size_t* param_value_size_ret) {
  if (!is_image(image)) return CL_INVALID_MEM_OBJECT;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  const cl_image_desc& d = image->image;
  switch (param_name) {
    case CL_IMAGE_FORMAT:
      return answer.number<cl_image_format>(image->format);
    case CL_IMAGE_ELEMENT_SIZE:
      return answer.number<size_t>(image->element_size);
    case CL_IMAGE_ROW_PITCH:
      return answer.number<size_t>(d.image_row_pitch);
    case CL_IMAGE_SLICE_PITCH:
      return answer.number<size_t>(d.image_slice_pitch);
    case CL_IMAGE_WIDTH:
      return answer.number<size_t>(d.image_width);
    case CL_IMAGE_HEIGHT:
      return answer.number<size_t>(extent_of(image).rows > 1 || d.image_height == 1 ? d.image_height : 0);
    case CL_IMAGE_DEPTH:
      return answer.number<size_t>(image->type == CL_MEM_OBJECT_IMAGE3D ? d.image_depth : 0);
    case CL_IMAGE_ARRAY_SIZE: {
      bool is_array = image->type == CL_MEM_OBJECT_IMAGE1D_ARRAY || image->type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
      return answer.number<size_t>(is_array ? d.image_array_size : 0);
    }
    case CL_IMAGE_BUFFER:
      return answer.number<cl_mem>(is_image(image->parent.get()) ? nullptr : image->parent.get());
    case CL_IMAGE_NUM_MIP_LEVELS:
    case CL_IMAGE_NUM_SAMPLES:
      return answer.number<cl_uint>(0);
    default:
      return CL_INVALID_VALUE;
  }
}
