#include "worker/opencl/worker.hpp"

#include <bit>
#include <cstdlib>
#include <functional>
#include <string>

#include "worker/opencl/arguments.hpp"
#include "worker/opencl/gate.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {
// Looking at every kept payload costs time: not before this many, or this many bytes, are held.
constexpr size_t kReapCount = 64;
constexpr size_t kReapBytes = size_t{4} << 20;

/// Commands that take the device's time, and so their turn.
template <class M>
constexpr bool kComputes =
    M::kEnqueue && M::kOp != Op::EnqueueRead && M::kOp != Op::EnqueueWrite && M::kOp != Op::EnqueueNothing &&
    M::kOp != Op::clEnqueueMarkerWithWaitList && M::kOp != Op::clEnqueueBarrierWithWaitList;

uint64_t mixed(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x9e3779b97f4a7c15U; }

/// Equal for commands that take about equally long.
template <class M>
uint64_t kind_of(Worker& w, const M& m) {
  auto kind = mixed(0, static_cast<uint64_t>(M::kOp));
  if constexpr (M::kOp == Op::EnqueueLaunch) {
    const auto* kernel = w.get<Kernel>(m.kernel);
    kind = mixed(kind, reinterpret_cast<uintptr_t>(kernel->program.get()));
    kind = mixed(kind, std::hash<std::string>()(kernel->name));
    for (uint64_t size : m.global_size) kind = mixed(kind, size);
  }
  if constexpr (M::kOp == Op::EnqueueCommandBuffer) kind = mixed(kind, m.command_buffer);
  if constexpr (requires { m.size; }) kind = mixed(kind, static_cast<uint64_t>(std::bit_width(uint64_t{m.size})));
  return kind;
}
}  // namespace

Worker::Worker(std::unique_ptr<wire::Transport> transport, std::unique_ptr<Inventory> inventory, worker::Bulk* bulk)
    : Executor(std::move(transport)),
      bulk(bulk),
      device_trace(*this),
      turns(*this),
      activity(*this),
      inventory_(std::move(inventory)) {}

worker::Object* Worker::make_placeholder(Type type) {
  switch (type) {
    case Type::kPlatform:
      return new Platform;
    case Type::kDevice:
      return new Device;
    case Type::kContext:
      return new Context;
    case Type::kQueue:
      return new Queue;
    case Type::kMem:
      return new Mem;
    case Type::kSampler:
      return new Sampler;
    case Type::kProgram:
      return new Program;
    case Type::kKernel:
      return new Kernel;
    case Type::kEvent:
      return new Event;
    case Type::kCommandBuffer:
      return new CommandBuffer;
  }
  return nullptr;
}

Ref<worker::Object> Worker::private_kernel(const Kernel& kernel) {
  auto* copy = new Kernel;
  Ref<worker::Object> kept(copy);
  copy_kernel(*this, kernel, *copy);
  return kept;
}

/// Whether a command may go to the driver; else it is parked, by `park()`, until it may.
template <class M, class Park>
bool Worker::has_turn(Call& call, const M& m, Park&& park) {
  if (call.parked != nullptr && call.parked->admitted) return true;
  auto* queue = get<Queue>(m.command_queue);
  const Event* awaited = nullptr;
  for (uint64_t id : m.event_wait_list) {
    const auto* event = get<Event>(id);
    if (event->native == nullptr || event->device == queue->index) continue;
    cl_int status = CL_COMPLETE;
    event->driver->clGetEventInfo(event->native, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
    if (status > CL_COMPLETE) awaited = event;
  }
  uint64_t kind = kind_of(*this, m);
  if (awaited == nullptr && turns.admits(*queue, kind)) return true;
  Parked* parked = park();
  if (awaited == nullptr) {
    turns.put_aside(*queue, kind, parked);
  } else {  // it would keep the device idle in its turn
    ++parked->unmet;
    when_complete(*awaited->driver, awaited->native, [this, parked](int32_t) { resume(parked); });
  }
  return false;
}

template <class M>
bool Worker::dispatch(Call& call, const M& m) {
  if (call.parked == nullptr) {
    Gate gate(*this, call, M::kSlow);
    visit(m, gate);
    constexpr bool kOrdersAll =
        M::kOp == Op::clEnqueueBarrierWithWaitList || M::kOp == Op::clEnqueueMarkerWithWaitList || M::kOp == Op::Finish;
    if (gate.must_wait(kOrdersAll)) {
      gate.park(m, kOrdersAll);
      if constexpr (M::kOp == Op::EnqueueRead) parked_reads.insert(call.sequence);
      return false;
    }
    if constexpr (kComputes<M>) {
      if (turns.active() && !has_turn(call, m, [&] { return gate.park(m, false); })) return false;
    }
  } else if constexpr (kComputes<M>) {
    if (turns.active() && !has_turn(call, m, [&] { return call.parked; })) return false;
  }
  if constexpr (M::kOp == Op::EnqueueRead) parked_reads.erase(call.sequence);
  if constexpr (kComputes<M>) activity.begins(*get<Queue>(m.command_queue));
  handle(*this, call, m);
  if (call.parked != nullptr && !call.held) release(call.parked);
  return true;
}

bool Worker::execute(Call& call) {
  bool carried_out = false;
  if (!decode(call.opcode, call.data, call.size, [&](const auto& m) { carried_out = dispatch(call, m); })) {
    broken("a call that does not decode", call);
  }
  return carried_out;
}

void Worker::when_complete(const Driver& driver, cl_event event, std::function<void(int32_t)> then) {
  struct Pending {
    Worker* worker;
    std::function<void(int32_t)> then;
  };
  auto* pending = new Pending{this, std::move(then)};
  int32_t status = driver.clSetEventCallback(
      event, CL_COMPLETE,
      [](cl_event, cl_int ended, void* data) {
        auto* p = static_cast<Pending*>(data);
        p->worker->post([p, ended] {
          p->then(ended);
          delete p;
        });
      },
      pending);
  if (status != CL_SUCCESS) {
    post([pending, status] {
      pending->then(status);
      delete pending;
    });
  }
}

bool Worker::when_done(const Queue& queue, std::function<void()> then) {
  const Driver& driver = *queue.context->driver;
  cl_event marker = nullptr;
  if (queue.native == nullptr) return false;
  if (driver.clEnqueueMarkerWithWaitList(queue.native, 0, nullptr, &marker) != CL_SUCCESS) return false;
  driver.clFlush(queue.native);
  when_complete(driver, marker, [then = std::move(then)](int32_t) { then(); });
  driver.clReleaseEvent(marker);
  return true;
}

void Worker::keep_until(const Driver& driver, cl_event event, std::shared_ptr<const void> bytes, size_t size) {
  pushed_.push_back({&driver, event, std::move(bytes), size});
  pushed_bytes_ += size;
  if (pushed_.size() >= kReapCount || pushed_bytes_ >= kReapBytes) reap();
}

void Worker::reap() {
  size_t freed = 0;
  std::erase_if(pushed_, [&](const Pushed& p) {
    cl_int status = CL_COMPLETE;
    p.driver->clGetEventInfo(p.event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
    if (status > CL_COMPLETE) return false;
    p.driver->clReleaseEvent(p.event);
    freed += p.size;
    return true;
  });
  pushed_bytes_ -= freed;
  if (freed != 0) outbox.words(wire::Notice::kCredit, 0, {freed});
}

void Worker::report_failure(const Queue& queue, int32_t status) {
  // A failed wait list is no error of the queue's.
  if (status == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) return;
  outbox.words(wire::Notice::kFailed, 0, {queue.id, static_cast<uint64_t>(int64_t{status})});
}

void Worker::refuse_argument(Kernel& kernel, uint32_t index, int32_t status) {
  kernel.refused[index] = status;
  outbox.words(wire::Notice::kFailed, 0, {0, static_cast<uint64_t>(int64_t{status})});
}

void Worker::report_event(const Event& event, int32_t status) {
  reads.tell_ended();
  activity.ended(event.place);
  cl_ulong times[4] = {0, 0, 0, 0};
  if (event.profiling && event.native != nullptr && status == CL_COMPLETE) {
    constexpr cl_uint kParams[] = {CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_SUBMIT, CL_PROFILING_COMMAND_START,
                                   CL_PROFILING_COMMAND_END};
    for (int i = 0; i < 4; ++i) {
      event.driver->clGetEventProfilingInfo(event.timed(kParams[i]), kParams[i], sizeof(cl_ulong), &times[i], nullptr);
    }
    if (event.queued != 0) times[0] = event.queued;
  }
  outbox.words(wire::Notice::kEvents, 0,
               {event.id, static_cast<uint64_t>(int64_t{status}), times[0], times[1], times[2], times[3]});
}

}  // namespace cenote::opencl
