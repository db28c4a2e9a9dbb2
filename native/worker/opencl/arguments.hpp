// Kernel arguments as the worker keeps them.
#pragma once

#include "wire/opencl_queries.hpp"
#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

/// Sets an argument of the kernel; the driver's status.
int32_t set_argument(Worker& w, const Kernel& kernel, uint32_t index, const Kernel::Argument& argument);

/// Makes `to` a second kernel object with the same arguments.
void copy_kernel(Worker& w, const Kernel& from, Kernel& to);

}  // namespace cenote::opencl
