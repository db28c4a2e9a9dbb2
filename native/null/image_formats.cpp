#include "null/image_formats.hpp"

#include <vector>

#include "null/memory.hpp"

namespace cenote::null {
namespace {

bool is_plain_type(cl_channel_type type) { return type >= CL_SNORM_INT8 && type <= CL_FLOAT; }

bool is_packed_type(cl_channel_type type) {
  return type == CL_UNORM_SHORT_565 || type == CL_UNORM_SHORT_555 || type == CL_UNORM_INT_101010;
}

}  // namespace

size_t channel_size(cl_channel_type type) {
  switch (type) {
    case CL_SNORM_INT8:
    case CL_UNORM_INT8:
    case CL_SIGNED_INT8:
    case CL_UNSIGNED_INT8:
      return 1;
    case CL_SNORM_INT16:
    case CL_UNORM_INT16:
    case CL_SIGNED_INT16:
    case CL_UNSIGNED_INT16:
    case CL_HALF_FLOAT:
      return 2;
    case CL_SIGNED_INT32:
    case CL_UNSIGNED_INT32:
    case CL_FLOAT:
      return 4;
    default:
      return 0;
  }
}

size_t pixel_size(const cl_image_format& format) {
  if (is_packed_type(format.image_channel_data_type)) return 0;
  size_t size = channel_size(format.image_channel_data_type);
  switch (format.image_channel_order) {
    case CL_R:
    case CL_A:
      return size;
    case CL_RG:
      return 2 * size;
    case CL_RGBA:
      return 4 * size;
    case CL_BGRA:
      return size == 1 ? 4 : 0;
    case CL_sRGBA:
      return format.image_channel_data_type == CL_UNORM_INT8 ? 4 : 0;
    case CL_DEPTH: {
      cl_channel_type type = format.image_channel_data_type;
      return type == CL_UNORM_INT16 || type == CL_FLOAT ? size : 0;
    }
    default:
      return 0;
  }
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clGetSupportedImageFormats(cl_context context, cl_mem_flags /*flags*/, cl_mem_object_type image_type,
                                  cl_uint num_entries, cl_image_format* image_formats, cl_uint* num_image_formats) {
  if (!valid(context)) return CL_INVALID_CONTEXT;
  if (image_type < CL_MEM_OBJECT_IMAGE2D || image_type > CL_MEM_OBJECT_IMAGE1D_BUFFER ||
      (image_formats != nullptr && num_entries == 0)) {
    return CL_INVALID_VALUE;
  }
  std::vector<cl_image_format> formats;
  for (cl_channel_order order : {CL_R, CL_A, CL_RG, CL_RGBA, CL_BGRA, CL_sRGBA, CL_DEPTH}) {
    for (cl_channel_type type = CL_SNORM_INT8; type <= CL_FLOAT; ++type) {
      cl_image_format format{order, type};
      bool flat = image_type == CL_MEM_OBJECT_IMAGE2D || image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
      if (is_plain_type(type) && pixel_size(format) != 0 && (order != CL_DEPTH || flat)) formats.push_back(format);
    }
  }
  if (num_image_formats != nullptr) *num_image_formats = static_cast<cl_uint>(formats.size());
  for (size_t i = 0; image_formats != nullptr && i < formats.size() && i < num_entries; ++i) {
    image_formats[i] = formats[i];
  }
  return CL_SUCCESS;
}
