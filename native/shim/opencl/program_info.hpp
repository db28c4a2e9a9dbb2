// What is known of a program: where it came from, and what the server said when it was built.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shim/opencl/kernel_info.hpp"
#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// Outcome of the latest build, compile or link for one device.
struct Build {
  cl_build_status status = CL_BUILD_NONE;
  cl_program_binary_type binary_type = 0;
  size_t global_variables = 0;
  std::string options;
  std::string log;
};

struct ProgramInfo {
  std::string source;
  std::vector<char> il;
  std::vector<Build> builds;  // for each of the program's devices
  std::string kernel_names;   // separated by semicolons
  std::map<std::string, std::shared_ptr<const KernelInfo>, std::less<>> kernels;
  std::vector<std::string> kernel_order;
  std::vector<DestructorCallback> releases;
  bool built = false;  // kernels may be asked for

  /// Takes in the reply to a build; false where it is not to be understood.
  bool read(wire::Reader in);
};

}  // namespace cenote::opencl
