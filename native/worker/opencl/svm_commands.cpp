// Commands and kernel arguments that name shared memory.
#include "worker/opencl/plain.hpp"
#include "worker/opencl/svm.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

int32_t copy_shared(const Driver& d, cl_command_queue q, bool usm, cl_bool wait, void* to, const void* from,
                    size_t size, cl_uint waits, const cl_event* list, cl_event* event) {
  if (usm) return d.clEnqueueMemcpyINTEL(q, wait, to, from, size, waits, list, event);
  return d.clEnqueueSVMMemcpy(q, wait, to, from, size, waits, list, event);
}

int32_t set_shared_argument(const Kernel& kernel, uint32_t index, uint64_t address, bool usm) {
  const Context& context = *kernel.program->context;
  const Driver& driver = *context.driver;
  if (address != 0) {
    auto slab = context.shared == nullptr ? nullptr : context.shared->find(address, 0);
    if (slab == nullptr) return CL_INVALID_ARG_VALUE;
    usm = is_usm(*slab);
  }
  auto* at = reinterpret_cast<void*>(address);
  if (usm && driver.clSetKernelArgMemPointerINTEL != nullptr)
    return driver.clSetKernelArgMemPointerINTEL(kernel.native, index, at);
  if (driver.clSetKernelArgSVMPointer != nullptr) return driver.clSetKernelArgSVMPointer(kernel.native, index, at);
  return CL_INVALID_OPERATION;
}

void handle(Worker& w, Call& call, const msg::clSetKernelExecInfo& m) {
  auto* kernel = w.get<Kernel>(m.kernel);
  const auto* bytes = static_cast<const char*>(m.param_value.data);
  std::vector<char> value(bytes, bytes + m.param_value.size());
  int32_t status = kernel->error;
  if (status == CL_SUCCESS) {
    const Context* context = kernel->program->context.get();
    if (m.param_name == CL_KERNEL_EXEC_INFO_SVM_PTRS || m.param_name == CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL) {
      wire::Reader in(value.data(), value.size());
      while (in.left() >= 8) shared_slab(w, call, context, in.word(), 0);
    }
    const Driver& driver = *context->driver;
    status = driver.clSetKernelExecInfo == nullptr
                 ? static_cast<int32_t>(CL_INVALID_OPERATION)
                 : driver.clSetKernelExecInfo(kernel->native, m.param_name, value.size(), value.data());
    if (status == CL_SUCCESS) kernel->exec_info[m.param_name] = std::move(value);
  }
  if (call.wants_reply) w.outbox.reply(call.sequence, status);
}

void handle(Worker& w, Call& call, const msg::clEnqueueSVMMemcpy& m) {
  const Context* context = w.get<Queue>(m.command_queue)->context.get();
  bool usm = is_usm(*shared_slab(w, call, context, m.dst_ptr, m.size));
  usm = is_usm(*shared_slab(w, call, context, m.src_ptr, m.size)) || usm;
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* list, cl_event* event) {
    return copy_shared(scope.driver(), queue, usm, 0, reinterpret_cast<void*>(m.dst_ptr),
                       reinterpret_cast<const void*>(m.src_ptr), m.size, waits, list, event);
  });
}

void handle(Worker& w, Call& call, const msg::clEnqueueSVMMemFill& m) {
  const Context* context = w.get<Queue>(m.command_queue)->context.get();
  bool usm = is_usm(*shared_slab(w, call, context, m.svm_ptr, m.size));
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* list, cl_event* event) {
    const Driver& d = scope.driver();
    auto* at = reinterpret_cast<void*>(m.svm_ptr);
    if (usm) {
      return d.clEnqueueMemFillINTEL(queue, at, m.pattern.data, m.pattern.size(), m.size, waits, list, event);
    }
    return d.clEnqueueSVMMemFill(queue, at, m.pattern.data, m.pattern.size(), m.size, waits, list, event);
  });
}

void handle(Worker& w, Call& call, const msg::clEnqueueSVMMigrateMem& m) {
  const Context* context = w.get<Queue>(m.command_queue)->context.get();
  if (m.svm_pointers.size() != m.sizes.size()) w.broken("pointers without sizes", call);
  std::vector<const void*> pointers;
  bool usm = false;
  for (size_t i = 0; i < m.svm_pointers.size(); ++i) {
    usm = is_usm(*shared_slab(w, call, context, m.svm_pointers[i], m.sizes[i]));
    pointers.push_back(reinterpret_cast<const void*>(m.svm_pointers[i]));
  }
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* list, cl_event* event) {
    const Driver& d = scope.driver();
    const auto* sizes = reinterpret_cast<const size_t*>(m.sizes.data);
    if (usm && d.clEnqueueMigrateMemINTEL != nullptr && pointers.size() == 1) {
      return d.clEnqueueMigrateMemINTEL(queue, pointers[0], sizes[0], m.flags, waits, list, event);
    }
    if (!usm && d.clEnqueueSVMMigrateMem != nullptr) {
      return d.clEnqueueSVMMigrateMem(queue, static_cast<cl_uint>(pointers.size()), pointers.data(), sizes, m.flags,
                                      waits, list, event);
    }
    return d.clEnqueueMarkerWithWaitList(queue, waits, list, event);  // a hint that this driver does not take
  });
}

void handle(Worker& w, Call& call, const msg::clEnqueueMemAdviseINTEL& m) {
  shared_slab(w, call, w.get<Queue>(m.command_queue)->context.get(), m.ptr, m.size);
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* list, cl_event* event) {
    const Driver& d = scope.driver();
    if (d.clEnqueueMemAdviseINTEL == nullptr) return static_cast<int32_t>(CL_INVALID_OPERATION);
    return d.clEnqueueMemAdviseINTEL(queue, reinterpret_cast<const void*>(m.ptr), m.size, m.advice, waits, list, event);
  });
}

void handle(Worker& w, Call& call, const msg::EnqueueNothing& m) {
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* list, cl_event* event) {
    return scope.driver().clEnqueueMarkerWithWaitList(queue, waits, list, event);
  });
}

}  // namespace cenote::opencl
