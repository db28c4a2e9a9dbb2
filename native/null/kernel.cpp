#include <algorithm>
#include <cstring>

#include "null/answer.hpp"
#include "null/objects.hpp"
#include "null/program.hpp"

namespace cenote::null {

static cl_kernel make_kernel(cl_program program, const KernelText& text) {
  cl_kernel kernel = Pool<_cl_kernel>::instance().make();
  if (kernel == nullptr) return nullptr;
  kernel->program = Ref(program);
  kernel->text = text;
  kernel->is_set.assign(text.args.size(), false);
  return kernel;
}

/// The code for a value that does not fit its parameter.
static cl_int check_value(const ArgText& arg, size_t size, const void* value) {
  switch (arg.kind) {
    case ArgText::kLocal:
      if (value != nullptr) return CL_INVALID_ARG_VALUE;
      return size != 0 ? CL_SUCCESS : CL_INVALID_ARG_SIZE;
    case ArgText::kMemory: {
      if (size != sizeof(cl_mem)) return CL_INVALID_ARG_SIZE;
      cl_mem mem = nullptr;
      if (value != nullptr) std::memcpy(&mem, value, size);
      return mem == nullptr || valid(mem) ? CL_SUCCESS : CL_INVALID_MEM_OBJECT;
    }
    case ArgText::kSampler: {
      if (size != sizeof(cl_sampler)) return CL_INVALID_ARG_SIZE;
      cl_sampler sampler = nullptr;
      if (value != nullptr) std::memcpy(&sampler, value, size);
      return valid(sampler) ? CL_SUCCESS : CL_INVALID_SAMPLER;
    }
    case ArgText::kValue:
      if (value == nullptr) return CL_INVALID_ARG_VALUE;
      return size != 0 && (arg.size == 0 || size == arg.size) ? CL_SUCCESS : CL_INVALID_ARG_SIZE;
  }
  return CL_SUCCESS;
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_kernel clCreateKernel(cl_program program, const char* kernel_name, cl_int* errcode_ret) {
  if (!valid(program)) return failed(errcode_ret, CL_INVALID_PROGRAM);
  if (kernel_name == nullptr) return failed(errcode_ret, CL_INVALID_VALUE);
  if (!is_executable(program)) return failed(errcode_ret, CL_INVALID_PROGRAM_EXECUTABLE);
  std::lock_guard lock(program->mutex);
  auto found = std::find_if(program->kernels.begin(), program->kernels.end(),
                            [=](const KernelText& k) { return k.name == kernel_name; });
  if (found == program->kernels.end()) return failed(errcode_ret, CL_INVALID_KERNEL_NAME);
  return made(make_kernel(program, *found), errcode_ret);
}

cl_int clCreateKernelsInProgram(cl_program program, cl_uint num_kernels, cl_kernel* kernels, cl_uint* num_kernels_ret) {
  if (!valid(program)) return CL_INVALID_PROGRAM;
  if (!is_executable(program)) return CL_INVALID_PROGRAM_EXECUTABLE;
  std::lock_guard lock(program->mutex);
  size_t count = program->kernels.size();
  if (kernels != nullptr && num_kernels < count) return CL_INVALID_VALUE;
  if (num_kernels_ret != nullptr) *num_kernels_ret = static_cast<cl_uint>(count);
  for (size_t i = 0; kernels != nullptr && i < count; ++i) {
    kernels[i] = make_kernel(program, program->kernels[i]);
    if (kernels[i] != nullptr) continue;
    while (i > 0) Pool<_cl_kernel>::instance().release(kernels[--i]);
    return CL_OUT_OF_HOST_MEMORY;
  }
  return CL_SUCCESS;
}

cl_kernel clCloneKernel(cl_kernel source_kernel, cl_int* errcode_ret) {
  if (!valid(source_kernel)) return failed(errcode_ret, CL_INVALID_KERNEL);
  cl_kernel kernel = make_kernel(source_kernel->program.get(), source_kernel->text);
  if (kernel != nullptr) {
    std::lock_guard lock(source_kernel->mutex);
    kernel->is_set = source_kernel->is_set;
    kernel->local_sizes = source_kernel->local_sizes;
  }
  return made(kernel, errcode_ret);
}

cl_int clRetainKernel(cl_kernel kernel) { return retain(kernel, CL_INVALID_KERNEL); }

cl_int clReleaseKernel(cl_kernel kernel) { return release(kernel, CL_INVALID_KERNEL); }

cl_int clSetKernelArg(cl_kernel kernel, cl_uint arg_index, size_t arg_size, const void* arg_value) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (arg_index >= kernel->text.args.size()) return CL_INVALID_ARG_INDEX;
  const ArgText& arg = kernel->text.args[arg_index];
  if (cl_int bad = check_value(arg, arg_size, arg_value); bad != CL_SUCCESS) return bad;
  std::lock_guard lock(kernel->mutex);
  if (arg.kind == ArgText::kLocal) kernel->local_sizes[arg_index] = arg_size;
  kernel->is_set[arg_index] = true;
  return CL_SUCCESS;
}

cl_int clSetKernelArgSVMPointer(cl_kernel kernel, cl_uint arg_index, const void* /*arg_value*/) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (arg_index >= kernel->text.args.size()) return CL_INVALID_ARG_INDEX;
  if (kernel->text.args[arg_index].kind != ArgText::kMemory) return CL_INVALID_ARG_VALUE;
  std::lock_guard lock(kernel->mutex);
  kernel->is_set[arg_index] = true;
  return CL_SUCCESS;
}

cl_int clSetKernelExecInfo(cl_kernel kernel, cl_kernel_exec_info param_name, size_t param_value_size,
                           const void* param_value) {
  if (!valid(kernel)) return CL_INVALID_KERNEL;
  if (param_value == nullptr || param_value_size == 0) return CL_INVALID_VALUE;
  switch (param_name) {
    case CL_KERNEL_EXEC_INFO_SVM_PTRS:
      return param_value_size % sizeof(void*) == 0 ? CL_SUCCESS : CL_INVALID_VALUE;
    case CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM:
      return param_value_size == sizeof(cl_bool) ? CL_INVALID_OPERATION : CL_INVALID_VALUE;
    default:
      return CL_INVALID_VALUE;
  }
}
