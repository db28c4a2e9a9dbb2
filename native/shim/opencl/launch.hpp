// What is checked of a launch, whether it runs at once or is recorded.
#pragma once

#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// CL_SUCCESS, or why the kernel, with the arguments it has, cannot run like this on the queue.
cl_int check_ndrange(const Queue* queue, Kernel* kernel, cl_uint dimensions, const size_t* offset, const size_t* global,
                     const size_t* local);

}  // namespace cenote::opencl
