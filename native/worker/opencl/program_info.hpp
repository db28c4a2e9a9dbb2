// Everything about a built program and its kernels that the shim answers from its cache.
#pragma once

#include <functional>
#include <string>

#include "worker/bytes.hpp"
#include "worker/opencl/objects.hpp"

namespace cenote::opencl {

/// What changes the driver's messages.
using LogFilter = std::function<std::string(std::string)>;

/// Appends the build's outcome for each device of the program, and all its kernels.
void describe_program(const Program& program, worker::Bytes& out, const LogFilter& log = {});

/// The same of a program that was made from binaries and is yet to be built. Its kernels are not asked for: Intel's
/// driver calls such a program built and crashes when it is to name them.
void describe_unbuilt(const Program& program, worker::Bytes& out);

/// Appends one kernel: name, arguments with their sizes, what it needs on each device. Arguments of the kernel may be
/// overwritten by probing, so it should be new.
void describe_kernel(const Program& program, cl_kernel kernel, worker::Bytes& out);

}  // namespace cenote::opencl
