// Kernel arguments as the worker keeps them.
#pragma once

#include "wire/opencl_queries.hpp"
#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

/// Sets argument `index` of `to` as recorded in `kernel`; the driver's status.
int32_t set_argument(Worker& w, const Kernel& kernel, cl_kernel to, uint32_t index);

/// A second kernel object with the same arguments, or NULL.
cl_kernel copy_kernel(Worker& w, const Kernel& kernel, int32_t* error);

}  // namespace cenote::opencl
