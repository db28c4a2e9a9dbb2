// Everything about a built program and its kernels that the shim answers from its cache.
#pragma once

#include <functional>
#include <string>

#include "worker/bytes.hpp"
#include "worker/opencl/objects.hpp"

namespace cenote::opencl {

/// Appends the build's outcome for each device of the program, and all its kernels. `log` changes the driver's
/// messages.
void describe_program(const Program& program, worker::Bytes& out,
                      const std::function<std::string(std::string)>& log = {});

/// Appends one kernel: name, arguments with their sizes, what it needs on each device. Arguments of the kernel may be
/// overwritten by probing, so it should be new.
void describe_kernel(const Program& program, cl_kernel kernel, worker::Bytes& out);

}  // namespace cenote::opencl
