#include "worker/opencl/arguments.hpp"

#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

int32_t set_argument(Worker& w, const Kernel& kernel, cl_kernel to, uint32_t index) {
  const Driver& driver = *kernel.program->context->driver;
  const Kernel::Argument& argument = kernel.arguments.at(index);
  switch (argument.kind) {
    case kArgLocal:
    case kArgNull:
      return driver.clSetKernelArg(to, index, argument.size, nullptr);
    case kArgSvm:
    case kArgUsm:
      return set_shared_argument(kernel, to, index, argument.object, argument.kind == kArgUsm);
    case kArgObject: {
      worker::Object* object = w.objects.find(argument.object);
      if (object == nullptr) return CL_INVALID_ARG_VALUE;
      if (object->error != CL_SUCCESS) return object->error;
      void* native = nullptr;
      if (auto* mem = dynamic_cast<Mem*>(object)) native = mem->native;
      if (auto* sampler = dynamic_cast<Sampler*>(object)) native = sampler->native;
      if (auto* queue = dynamic_cast<Queue*>(object)) native = queue->native;
      return driver.clSetKernelArg(to, index, sizeof native, &native);
    }
    default:
      return driver.clSetKernelArg(to, index, argument.size, argument.value.data());
  }
}

cl_kernel copy_kernel(Worker& w, const Kernel& kernel, int32_t* error) {
  const Driver& driver = *kernel.program->context->driver;
  // Not clCloneKernel: PoCL 3.0 crashes in launches of clones.
  cl_kernel copy = driver.clCreateKernel(kernel.program->native, kernel.name.c_str(), error);
  if (copy == nullptr) return nullptr;
  for (const auto& [index, argument] : kernel.arguments) set_argument(w, kernel, copy, index);
  for (const auto& [param, value] : kernel.exec_info) {
    if (driver.clSetKernelExecInfo != nullptr) driver.clSetKernelExecInfo(copy, param, value.size(), value.data());
  }
  return copy;
}

}  // namespace cenote::opencl
