#include <algorithm>
#include <array>
#include <cstring>

#include "null/answer.hpp"
#include "null/objects.hpp"
#include "null/settings.hpp"

namespace cenote::null {
namespace {

constexpr size_t kSubGroup = 32;

/// The device that an info query means; NULL means the only one.
cl_int find_device(cl_kernel kernel, cl_device_id device) {
  const auto& devices = kernel->program->devices;
  if (device == nullptr) return devices.size() == 1 ? CL_SUCCESS : CL_INVALID_DEVICE;
  bool found = std::any_of(devices.begin(), devices.end(), [=](const auto& d) { return d.get() == device; });
  return found ? CL_SUCCESS : CL_INVALID_DEVICE;
}

}  // namespace
}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clGetKernelInfo(cl_kernel kernel, cl_kernel_info param_name, size_t param_value_size, void* param_value,
                       size_t* param_value_size_ret) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_KERNEL_FUNCTION_NAME:
      return answer.text(kernel->text.name);
    case CL_KERNEL_NUM_ARGS:
      return answer.number<cl_uint>(static_cast<cl_uint>(kernel->text.args.size()));
    case CL_KERNEL_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_kernel>::instance().handles(kernel));
    case CL_KERNEL_CONTEXT:
      return answer.number<cl_context>(kernel->program->context.get());
    case CL_KERNEL_PROGRAM:
      return answer.number<cl_program>(kernel->program.get());
    case CL_KERNEL_ATTRIBUTES:
      return answer.text(kernel->text.attributes);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetKernelArgInfo(cl_kernel kernel, cl_uint arg_index, cl_kernel_arg_info param_name, size_t param_value_size,
                          void* param_value, size_t* param_value_size_ret) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (arg_index >= kernel->text.args.size()) return CL_INVALID_ARG_INDEX;
  if (kernel->program->source.empty()) return CL_KERNEL_ARG_INFO_NOT_AVAILABLE;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  const ArgText& arg = kernel->text.args[arg_index];
  switch (param_name) {
    case CL_KERNEL_ARG_ADDRESS_QUALIFIER:
      return answer.number<cl_kernel_arg_address_qualifier>(arg.address);
    case CL_KERNEL_ARG_ACCESS_QUALIFIER:
      return answer.number<cl_kernel_arg_access_qualifier>(arg.access);
    case CL_KERNEL_ARG_TYPE_NAME:
      return answer.text(arg.type);
    case CL_KERNEL_ARG_TYPE_QUALIFIER:
      return answer.number<cl_kernel_arg_type_qualifier>(arg.qualifier);
    case CL_KERNEL_ARG_NAME:
      return answer.text(arg.name);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info param_name,
                                size_t param_value_size, void* param_value, size_t* param_value_size_ret) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (cl_int bad = find_device(kernel, device); bad != CL_SUCCESS) return bad;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_KERNEL_WORK_GROUP_SIZE:
      return answer.number<size_t>(kMaxWorkGroup);
    case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
      return answer.bytes(kernel->text.required_size, sizeof kernel->text.required_size);
    case CL_KERNEL_LOCAL_MEM_SIZE: {
      std::lock_guard lock(kernel->mutex);
      cl_ulong sum = 0;
      for (const auto& [index, size] : kernel->local_sizes) sum += size;
      return answer.number<cl_ulong>(sum);
    }
    case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
      return answer.number<size_t>(kSubGroup);
    case CL_KERNEL_PRIVATE_MEM_SIZE:
      return answer.number<cl_ulong>(0);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetKernelSubGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_sub_group_info param_name,
                               size_t input_value_size, const void* input_value, size_t param_value_size,
                               void* param_value, size_t* param_value_size_ret) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (cl_int bad = find_device(kernel, device); bad != CL_SUCCESS) return bad;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  std::array<size_t, 3> input{1, 1, 1};
  bool wants_input = param_name == CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE ||
                     param_name == CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE ||
                     param_name == CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT;
  if (wants_input) {
    if (input_value == nullptr || input_value_size == 0 || input_value_size > sizeof input ||
        input_value_size % sizeof(size_t) != 0) {
      return CL_INVALID_VALUE;
    }
    std::memcpy(input.data(), input_value, input_value_size);
  }
  size_t items = input[0] * input[1] * input[2];
  switch (param_name) {
    case CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE:
      return answer.number<size_t>(kSubGroup);
    case CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE:
      return answer.number<size_t>((items + kSubGroup - 1) / kSubGroup);
    case CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT: {
      std::vector<size_t> sizes(std::clamp<size_t>(param_value_size / sizeof(size_t), 1, 3), 1);
      sizes[0] = input[0] * kSubGroup;
      if (input[0] > kMaxWorkGroup / kSubGroup) std::fill(sizes.begin(), sizes.end(), 0);
      return answer.list(sizes);
    }
    case CL_KERNEL_MAX_NUM_SUB_GROUPS:
      return answer.number<size_t>(kMaxWorkGroup / kSubGroup);
    case CL_KERNEL_COMPILE_NUM_SUB_GROUPS:
      return answer.number<size_t>(0);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetKernelSubGroupInfoKHR(cl_kernel kernel, cl_device_id device, cl_kernel_sub_group_info param_name,
                                  size_t input_value_size, const void* input_value, size_t param_value_size,
                                  void* param_value, size_t* param_value_size_ret) {
  return clGetKernelSubGroupInfo(kernel, device, param_name, input_value_size, input_value, param_value_size,
                                 param_value, param_value_size_ret);
}
