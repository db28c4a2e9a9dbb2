#include "worker/opencl/objects.hpp"

#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

Device::~Device() {
  for (const auto& [place, part] : parts) platform->driver.clReleaseDevice(part);
  if (sub_device && native != nullptr) platform->driver.clReleaseDevice(native);
}

Context::Context() = default;

Context::~Context() {
  shared.reset();
  if (uploads != nullptr) driver->clReleaseCommandQueue(uploads);
  if (native != nullptr) driver->clReleaseContext(native);
}

Queue::~Queue() {
  if (native != nullptr) context->driver->clReleaseCommandQueue(native);
}

Mem::~Mem() {
  if (native == nullptr) return;
  if (quota != nullptr) quota->release_begun();
  context->driver->clReleaseMemObject(native);
  if (quota != nullptr && !driver_tells_end) quota->give_back(charge);
}

Sampler::~Sampler() {
  if (native != nullptr) context->driver->clReleaseSampler(native);
}

Program::~Program() {
  if (native != nullptr) context->driver->clReleaseProgram(native);
}

Kernel::~Kernel() {
  if (native != nullptr) program->context->driver->clReleaseKernel(native);
}

Event::~Event() {
  if (native != nullptr) driver->clReleaseEvent(native);
}

CommandBuffer::~CommandBuffer() {
  if (native != nullptr) driver->clReleaseCommandBufferKHR(native);
}

}  // namespace cenote::opencl
