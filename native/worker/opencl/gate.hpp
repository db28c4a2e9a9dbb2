// Looks at the ids of one call before it is carried out: checks each, makes placeholders for new objects, and finds the
// parked calls that it comes after. Nearly always there are none, and then nothing is allocated.
#pragma once

#include <algorithm>
#include <vector>

#include "wire/opencl_queries.hpp"
#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

/// Shows a visitor everything that a call names: its handles, and ids that travel as numbers.
template <class M, class Visitor>
void visit(const M& m, Visitor& visitor) {
  m.handles(visitor);
  if constexpr (M::kOp == Op::SetArg) visitor.untyped(m.object);
  if constexpr (M::kOp == Op::Query) {
    visitor.queried(m.object);
    visitor.queried(m.other);
  }
}

class Gate {
 public:
  Gate(Worker& worker, Call& call, bool slow) : worker_(worker), call_(call), slow_(slow) {}

  // ── The first visit ──

  void handle(Type type, uint64_t id, bool optional) {
    if (id == 0 && optional) return;
    worker::Object* object = check(type, id);
    if (type == Type::kQueue) queue_ = static_cast<Queue*>(object);
    if (type == Type::kKernel) kernel_ = static_cast<Kernel*>(object);
    follow(object);
  }
  void handles(Type type, const wire::Words& ids) {
    for (uint64_t id : ids) follow(check(type, id));
  }
  void waits(Type type, const wire::Words& ids) {
    has_waits_ = ids.size() != 0;
    handles(type, ids);
  }
  /// An object that may stand in a kernel argument.
  void untyped(uint64_t id) {
    worker::Object* object = id == 0 ? nullptr : worker_.objects.find(id);
    if (object == nullptr) return;
    check_home(object);
    follow(object);
  }
  /// What a query is about. Only memory objects, kernels and events may be put aside unmade; nobody waits for a queue's
  /// turn.
  void queried(uint64_t id) {
    worker::Object* object = worker_.objects.find(id);
    if (object == nullptr) return;
    check_home(object);
    bool waits = dynamic_cast<Mem*>(object) != nullptr || dynamic_cast<Kernel*>(object) != nullptr ||
                 dynamic_cast<Event*>(object) != nullptr;
    if (waits) follow(object);
  }
  void fresh(Type type, uint64_t id, bool optional) {
    if (id == 0 && optional) return;
    worker::Object* made = wire::id_type(id) == static_cast<uint8_t>(type) ? worker_.make_placeholder(type) : nullptr;
    if (made == nullptr || !worker_.objects.insert(id, made)) {
      worker_.broken("a new id that is taken or out of range", call_);
    }
    made->home = home_;
    if (type == Type::kEvent) event_ = static_cast<Event*>(made);
  }

  /// Whether the call must wait. A barrier comes after all that is parked in an out-of-order queue.
  bool must_wait(bool barrier) {
    if (barrier && !has_waits_ && queue_ != nullptr && !queue_->in_order) {
      for (Parked* parked : queue_->parked) add(parked);
    }
    return !after_.empty();
  }

  /// Parks the call: `m` is visited once more for what it names.
  template <class M>
  Parked* park(const M& m, bool barrier) {
    // A launch has the arguments that its kernel has now: with a kernel of its own it holds up nobody else's.
    Ref<worker::Object> substitute;
    if constexpr (M::kOp == Op::EnqueueLaunch) {
      if (kernel_->tail == nullptr && kernel_->error == CL_SUCCESS) substitute = worker_.private_kernel(*kernel_);
    }
    Names names{*this, barrier, static_cast<bool>(substitute), {}, {}};
    visit(m, names);
    if constexpr (M::kOp == Op::SetArg) {
      if (m.kind == kArgObject) kernel_->parked_arguments[m.index] = m.object;
    }
    if constexpr (M::kOp == Op::clCloneKernel) {
      worker_.made<Kernel>(m.result)->parked_arguments = kernel_->argument_objects();
    }
    if constexpr (M::kOp == Op::EnqueueLaunch) {
      // The program may release them as soon as it has launched the kernel.
      for (const auto& [index, id] : kernel_->argument_objects()) names.untyped(id);
    }
    Parked* parked = worker_.park(call_, after_, std::move(names.pins), std::move(names.locked));
    parked->substitute = std::move(substitute);
    if (queue_ != nullptr && !queue_->in_order) {
      queue_->parked.push_back(parked);
      parked->member_of = &queue_->parked;
    }
    if (queue_ != nullptr && queue_->profiling && event_ != nullptr) event_->queued = device_time(*queue_);
    return parked;
  }

 private:
  /// What the device's clock shows, 0 where it cannot be asked.
  static cl_ulong device_time(const Queue& queue) {
    cl_ulong device = 0;
    cl_ulong host = 0;
    const Driver& driver = *queue.context->driver;
    bool told = driver.clGetDeviceAndHostTimer != nullptr &&
                driver.clGetDeviceAndHostTimer(queue.device, &device, &host) == CL_SUCCESS;
    return told ? device : 0;
  }

  /// The second visit: which objects the parked call keeps, and which it holds up for later calls.
  struct Names {
    Gate& gate;
    bool barrier;
    bool own_kernel;
    std::vector<Ref<worker::Object>> pins;
    std::vector<Ref<worker::Object>> locked;

    void handle(Type type, uint64_t id, bool /*optional*/) {
      if (id == 0) return;
      worker::Object* object = gate.worker_.objects.find(id);
      // Calls that change or use up an object's state keep their order; the others only need it to be there.
      bool ordered = type == Type::kCommandBuffer || (type == Type::kKernel && !own_kernel) ||
                     (type == Type::kQueue && (gate.queue_->in_order || barrier)) ||
                     (gate.slow_ && type == Type::kProgram);
      (ordered ? locked : pins).emplace_back(object);
    }
    void handles(Type /*type*/, const wire::Words& ids) {
      for (uint64_t id : ids) pins.emplace_back(gate.worker_.objects.find(id));
    }
    void waits(Type type, const wire::Words& ids) { handles(type, ids); }
    void untyped(uint64_t id) {
      worker::Object* object = id == 0 ? nullptr : gate.worker_.objects.find(id);
      if (object != nullptr) pins.emplace_back(object);
    }
    void queried(uint64_t id) { untyped(id); }
    void fresh(Type /*type*/, uint64_t id, bool /*optional*/) {
      if (id != 0) locked.emplace_back(gate.worker_.objects.find(id));
    }
  };

  worker::Object* check(Type type, uint64_t id) {
    worker::Object* object = worker_.objects.find(id);
    if (object == nullptr || wire::id_type(id) != static_cast<uint8_t>(type)) {
      worker_.broken("an id that names no such object", call_);
    }
    check_home(object);
    return object;
  }
  void check_home(const worker::Object* object) {
    if (home_ == nullptr) home_ = object->home;
    if (object->home != home_) worker_.broken("objects of several platforms", call_);
  }
  void follow(const worker::Object* object) {
    if (object->tail != nullptr) add(object->tail);
  }
  void add(Parked* parked) {
    if (std::find(after_.begin(), after_.end(), parked) == after_.end()) after_.push_back(parked);
  }

  Worker& worker_;
  Call& call_;
  bool slow_;
  bool has_waits_ = false;
  Queue* queue_ = nullptr;
  Kernel* kernel_ = nullptr;
  Event* event_ = nullptr;
  const void* home_ = nullptr;
  std::vector<Parked*> after_;
};

}  // namespace cenote::opencl
