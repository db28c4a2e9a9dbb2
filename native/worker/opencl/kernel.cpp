// Kernels: making them, their arguments, and launching them.
#include <algorithm>

#include "worker/opencl/arguments.hpp"
#include "worker/opencl/plain.hpp"
#include "worker/opencl/program_info.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

void handle(Worker& w, Call& call, const msg::CreateKernel& m) {
  Create<Kernel> scope(w, call, m.result);
  auto* program = scope.arg<Program>(m.program);
  Kernel* kernel = scope.object();
  kernel->program = Ref<Program>(program);
  kernel->name = std::string(m.name.text());
  int32_t error = scope.error();
  if (error == CL_SUCCESS) {
    kernel->native = program->context->driver->clCreateKernel(program->native, kernel->name.c_str(), &error);
  }
  kernel->error = error;
  if (!call.wants_reply) return;
  worker::Bytes body;
  if (error == CL_SUCCESS) describe_kernel(*program, kernel->native, body);
  w.outbox.reply(call.sequence, error, body.data());
}

void handle(Worker& w, Call& call, const msg::SetArg& m) {
  auto* kernel = w.get<Kernel>(m.kernel);
  if (m.kind > kArgUsm || (m.kind == kArgBytes && m.value.size() != m.size)) w.broken("an argument of no kind", call);
  const auto* bytes = static_cast<const char*>(m.value.data);
  Kernel::Argument argument{static_cast<uint32_t>(m.kind), m.size, m.object, {bytes, bytes + m.value.size()}};
  auto index = static_cast<uint32_t>(m.index);
  std::erase_if(kernel->parked_arguments,
                [&](const auto& parked) { return parked.first == index && parked.second == m.object; });
  int32_t status = kernel->error != CL_SUCCESS ? kernel->error : set_argument(w, *kernel, index, argument);
  if (call.wants_reply) w.outbox.reply(call.sequence, status);
  if (status == CL_SUCCESS) {
    kernel->arguments[index] = std::move(argument);
    kernel->refused.erase(index);
  } else if (!call.wants_reply) {
    w.refuse_argument(*kernel, index, status);
  }
}

void handle(Worker& w, Call& call, const msg::clCloneKernel& m) {
  Create<Kernel> scope(w, call, m.result);
  auto* source = scope.arg<Kernel>(m.source_kernel);
  Kernel* kernel = scope.object();
  kernel->program = source->program;
  kernel->error = scope.error();
  if (kernel->error == CL_SUCCESS) copy_kernel(w, *source, *kernel);
  if (call.wants_reply) w.outbox.reply(call.sequence, kernel->error);
}

void handle(Worker& w, Call& call, const msg::EnqueueLaunch& m) {
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  auto* kernel = scope.arg<Kernel>(m.kernel);
  scope.name(kernel->name);
  if (call.parked != nullptr && call.parked->substitute) kernel = static_cast<Kernel*>(call.parked->substitute.get());
  scope.refuse(kernel->launch_error());
  auto sizes = [](const wire::Words& w) { return reinterpret_cast<const size_t*>(w.data); };
  auto fits = [&](const wire::Words& w) { return w.null() || w.size() == m.dimensions; };
  if (!fits(m.offset) || !fits(m.global_size) || !fits(m.local_size)) w.broken("sizes of another dimension", call);
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* wait_list, cl_event* event) {
    return scope.driver().clEnqueueNDRangeKernel(queue, kernel->native, m.dimensions, sizes(m.offset),
                                                 sizes(m.global_size), sizes(m.local_size), waits, wait_list, event);
  });
}

}  // namespace cenote::opencl
