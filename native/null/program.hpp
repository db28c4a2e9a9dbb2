// What a program's parts say about each other.
#pragma once

#include <string>

#include "null/objects.hpp"

namespace cenote::null {

/// The program in a form that clCreateProgramWithBinary takes; empty before it is built.
std::string binary_of(cl_program program);

/// Whether kernels can be made of it.
bool is_executable(cl_program program);

}  // namespace cenote::null
