#include "worker/opencl/arguments.hpp"

#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

int32_t set_argument(Worker& w, const Kernel& kernel, uint32_t index, const Kernel::Argument& argument) {
  const Driver& driver = *kernel.program->context->driver;
  switch (argument.kind) {
    case kArgLocal:
    case kArgNull:
      return driver.clSetKernelArg(kernel.native, index, argument.size, nullptr);
    case kArgSvm:
    case kArgUsm:
      return set_shared_argument(kernel, index, argument.object, argument.kind == kArgUsm);
    case kArgObject: {
      worker::Object* object = w.objects.find(argument.object);
      if (object == nullptr) return CL_INVALID_ARG_VALUE;
      if (object->error != CL_SUCCESS) return object->error;
      void* native = nullptr;
      if (auto* mem = dynamic_cast<Mem*>(object)) native = mem->native;
      if (auto* sampler = dynamic_cast<Sampler*>(object)) native = sampler->native;
      if (auto* queue = dynamic_cast<Queue*>(object)) native = queue->native;
      return driver.clSetKernelArg(kernel.native, index, sizeof native, &native);
    }
    default:
      return driver.clSetKernelArg(kernel.native, index, argument.size, argument.value.data());
  }
}

void copy_kernel(Worker& w, const Kernel& from, Kernel& to) {
  const Driver& driver = *from.program->context->driver;
  to.program = from.program;
  to.name = from.name;
  to.arguments = from.arguments;
  to.refused = from.refused;
  to.exec_info = from.exec_info;
  // Not clCloneKernel: PoCL 3.0 crashes in launches of clones.
  to.native = driver.clCreateKernel(from.program->native, from.name.c_str(), &to.error);
  if (to.native == nullptr) return;
  for (const auto& [index, argument] : to.arguments) {
    if (int32_t bad = set_argument(w, to, index, argument); bad != CL_SUCCESS) w.refuse_argument(to, index, bad);
  }
  for (const auto& [param, value] : to.exec_info) {
    driver.clSetKernelExecInfo(to.native, param, value.size(), value.data());
  }
}

}  // namespace cenote::opencl
