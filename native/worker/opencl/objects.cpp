#include "worker/opencl/objects.hpp"

#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

Device::~Device() {
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
  if (native != nullptr) context->driver->clReleaseMemObject(native);
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
