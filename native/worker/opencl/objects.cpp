#include "worker/opencl/objects.hpp"

#include "wire/opencl_queries.hpp"
#include "worker/opencl/activity.hpp"
#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

Device::~Device() {
  for (const auto& [place, part] : parts) platform->driver.clReleaseDevice(part);
  if (sub_device && native != nullptr) platform->driver.clReleaseDevice(native);
}

Context::Context() = default;

void Context::set_fence(uint64_t queue, cl_event event) {
  driver->clRetainEvent(event);
  for (Fence& fence : fences) {
    if (fence.queue != queue) continue;
    driver->clReleaseEvent(std::exchange(fence.event, event));
    return;
  }
  fences.push_back({queue, event});
}

Context::~Context() {
  for (const Fence& fence : fences) driver->clReleaseEvent(fence.event);
  shared.reset();
  if (uploads != nullptr) driver->clReleaseCommandQueue(uploads);
  if (native != nullptr) driver->clReleaseContext(native);
}

Queue::~Queue() {
  if (activity != nullptr) activity->lose(*this);
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

std::map<uint32_t, uint64_t> Kernel::argument_objects() const {
  std::map<uint32_t, uint64_t> objects = parked_arguments;
  for (const auto& [index, argument] : arguments) {
    if (argument.kind == kArgObject) objects.emplace(index, argument.object);
  }
  return objects;
}

Event::~Event() {
  if (first != nullptr) driver->clReleaseEvent(first);
  if (native != nullptr) driver->clReleaseEvent(native);
}

CommandBuffer::~CommandBuffer() {
  if (native != nullptr) driver->clReleaseCommandBufferKHR(native);
}

}  // namespace cenote::opencl
