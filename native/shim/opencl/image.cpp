// Making images, and asking about them.
#include "shim/opencl/image.hpp"

#include "shim/opencl/image_formats.hpp"
#include "shim/opencl/transfer.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

std::array<size_t, 3> extent_of(const cl_image_desc& d) {
  switch (d.image_type) {
    case CL_MEM_OBJECT_IMAGE1D_ARRAY:
      return {d.image_width, d.image_array_size, 1};
    case CL_MEM_OBJECT_IMAGE2D:
      return {d.image_width, d.image_height, 1};
    case CL_MEM_OBJECT_IMAGE2D_ARRAY:
      return {d.image_width, d.image_height, d.image_array_size};
    case CL_MEM_OBJECT_IMAGE3D:
      return {d.image_width, d.image_height, d.image_depth};
    default:
      return {d.image_width, 1, 1};
  }
}

cl_int check_box(Mem* image, const size_t* origin, const size_t* region) {
  if (origin == nullptr || region == nullptr) return CL_INVALID_VALUE;
  auto extent = extent_of(state_of(image).description);
  for (size_t i = 0; i < 3; ++i) {
    if (region[i] == 0 || origin[i] > extent[i] || region[i] > extent[i] - origin[i]) return CL_INVALID_VALUE;
  }
  return CL_SUCCESS;
}

bool has_images(const Context* context) {
  return std::any_of(context->devices.begin(), context->devices.end(),
                     [](const Device* device) { return device->number<cl_bool>(CL_DEVICE_IMAGE_SUPPORT) != 0; });
}

namespace {

bool is_type(cl_mem_object_type type) { return type >= CL_MEM_OBJECT_IMAGE2D && type <= CL_MEM_OBJECT_IMAGE1D_BUFFER; }

bool fits(const cl_image_desc& d, const Device* device) {
  auto within = [&](size_t value, cl_uint limit) { return value <= device->number<size_t>(limit); };
  switch (d.image_type) {
    case CL_MEM_OBJECT_IMAGE1D:
      return within(d.image_width, CL_DEVICE_IMAGE2D_MAX_WIDTH);
    case CL_MEM_OBJECT_IMAGE1D_BUFFER:
      return within(d.image_width, CL_DEVICE_IMAGE_MAX_BUFFER_SIZE);
    case CL_MEM_OBJECT_IMAGE1D_ARRAY:
      return within(d.image_width, CL_DEVICE_IMAGE2D_MAX_WIDTH) &&
             within(d.image_array_size, CL_DEVICE_IMAGE_MAX_ARRAY_SIZE);
    case CL_MEM_OBJECT_IMAGE2D:
      return within(d.image_width, CL_DEVICE_IMAGE2D_MAX_WIDTH) && within(d.image_height, CL_DEVICE_IMAGE2D_MAX_HEIGHT);
    case CL_MEM_OBJECT_IMAGE2D_ARRAY:
      return within(d.image_width, CL_DEVICE_IMAGE2D_MAX_WIDTH) &&
             within(d.image_height, CL_DEVICE_IMAGE2D_MAX_HEIGHT) &&
             within(d.image_array_size, CL_DEVICE_IMAGE_MAX_ARRAY_SIZE);
    default:
      return within(d.image_width, CL_DEVICE_IMAGE3D_MAX_WIDTH) &&
             within(d.image_height, CL_DEVICE_IMAGE3D_MAX_HEIGHT) && within(d.image_depth, CL_DEVICE_IMAGE3D_MAX_DEPTH);
  }
}

/// CL_SUCCESS, or what is wrong with the description by itself.
cl_int check_description(const Context* context, const cl_image_desc& d) {
  if (!is_type(d.image_type) || d.num_mip_levels != 0 || d.num_samples != 0) return CL_INVALID_IMAGE_DESCRIPTOR;
  auto extent = extent_of(d);
  if (extent[0] == 0 || extent[1] == 0 || extent[2] == 0) return CL_INVALID_IMAGE_SIZE;
  bool ok =
      std::any_of(context->devices.begin(), context->devices.end(), [&](const Device* on) { return fits(d, on); });
  return ok ? CL_SUCCESS : CL_INVALID_IMAGE_SIZE;
}

/// Fills in the pitches that were left to us and says how many bytes the image takes; false where they do not fit it.
bool settle_pitches(cl_image_desc& d, size_t pixel, size_t* size) {
  auto extent = extent_of(d);
  size_t row = extent[0] * pixel;
  if (d.image_row_pitch == 0) d.image_row_pitch = row;
  if (d.image_row_pitch < row || d.image_row_pitch % pixel != 0) return false;
  size_t rows = d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY ? 1 : extent[1];
  size_t slices = d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY ? extent[1] : extent[2];
  size_t slice = 0;
  if (__builtin_mul_overflow(d.image_row_pitch, rows, &slice)) return false;
  bool layered = d.image_type == CL_MEM_OBJECT_IMAGE3D || d.image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY ||
                 d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
  if (!layered) {
    d.image_slice_pitch = 0;
    *size = slice;
    return true;
  }
  if (d.image_slice_pitch == 0) d.image_slice_pitch = slice;
  if (d.image_slice_pitch < slice || d.image_slice_pitch % d.image_row_pitch != 0) return false;
  return !__builtin_mul_overflow(d.image_slice_pitch, slices, size);
}

/// CL_SUCCESS, or what is wrong with an image that shares the memory of another object; completes the description.
cl_int check_view(const Context* context, const Mem* base, size_t pixel, cl_image_desc& d) {
  if (base == nullptr || base->context != context || base->object_type == CL_MEM_OBJECT_PIPE) {
    return CL_INVALID_IMAGE_DESCRIPTOR;
  }
  if (!is_image(base)) {
    bool can = d.image_type == CL_MEM_OBJECT_IMAGE2D || d.image_type == CL_MEM_OBJECT_IMAGE1D_BUFFER;
    return can ? CL_SUCCESS : CL_INVALID_IMAGE_DESCRIPTOR;
  }
  const cl_image_desc& of = base->state->description;
  if (d.image_type != CL_MEM_OBJECT_IMAGE2D || of.image_type != CL_MEM_OBJECT_IMAGE2D ||
      d.image_width != of.image_width || d.image_height != of.image_height ||
      (d.image_row_pitch != 0 && d.image_row_pitch != of.image_row_pitch)) {
    return CL_INVALID_IMAGE_DESCRIPTOR;
  }
  d.image_row_pitch = of.image_row_pitch;
  return pixel == base->state->pixel ? CL_SUCCESS : CL_IMAGE_FORMAT_MISMATCH;
}

struct Plan {
  cl_mem_flags flags;
  cl_image_format format;
  cl_image_desc description;
  size_t pixel;
  size_t size;
  Mem* base;
};

/// Everything that can be said about the image without the server.
cl_int check(const Context* context, const cl_image_format* format, const cl_image_desc* description,
             const void* host_ptr, Plan& plan) {
  if (format == nullptr) return CL_INVALID_IMAGE_FORMAT_DESCRIPTOR;
  if (description == nullptr) return CL_INVALID_IMAGE_DESCRIPTOR;
  plan.format = *format;
  plan.description = *description;
  cl_image_desc& d = plan.description;
  bool view = d.mem_object != nullptr;
  if (cl_int bad = check_mem_flags(plan.flags, host_ptr); bad == CL_INVALID_VALUE) return bad;
  plan.pixel = element_size(*format);
  if (plan.pixel == 0) return CL_INVALID_IMAGE_FORMAT_DESCRIPTOR;
  if (cl_int bad = check_description(context, d); bad != CL_SUCCESS) return bad;
  if (d.image_type == CL_MEM_OBJECT_IMAGE1D_BUFFER && !view) return CL_INVALID_IMAGE_DESCRIPTOR;
  if (view && host_ptr != nullptr) return CL_INVALID_HOST_PTR;
  if (host_ptr == nullptr && ((d.image_row_pitch != 0 && !view) || d.image_slice_pitch != 0)) {
    return CL_INVALID_IMAGE_DESCRIPTOR;
  }
  plan.base = as<Mem>(d.mem_object);
  if (view) {
    if (cl_int bad = check_view(context, plan.base, plan.pixel, d); bad != CL_SUCCESS) return bad;
    plan.flags = inherit_flags(plan.flags, plan.base->flags);
    if (plan.flags == 0) return CL_INVALID_VALUE;
  } else if (cl_int bad = check_mem_flags(plan.flags, host_ptr); bad != CL_SUCCESS) {
    return bad;
  }
  if (!settle_pitches(d, plan.pixel, &plan.size)) return CL_INVALID_IMAGE_DESCRIPTOR;
  if (view && plan.size > plan.base->size) return CL_INVALID_IMAGE_SIZE;
  return has_images(context) ? CL_SUCCESS : CL_INVALID_OPERATION;
}

cl_mem create(cl_context context, const cl_mem_properties* properties, cl_mem_flags flags,
              const cl_image_format* format, const cl_image_desc* description, void* host_ptr, cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_mem>(errcode_ret, code); };
  auto* in = as<Context>(context);
  if (in == nullptr) return give(CL_INVALID_CONTEXT);
  if (properties != nullptr && *properties != 0) return give(CL_INVALID_PROPERTY);
  Plan plan{.flags = flags, .format = {}, .description = {}, .pixel = 0, .size = 0, .base = nullptr};
  if (cl_int bad = check(in, format, description, host_ptr, plan); bad != CL_SUCCESS) return give(bad);
  const cl_image_desc& d = plan.description;
  Mem* mem = make_mem(in, d.image_type, plan.flags, host_ptr);
  if (mem == nullptr) return give(CL_OUT_OF_HOST_MEMORY);
  mem->size = plan.size;
  mem->properties = copy_properties(properties);
  MemState& state = state_of(mem);
  state.format = plan.format;
  state.description = d;
  state.pixel = plan.pixel;
  if (plan.base != nullptr) {
    mem->parent = plan.base;
    add_reference(plan.base);
    if (plan.base->host_pointer != nullptr) mem->host_pointer = plan.base->host_pointer;
  }
  // The driver keeps its own pitches, except where the image lies in a buffer.
  const uint64_t words[9] = {d.image_type,
                             d.image_width,
                             d.image_height,
                             d.image_depth,
                             d.image_array_size,
                             plan.base != nullptr && !is_image(plan.base) ? description->image_row_pitch : 0,
                             0,
                             0,
                             0};
  msg::CreateImage m;
  m.context = in->id;
  m.flags = plan.base != nullptr ? flags : mem->flags;
  m.order = plan.format.image_channel_order;
  m.data_type = plan.format.image_channel_data_type;
  m.description = {words, 9};
  m.mem_object = id_of(plan.base);
  m.result = mem->id;
  Session* session = in->session;
  cl_int status = CL_SUCCESS;
  if (plan.base == nullptr && plan.size <= kOneWaySize && is_listed(in, plan.flags, d.image_type, plan.format) &&
      session->take_grant(plan.size)) {
    mem->granted = true;
    if (session->post(m) == 0) status = session->lost_status();
  } else {
    status = session->call(m).status;
  }
  if (status == CL_SUCCESS && host_ptr != nullptr) {
    const size_t origin[3] = {0, 0, 0};
    auto region = extent_of(d);
    status = upload_span(Span::image(mem, origin, region.data(), d.image_row_pitch, d.image_slice_pitch, host_ptr));
  }
  if (status != CL_SUCCESS) {
    drop_reference(mem);
    return give(status);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_mem>(mem);
}

}  // namespace

namespace hand {

cl_mem clCreateImage(cl_context context, cl_mem_flags flags, const cl_image_format* format,
                     const cl_image_desc* description, void* host_ptr, cl_int* errcode_ret) {
  return create(context, nullptr, flags, format, description, host_ptr, errcode_ret);
}

cl_mem clCreateImageWithProperties(cl_context context, const cl_mem_properties* properties, cl_mem_flags flags,
                                   const cl_image_format* format, const cl_image_desc* description, void* host_ptr,
                                   cl_int* errcode_ret) {
  return create(context, properties, flags, format, description, host_ptr, errcode_ret);
}

cl_mem clCreateImage2D(cl_context context, cl_mem_flags flags, const cl_image_format* format, size_t width,
                       size_t height, size_t row_pitch, void* host_ptr, cl_int* errcode_ret) {
  cl_image_desc d{};
  d.image_type = CL_MEM_OBJECT_IMAGE2D;
  d.image_width = width;
  d.image_height = height;
  d.image_row_pitch = row_pitch;
  return create(context, nullptr, flags, format, &d, host_ptr, errcode_ret);
}

cl_mem clCreateImage3D(cl_context context, cl_mem_flags flags, const cl_image_format* format, size_t width,
                       size_t height, size_t depth, size_t row_pitch, size_t slice_pitch, void* host_ptr,
                       cl_int* errcode_ret) {
  cl_image_desc d{};
  d.image_type = CL_MEM_OBJECT_IMAGE3D;
  d.image_width = width;
  d.image_height = height;
  d.image_depth = depth;
  d.image_row_pitch = row_pitch;
  d.image_slice_pitch = slice_pitch;
  return create(context, nullptr, flags, format, &d, host_ptr, errcode_ret);
}

cl_int clGetImageInfo(cl_mem image, cl_image_info param, size_t size, void* value, size_t* size_ret) {
  auto* mem = as<Mem>(image);
  if (mem == nullptr || !is_image(mem)) return CL_INVALID_MEM_OBJECT;
  const MemState& state = *mem->state;
  const cl_image_desc& d = state.description;
  bool array = d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY || d.image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
  bool flat = d.image_type == CL_MEM_OBJECT_IMAGE1D || d.image_type == CL_MEM_OBJECT_IMAGE1D_BUFFER ||
              d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_IMAGE_FORMAT:
      return answer.number(state.format);
    case CL_IMAGE_ELEMENT_SIZE:
      return answer.number(state.pixel);
    case CL_IMAGE_ROW_PITCH:
      return answer.number(d.image_row_pitch);
    case CL_IMAGE_SLICE_PITCH:
      return answer.number(d.image_slice_pitch);
    case CL_IMAGE_WIDTH:
      return answer.number(d.image_width);
    case CL_IMAGE_HEIGHT:
      return answer.number(flat ? size_t{0} : d.image_height);
    case CL_IMAGE_DEPTH:
      return answer.number(d.image_type == CL_MEM_OBJECT_IMAGE3D ? d.image_depth : size_t{0});
    case CL_IMAGE_ARRAY_SIZE:
      return answer.number(array ? d.image_array_size : size_t{0});
    case CL_IMAGE_BUFFER: {
      bool of_buffer = mem->parent != nullptr && !is_image(mem->parent);
      return answer.number(reinterpret_cast<cl_mem>(of_buffer ? mem->parent : nullptr));
    }
    case CL_IMAGE_NUM_MIP_LEVELS:
    case CL_IMAGE_NUM_SAMPLES:
      return answer.number(cl_uint{0});
    default:
      return CL_INVALID_VALUE;
  }
}

}  // namespace hand
}  // namespace cenote::opencl
