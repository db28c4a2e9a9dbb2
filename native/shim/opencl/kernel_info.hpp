// What the server said about a kernel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/opencl_api.hpp"
#include "wire/codec.hpp"
#include "wire/opencl_queries.hpp"

namespace cenote::opencl {

struct Parameter {
  bool known = false;  // whether the driver says anything about its arguments
  cl_uint address = 0;
  cl_uint access = 0;
  cl_ulong qualifiers = 0;
  std::string type;
  std::string name;
  ParameterKind kind = kParameterUnknown;
  size_t size = 0;  // of the value; 0 where nobody knows
};

struct KernelInfo {
  std::string name;
  std::string attributes;
  std::vector<Parameter> parameters;
  /// For each device of the program: answers of clGetKernelWorkGroupInfo in the order of kWorkGroupParams.
  std::vector<std::vector<std::string>> work_group;

  static constexpr cl_uint kWorkGroupParams[] = {CL_KERNEL_WORK_GROUP_SIZE, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                                                 CL_KERNEL_LOCAL_MEM_SIZE, CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE,
                                                 CL_KERNEL_PRIVATE_MEM_SIZE};

  /// NULL where the bytes are no description of a kernel.
  static std::shared_ptr<const KernelInfo> read(wire::Reader& in);
};

}  // namespace cenote::opencl
