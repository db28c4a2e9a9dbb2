// Formats of images: what their elements take, and which ones a context's devices have.
#pragma once

#include <vector>

#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// Bytes of an element of an image, 0 for what is no format.
size_t element_size(const cl_image_format& format);

/// Whether the devices of the context say that they have images of this format. The first time it asks the server.
bool is_listed(Context* context, cl_mem_flags flags, cl_mem_object_type type, const cl_image_format& format);

}  // namespace cenote::opencl
