#include "shim/opencl/image_formats.hpp"

#include "shim/opencl/memory.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"
#include "wire/opencl_queries.hpp"

namespace cenote::opencl {

namespace {

size_t channels(cl_channel_order order) {
  switch (order) {
    case CL_R:
    case CL_A:
    case CL_Rx:
    case CL_INTENSITY:
    case CL_LUMINANCE:
    case CL_DEPTH:
      return 1;
    case CL_RG:
    case CL_RA:
    case CL_RGx:
      return 2;
    case CL_RGB:
    case CL_RGBx:
    case CL_sRGB:
      return 3;
    case CL_RGBA:
    case CL_BGRA:
    case CL_ARGB:
    case CL_ABGR:
    case CL_sRGBx:
    case CL_sRGBA:
    case CL_sBGRA:
      return 4;
    default:
      return 0;
  }
}

constexpr cl_mem_flags kAccess =
    CL_MEM_READ_WRITE | CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY | CL_MEM_KERNEL_READ_AND_WRITE;

/// The server's list, asked for once.
cl_int supported_formats(Context* context, cl_mem_flags flags, cl_mem_object_type type,
                         std::vector<cl_image_format>* formats) {
  auto key = std::make_pair(flags & kAccess, type);
  {
    std::lock_guard lock(context->formats_lock);
    auto known = context->formats.find(key);
    if (known != context->formats.end()) {
      *formats = known->second;
      return CL_SUCCESS;
    }
  }
  msg::Query m;
  m.function = static_cast<uint32_t>(QueryFunction::kImageFormats);
  m.object = context->id;
  m.param = key.first;
  m.number = type;
  shim::Reply reply = context->session->call(m);
  if (reply.status != CL_SUCCESS) return reply.status;
  wire::Reader body = reply.reader();
  wire::Blob bytes = body.bytes();
  if (!body.ok()) return CL_OUT_OF_RESOURCES;
  formats->resize(bytes.size() / sizeof(cl_image_format));
  if (!formats->empty()) std::memcpy(formats->data(), bytes.data, formats->size() * sizeof(cl_image_format));
  std::lock_guard lock(context->formats_lock);
  context->formats.emplace(key, *formats);
  return CL_SUCCESS;
}

}  // namespace

size_t element_size(const cl_image_format& format) {
  cl_channel_order order = format.image_channel_order;
  if (order >= CL_YUYV_INTEL && order <= CL_VYUY_INTEL) return format.image_channel_data_type == CL_UNORM_INT8 ? 2 : 0;
  size_t count = channels(order);
  bool rgb = order == CL_RGB || order == CL_RGBx;
  switch (format.image_channel_data_type) {
    case CL_SNORM_INT8:
    case CL_UNORM_INT8:
    case CL_SIGNED_INT8:
    case CL_UNSIGNED_INT8:
      return count;
    case CL_SNORM_INT16:
    case CL_UNORM_INT16:
    case CL_SIGNED_INT16:
    case CL_UNSIGNED_INT16:
    case CL_HALF_FLOAT:
      return 2 * count;
    case CL_SIGNED_INT32:
    case CL_UNSIGNED_INT32:
    case CL_FLOAT:
      return 4 * count;
    case CL_UNORM_SHORT_565:
    case CL_UNORM_SHORT_555:
      return rgb ? 2 : 0;
    case CL_UNORM_INT_101010:
      return rgb ? 4 : 0;
    case CL_UNORM_INT_101010_2:
      return order == CL_RGBA ? 4 : 0;
    case CL_UNSIGNED_INT_RAW10_EXT:
    case CL_UNSIGNED_INT_RAW12_EXT:
      return order == CL_R ? 2 : 0;
    default:
      return 0;
  }
}

bool is_listed(Context* context, cl_mem_flags flags, cl_mem_object_type type, const cl_image_format& format) {
  std::vector<cl_image_format> formats;
  return supported_formats(context, flags, type, &formats) == CL_SUCCESS &&
         std::any_of(formats.begin(), formats.end(), [&](const cl_image_format& f) {
           return f.image_channel_order == format.image_channel_order &&
                  f.image_channel_data_type == format.image_channel_data_type;
         });
}

namespace hand {

cl_int clGetSupportedImageFormats(cl_context context, cl_mem_flags flags, cl_mem_object_type type, cl_uint num_entries,
                                  cl_image_format* image_formats, cl_uint* num_image_formats) {
  auto* in = as<Context>(context);
  if (in == nullptr) return CL_INVALID_CONTEXT;
  bool image = type >= CL_MEM_OBJECT_IMAGE2D && type <= CL_MEM_OBJECT_IMAGE1D_BUFFER;
  if (!image || check_mem_flags(flags, nullptr) == CL_INVALID_VALUE) return CL_INVALID_VALUE;
  if (num_entries == 0 && image_formats != nullptr) return CL_INVALID_VALUE;
  std::vector<cl_image_format> formats;
  if (cl_int bad = supported_formats(in, flags, type, &formats); bad != CL_SUCCESS) return bad;
  if (image_formats != nullptr)
    std::copy_n(formats.begin(), std::min<size_t>(num_entries, formats.size()), image_formats);
  if (num_image_formats != nullptr) *num_image_formats = static_cast<cl_uint>(formats.size());
  return CL_SUCCESS;
}

}  // namespace hand
}  // namespace cenote::opencl
