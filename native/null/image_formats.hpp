// Pixels of images.
#pragma once

#include <cstddef>

#include "api/opencl_api.hpp"

namespace cenote::null {

/// Bytes of one channel, 0 for types that share a word.
size_t channel_size(cl_channel_type type);

/// Writes one pixel of a colour as clEnqueueFillImage takes it: four floats or four integers of 32 bits.
void write_pixel(const cl_image_format& format, const void* color, void* pixel);

}  // namespace cenote::null
