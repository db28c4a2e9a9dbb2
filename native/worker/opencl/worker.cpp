#include "worker/opencl/worker.hpp"

#include <algorithm>

#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

Worker::Worker(std::unique_ptr<wire::Transport> transport, std::unique_ptr<Inventory> inventory, worker::Bulk* bulk)
    : Executor(std::move(transport)), bulk(bulk), inventory_(std::move(inventory)) {}

worker::Object* Worker::make_placeholder(Type type) {
  switch (type) {
    case Type::kPlatform: return new Platform;
    case Type::kDevice: return new Device;
    case Type::kContext: return new Context;
    case Type::kQueue: return new Queue;
    case Type::kMem: return new Mem;
    case Type::kSampler: return new Sampler;
    case Type::kProgram: return new Program;
    case Type::kKernel: return new Kernel;
    case Type::kEvent: return new Event;
    case Type::kCommandBuffer: return new CommandBuffer;
  }
  return nullptr;
}

/// Visits the ids of one call: checks each, makes placeholders for new objects, and collects what the call comes after.
class Gate {
 public:
  Gate(Worker& worker, Call& call, bool slow) : worker_(worker), call_(call), slow_(slow) {}

  void handle(Type type, uint64_t id, bool optional) {
    if (id == 0 && optional) return;
    worker::Object* object = check(type, id);
    if (type == Type::kQueue) queue_ = static_cast<Queue*>(object);
    follow(object);
    // Calls that change or use up an object's state keep their order; the others only need it to be there.
    if (type == Type::kQueue || type == Type::kKernel || type == Type::kCommandBuffer ||
        (slow_ && type == Type::kProgram)) {
      lock(object);
    } else {
      pins_.emplace_back(object);
    }
  }
  void handles(Type type, const wire::Words& ids) {
    for (uint64_t id : ids) {
      worker::Object* object = check(type, id);
      follow(object);
      pins_.emplace_back(object);
    }
  }
  void waits(Type type, const wire::Words& ids) {
    has_waits_ = ids.size() != 0;
    handles(type, ids);
  }
  /// An object that may stand in a kernel argument.
  void argument(uint64_t id) {
    if (id == 0 || worker_.objects.find(id) == nullptr) return;
    worker::Object* object = worker_.objects.find(id);
    follow(object);
    pins_.emplace_back(object);
  }
  void fresh(Type type, uint64_t id) {
    if (id == 0) return;
    if (call_.parked == nullptr) {
      worker::Object* object = worker_.make_placeholder(type);
      if (wire::id_type(id) != static_cast<uint8_t>(type) || !worker_.objects.insert(id, object)) {
        worker_.broken("a new id that is taken or out of range", call_);
      }
    }
    locked_.emplace_back(worker_.objects.find(id));
  }

  /// Whether the call must wait; then everything to park it is in `after`, `pins` and `locked`.
  bool must_wait(bool orders_all) {
    if (queue_ != nullptr && !queue_->in_order) {
      if (orders_all && !has_waits_) {
        for (Parked* parked : queue_->parked) add(parked);
      }
      if (!orders_all) unlock(queue_);
    }
    return !after_.empty();
  }
  void park() {
    Queue* queue = queue_;
    if (queue != nullptr) pins_.emplace_back(queue);
    Parked* parked = worker_.park(call_, after_, std::move(pins_), std::move(locked_));
    if (queue != nullptr && !queue->in_order) {
      queue->parked.push_back(parked);
      parked->member_of = &queue->parked;
    }
  }

 private:
  worker::Object* check(Type type, uint64_t id) {
    worker::Object* object = worker_.objects.find(id);
    if (object == nullptr || wire::id_type(id) != static_cast<uint8_t>(type)) {
      worker_.broken("an id that names no such object", call_);
    }
    return object;
  }
  void follow(worker::Object* object) {
    if (object->tail != nullptr) add(object->tail);
  }
  void add(Parked* parked) {
    if (std::find(after_.begin(), after_.end(), parked) == after_.end()) after_.push_back(parked);
  }
  void lock(worker::Object* object) { locked_.emplace_back(object); }
  void unlock(worker::Object* object) {
    std::erase_if(locked_, [&](const Ref<worker::Object>& locked) { return locked.get() == object; });
  }

  Worker& worker_;
  Call& call_;
  bool slow_;
  bool has_waits_ = false;
  Queue* queue_ = nullptr;
  std::vector<Parked*> after_;
  std::vector<Ref<worker::Object>> pins_;
  std::vector<Ref<worker::Object>> locked_;
};

template <class M>
void Worker::dispatch(Call& call, const M& m) {
  if (call.parked == nullptr) {
    Gate gate(*this, call, M::kSlow);
    m.handles(gate);
    if constexpr (M::kOp == Op::SetArg) gate.argument(m.object);
    constexpr bool kOrdersAll = M::kOp == Op::clEnqueueBarrierWithWaitList ||
                                M::kOp == Op::clEnqueueMarkerWithWaitList || M::kOp == Op::Finish;
    if (gate.must_wait(kOrdersAll)) {
      gate.park();
      return;
    }
  }
  handle(*this, call, m);
  if (call.parked != nullptr && !call.held) release(call.parked);
}

void Worker::execute(Call& call) {
  if (!decode(call.opcode, call.data, call.size, [&](const auto& m) { dispatch(call, m); })) {
    broken("a call that does not decode", call);
  }
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

void Worker::report_event(const Event& event, int32_t status) {
  cl_ulong times[4] = {0, 0, 0, 0};
  if (event.profiling && event.native != nullptr && status == CL_COMPLETE) {
    constexpr cl_uint kParams[] = {CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_SUBMIT,
                                   CL_PROFILING_COMMAND_START, CL_PROFILING_COMMAND_END};
    for (int i = 0; i < 4; ++i) {
      event.driver->clGetEventProfilingInfo(event.native, kParams[i], sizeof(cl_ulong), &times[i], nullptr);
    }
  }
  outbox.words(wire::Notice::kEvents, 0,
               {event.id, static_cast<uint64_t>(int64_t{status}), times[0], times[1], times[2], times[3]});
}

}  // namespace cenote::opencl
