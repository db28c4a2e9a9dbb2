// Properties that the program sees other than the driver says them, because a network lies between.
#pragma once

#include "shim/opencl/properties.hpp"

namespace cenote::opencl {

void override_platform(Properties& properties);
void override_device(Properties& properties);

}  // namespace cenote::opencl
