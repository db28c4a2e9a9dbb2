#include <cstring>

#include "null/memory.hpp"

namespace cenote::null {

bool is_image(cl_mem mem) { return valid(mem) && mem->type != CL_MEM_OBJECT_BUFFER && mem->type != CL_MEM_OBJECT_PIPE; }

Extent extent_of(cl_mem image) {
  const cl_image_desc& d = image->image;
  switch (image->type) {
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

bool is_inside(cl_mem image, const size_t* origin, const size_t* region) {
  if (origin == nullptr || region == nullptr) return false;
  Extent e = extent_of(image);
  return region[0] != 0 && region[1] != 0 && region[2] != 0 && fits(origin[0], region[0], e.width) &&
         fits(origin[1], region[1], e.rows) && fits(origin[2], region[2], e.slices);
}

Box box_at(cl_mem image, const size_t* origin) {
  const cl_image_desc& d = image->image;
  return {image->bytes() + origin[2] * d.image_slice_pitch + origin[1] * d.image_row_pitch +
              origin[0] * image->element_size,
          d.image_row_pitch, d.image_slice_pitch};
}

void copy_box(const Box& to, const Box& from, size_t width, size_t height, size_t depth) {
  for (size_t z = 0; z < depth; ++z) {
    for (size_t y = 0; y < height; ++y) {
      std::memmove(to.base + z * to.slice_pitch + y * to.row_pitch,
                   from.base + z * from.slice_pitch + y * from.row_pitch, width);
    }
  }
}

void clear_box(const Box& to, size_t width, size_t height, size_t depth) {
  for (size_t z = 0; z < depth; ++z) {
    for (size_t y = 0; y < height; ++y) std::memset(to.base + z * to.slice_pitch + y * to.row_pitch, 0, width);
  }
}

}  // namespace cenote::null
