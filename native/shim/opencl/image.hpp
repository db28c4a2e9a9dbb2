// Images: the extents and pitches that every image command needs.
#pragma once

#include <array>

#include "shim/opencl/memory.hpp"

namespace cenote::opencl {

/// Elements in each dimension; layers of an array stand in the last one that it has.
std::array<size_t, 3> extent_of(const cl_image_desc& description);

/// CL_SUCCESS, or CL_INVALID_VALUE where the box is empty, missing or not inside the image.
cl_int check_box(Mem* image, const size_t* origin, const size_t* region);

/// Whether at least one device of the context has images.
bool has_images(const Context* context);

}  // namespace cenote::opencl
