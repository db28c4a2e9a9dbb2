// Command buffers: commands recorded once, run often. Sync points are numbered as the client counts its commands.
#include "worker/opencl/plain.hpp"
#include "worker/opencl/svm.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

/// Records a command: `command(driver, buffer, queue, count, wait list, sync point)`. What the driver refuses leaves a
/// buffer that answers with the error.
template <class M, class Command>
void record(Worker& w, Call& call, const M& m, std::initializer_list<const worker::Object*> named, Command&& command) {
  auto* buffer = w.get<CommandBuffer>(m.command_buffer);
  std::vector<cl_sync_point_khr> list;
  for (uint64_t number : m.sync_point_wait_list) {
    if (number == 0 || number > buffer->sync_points.size()) w.broken("a sync point that is none", call);
    list.push_back(buffer->sync_points[number - 1]);
  }
  auto* queue = m.command_queue == 0 ? nullptr : w.get<Queue>(m.command_queue);
  if (buffer->error == CL_SUCCESS) buffer->error = first_error(named);
  cl_sync_point_khr made = 0;
  if (buffer->error == CL_SUCCESS) {
    buffer->error = command(*buffer->driver, buffer->native, native(queue), static_cast<cl_uint>(list.size()),
                            list.empty() ? nullptr : list.data(), &made);
  }
  buffer->sync_points.push_back(made);
  if (call.wants_reply) w.outbox.reply(call.sequence, buffer->error);
}

const size_t* sizes(const wire::Words& words) { return reinterpret_cast<const size_t*>(words.data); }

}  // namespace

void handle(Worker& w, Call& call, const msg::CreateCommandBuffer& m) {
  if (m.queues.size() == 0) w.broken("a command buffer without a queue", call);
  Create<CommandBuffer> scope(w, call, m.result);
  auto queues = scope.args<Queue>(m.queues);
  CommandBuffer* buffer = scope.object();
  auto* first = w.get<Queue>(m.queues[0]);
  buffer->queue = Ref<Queue>(first);
  buffer->driver = first->context->driver;
  std::vector<cl_command_buffer_properties_khr> properties(m.properties.begin(), m.properties.end());
  properties.insert(properties.end(), 2, 0);  // an unfinished pair ends, too
  scope.run([&](cl_int* error) -> cl_command_buffer_khr {
    const Driver& d = *buffer->driver;
    if (d.clCreateCommandBufferKHR == nullptr) {
      *error = CL_INVALID_OPERATION;
      return nullptr;
    }
    return d.clCreateCommandBufferKHR(static_cast<cl_uint>(queues.size()), queues.data(),
                                      m.properties.size() != 0 ? properties.data() : nullptr, error);
  });
}

void handle(Worker& w, Call& call, const msg::clFinalizeCommandBufferKHR& m) {
  auto* buffer = w.get<CommandBuffer>(m.command_buffer);
  if (buffer->error == CL_SUCCESS) buffer->error = buffer->driver->clFinalizeCommandBufferKHR(buffer->native);
  if (call.wants_reply) w.outbox.reply(call.sequence, buffer->error);
}

void handle(Worker& w, Call& call, const msg::EnqueueCommandBuffer& m) {
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  auto* buffer = scope.arg<CommandBuffer>(m.command_buffer);
  auto queues = scope.args<Queue>(m.queues);
  scope.run([&](cl_command_queue /*queue*/, cl_uint waits, const cl_event* list, cl_event* event) {
    return scope.driver().clEnqueueCommandBufferKHR(static_cast<cl_uint>(queues.size()),
                                                    queues.empty() ? nullptr : queues.data(), buffer->native, waits,
                                                    list, event);
  });
}

void handle(Worker& w, Call& call, const msg::clCommandBarrierWithWaitListKHR& m) {
  record(w, call, m, {}, [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
    return d.clCommandBarrierWithWaitListKHR(buffer, queue, nullptr, n, list, point, nullptr);
  });
}

void handle(Worker& w, Call& call, const msg::clCommandCopyBufferKHR& m) {
  auto* src = w.get<Mem>(m.src_buffer);
  auto* dst = w.get<Mem>(m.dst_buffer);
  record(w, call, m, {src, dst},
         [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
           return d.clCommandCopyBufferKHR(buffer, queue, nullptr, src->native, dst->native, m.src_offset, m.dst_offset,
                                           m.size, n, list, point, nullptr);
         });
}

void handle(Worker& w, Call& call, const msg::clCommandCopyBufferRectKHR& m) {
  auto* src = w.get<Mem>(m.src_buffer);
  auto* dst = w.get<Mem>(m.dst_buffer);
  record(w, call, m, {src, dst},
         [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
           return d.clCommandCopyBufferRectKHR(buffer, queue, nullptr, src->native, dst->native, sizes(m.src_origin),
                                               sizes(m.dst_origin), sizes(m.region), m.src_row_pitch, m.src_slice_pitch,
                                               m.dst_row_pitch, m.dst_slice_pitch, n, list, point, nullptr);
         });
}

void handle(Worker& w, Call& call, const msg::clCommandCopyBufferToImageKHR& m) {
  auto* src = w.get<Mem>(m.src_buffer);
  auto* dst = w.get<Mem>(m.dst_image);
  record(w, call, m, {src, dst},
         [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
           return d.clCommandCopyBufferToImageKHR(buffer, queue, nullptr, src->native, dst->native, m.src_offset,
                                                  sizes(m.dst_origin), sizes(m.region), n, list, point, nullptr);
         });
}

void handle(Worker& w, Call& call, const msg::clCommandCopyImageKHR& m) {
  auto* src = w.get<Mem>(m.src_image);
  auto* dst = w.get<Mem>(m.dst_image);
  record(w, call, m, {src, dst},
         [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
           return d.clCommandCopyImageKHR(buffer, queue, nullptr, src->native, dst->native, sizes(m.src_origin),
                                          sizes(m.dst_origin), sizes(m.region), n, list, point, nullptr);
         });
}

void handle(Worker& w, Call& call, const msg::clCommandCopyImageToBufferKHR& m) {
  auto* src = w.get<Mem>(m.src_image);
  auto* dst = w.get<Mem>(m.dst_buffer);
  record(w, call, m, {src, dst},
         [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
           return d.clCommandCopyImageToBufferKHR(buffer, queue, nullptr, src->native, dst->native, sizes(m.src_origin),
                                                  sizes(m.region), m.dst_offset, n, list, point, nullptr);
         });
}

void handle(Worker& w, Call& call, const msg::clCommandFillBufferKHR& m) {
  auto* mem = w.get<Mem>(m.buffer);
  record(w, call, m, {mem}, [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
    return d.clCommandFillBufferKHR(buffer, queue, nullptr, mem->native, m.pattern.data, m.pattern.size(), m.offset,
                                    m.size, n, list, point, nullptr);
  });
}

void handle(Worker& w, Call& call, const msg::clCommandFillImageKHR& m) {
  auto* mem = w.get<Mem>(m.image);
  record(w, call, m, {mem}, [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
    return d.clCommandFillImageKHR(buffer, queue, nullptr, mem->native, m.fill_color.data, sizes(m.origin),
                                   sizes(m.region), n, list, point, nullptr);
  });
}

void handle(Worker& w, Call& call, const msg::clCommandNDRangeKernelKHR& m) {
  auto* kernel = w.get<Kernel>(m.kernel);
  uint64_t dimensions = m.global_work_size.size();
  for (const wire::Words* words : {&m.global_work_offset, &m.local_work_size}) {
    if (!words->null() && words->size() != dimensions) w.broken("sizes of another dimension", call);
  }
  auto* buffer = w.get<CommandBuffer>(m.command_buffer);
  if (buffer->error == CL_SUCCESS) buffer->error = kernel->launch_error();
  record(w, call, m, {kernel}, [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
    return d.clCommandNDRangeKernelKHR(buffer, queue, nullptr, kernel->native, static_cast<cl_uint>(dimensions),
                                       sizes(m.global_work_offset), sizes(m.global_work_size), sizes(m.local_work_size),
                                       n, list, point, nullptr);
  });
}

void handle(Worker& w, Call& call, const msg::clCommandSVMMemcpyKHR& m) {
  const Context* context = w.get<CommandBuffer>(m.command_buffer)->queue->context.get();
  shared_slab(w, call, context, m.dst_ptr, m.size);
  shared_slab(w, call, context, m.src_ptr, m.size);
  record(w, call, m, {}, [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
    return d.clCommandSVMMemcpyKHR(buffer, queue, nullptr, reinterpret_cast<void*>(m.dst_ptr),
                                   reinterpret_cast<const void*>(m.src_ptr), m.size, n, list, point, nullptr);
  });
}

void handle(Worker& w, Call& call, const msg::clCommandSVMMemFillKHR& m) {
  shared_slab(w, call, w.get<CommandBuffer>(m.command_buffer)->queue->context.get(), m.svm_ptr, m.size);
  record(w, call, m, {}, [&](const Driver& d, auto buffer, auto queue, cl_uint n, const auto* list, auto* point) {
    return d.clCommandSVMMemFillKHR(buffer, queue, nullptr, reinterpret_cast<void*>(m.svm_ptr), m.pattern.data,
                                    m.pattern.size(), m.size, n, list, point, nullptr);
  });
}

}  // namespace cenote::opencl
