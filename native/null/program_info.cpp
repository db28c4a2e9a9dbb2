#include <algorithm>

#include "null/answer.hpp"
#include "null/objects.hpp"
#include "null/program.hpp"

namespace cenote::null {

bool is_executable(cl_program program) {
  std::lock_guard lock(program->mutex);
  return program->binary_type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE && program->status == CL_BUILD_SUCCESS;
}

/// Copies the binary to each address that the program has put into the answer's array.
static cl_int binaries(cl_program program, Answer answer) {
  size_t size = program->devices.size() * sizeof(unsigned char*);
  if (answer.size_ret != nullptr) *answer.size_ret = size;
  if (answer.value == nullptr) return CL_SUCCESS;
  if (answer.capacity < size) return CL_INVALID_VALUE;
  std::string binary = binary_of(program);
  for (size_t i = 0; i < program->devices.size(); ++i) {
    unsigned char* to = static_cast<unsigned char**>(answer.value)[i];
    if (to != nullptr) std::copy(binary.begin(), binary.end(), to);
  }
  return CL_SUCCESS;
}

static std::string kernel_names(cl_program program) {
  std::lock_guard lock(program->mutex);
  std::string names;
  for (const KernelText& kernel : program->kernels) names += (names.empty() ? "" : ";") + kernel.name;
  return names;
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clGetProgramInfo(cl_program program, cl_program_info param_name, size_t param_value_size, void* param_value,
                        size_t* param_value_size_ret) {
  if (!valid(program)) return CL_INVALID_PROGRAM;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_PROGRAM_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_program>::instance().handles(program));
    case CL_PROGRAM_CONTEXT:
      return answer.number<cl_context>(program->context.get());
    case CL_PROGRAM_NUM_DEVICES:
      return answer.number<cl_uint>(static_cast<cl_uint>(program->devices.size()));
    case CL_PROGRAM_DEVICES: {
      std::vector<cl_device_id> list;
      list.reserve(program->devices.size());
      for (const auto& device : program->devices) list.push_back(device.get());
      return answer.list(list);
    }
    case CL_PROGRAM_SOURCE:
      return answer.text(program->source);
    case CL_PROGRAM_IL:
      return answer.bytes(program->il.data(), program->il.size());
    case CL_PROGRAM_BINARY_SIZES:
      return answer.list(std::vector<size_t>(program->devices.size(), binary_of(program).size()));
    case CL_PROGRAM_BINARIES:
      return binaries(program, answer);
    case CL_PROGRAM_NUM_KERNELS: {
      if (!is_executable(program)) return CL_INVALID_PROGRAM_EXECUTABLE;
      std::lock_guard lock(program->mutex);
      return answer.number<size_t>(program->kernels.size());
    }
    case CL_PROGRAM_KERNEL_NAMES:
      return is_executable(program) ? answer.text(kernel_names(program)) : CL_INVALID_PROGRAM_EXECUTABLE;
    case CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT:
    case CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT:
      return answer.flag(false);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info param_name,
                             size_t param_value_size, void* param_value, size_t* param_value_size_ret) {
  if (!valid(program)) return CL_INVALID_PROGRAM;
  bool of_program =
      std::any_of(program->devices.begin(), program->devices.end(), [=](const auto& d) { return d.get() == device; });
  if (!valid(device) || !of_program) return CL_INVALID_DEVICE;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  std::lock_guard lock(program->mutex);
  switch (param_name) {
    case CL_PROGRAM_BUILD_STATUS:
      return answer.number<cl_build_status>(program->status);
    case CL_PROGRAM_BUILD_OPTIONS:
      return answer.text(program->options);
    case CL_PROGRAM_BUILD_LOG:
      return answer.text("");
    case CL_PROGRAM_BINARY_TYPE:
      return answer.number<cl_program_binary_type>(program->binary_type);
    case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
      return answer.number<size_t>(0);
    default:
      return CL_INVALID_VALUE;
  }
}
