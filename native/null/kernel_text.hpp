// Finds the kernels of a program without compiling it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/opencl_api.hpp"

namespace cenote::null {

/// One parameter of a kernel, as far as its text tells.
struct ArgText {
  std::string name;
  std::string type;
  cl_uint address = CL_KERNEL_ARG_ADDRESS_PRIVATE;
  cl_uint access = CL_KERNEL_ARG_ACCESS_NONE;
  cl_ulong qualifier = CL_KERNEL_ARG_TYPE_NONE;
  size_t size = 0;  // 0 where nobody can tell
  enum Kind { kValue, kMemory, kLocal, kSampler } kind = kValue;
};

struct KernelText {
  std::string name;
  std::string attributes;
  size_t required_size[3] = {0, 0, 0};
  std::vector<ArgText> args;
};

/// Kernels in OpenCL C source: `kernel void NAME(…)` outside comments. Macros and includes are not looked into.
std::vector<KernelText> kernels_in_source(std::string_view source);

/// Entry points of a SPIR-V module.
std::vector<KernelText> kernels_in_spirv(std::string_view module);

}  // namespace cenote::null
