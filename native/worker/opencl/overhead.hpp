// What a driver takes of a device's memory for itself.
#pragma once

#include <cstddef>

#include "api/opencl_driver.hpp"

namespace cenote::opencl {

/// Bytes that a context with a queue takes before the program has allocated anything: measured where the driver tells
/// how much memory is free, otherwise assumed.
size_t context_memory(const Driver& driver, cl_platform_id platform, cl_device_id device);

}  // namespace cenote::opencl
