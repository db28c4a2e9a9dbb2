// What is checked of a launch, whether it runs at once or is recorded.
#pragma once

#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// CL_SUCCESS, or why the kernel, with the arguments it has, cannot run like this on the queue.
cl_int check_ndrange(Queue* queue, Kernel* kernel, cl_uint dimensions, const size_t* global, const size_t* local,
                     cl_uint waits, const cl_event* list);

}  // namespace cenote::opencl
