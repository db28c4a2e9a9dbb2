// The OpenCL session: decodes calls, checks every id, finds what a call must wait for, and hands it to its handler.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <set>
#include <vector>

#include "api/opencl_messages.hpp"
#include "worker/executor.hpp"
#include "worker/opencl/activity.hpp"
#include "worker/opencl/device_trace.hpp"
#include "worker/opencl/devices.hpp"
#include "worker/opencl/includes.hpp"
#include "worker/opencl/objects.hpp"
#include "worker/opencl/reads.hpp"
#include "worker/opencl/turns.hpp"
#include "worker/output.hpp"
#include "worker/quota.hpp"
#include "worker/staging.hpp"

namespace cenote::worker {
class Bulk;
}

namespace cenote::opencl {

using worker::Call;
using worker::Parked;

class Worker final : public worker::Executor {
 public:
  Worker(std::unique_ptr<wire::Transport> transport, std::unique_ptr<Inventory> inventory, worker::Bulk* bulk);

  /// The object of an id that the gate has checked.
  template <class T>
  T* get(uint64_t id) {
    return static_cast<T*>(objects.find(id));
  }
  /// The placeholder that the gate has made for a new object, filled by the handler.
  template <class T>
  T* made(uint64_t id) {
    return get<T>(id);
  }

  /// Calls `then(status)` with the lock held when the driver says that the event has ended.
  void when_complete(const Driver& driver, cl_event event, std::function<void(int32_t)> then);
  /// Calls `then()` when all that the driver has in a queue now has ended; false where it cannot be asked.
  bool when_done(const Queue& queue, std::function<void()> then);

  /// Sends what kernels have printed since the last time, ahead of the notice that is added next.
  void send_output() { output.forward(outbox); }

  /// Keeps `size` bytes that the driver reads until the event has ended; takes over the event.
  void keep_until(const Driver& driver, cl_event event, std::shared_ptr<const void> bytes, size_t size);
  /// Frees what drivers have finished reading, and tells the client.
  void reap();

  /// Words of the notice about an ended event: id, status, and four times on a profiling queue.
  void report_event(const Event& event, int32_t status);
  /// A command of the queue has failed that nobody waits for: the program's next call that waits for the queue tells.
  void report_failure(const Queue& queue, int32_t status);
  /// Nobody waits for an argument's outcome: the kernel's launches answer with it, until the argument is set anew.
  void refuse_argument(Kernel& kernel, uint32_t index, int32_t status);

  Inventory& inventory() { return *inventory_; }
  worker::Output output;
  worker::Bulk* bulk;
  worker::Staging staging;
  Includes includes;
  worker::Quota quota;
  DeviceTrace device_trace;
  Reads reads;
  Turns turns;
  Activity activity;
  std::set<uint64_t> parked_reads;  // sequences

 protected:
  bool execute(Call& call) override;
  const char* name_of(uint16_t opcode) const override { return op_name(opcode); }
  bool is_pressed() const override { return turns.pressing(); }

 private:
  friend class Gate;
  template <class M>
  bool dispatch(Call& call, const M& m);
  template <class M, class Park>
  bool has_turn(Call& call, const M& m, Park&& park);
  worker::Object* make_placeholder(Type type);
  Ref<worker::Object> private_kernel(const Kernel& kernel);

  struct Pushed {
    const Driver* driver;
    cl_event event;
    std::shared_ptr<const void> bytes;
    size_t size;
  };
  std::vector<Pushed> pushed_;
  size_t pushed_bytes_ = 0;

  std::unique_ptr<Inventory> inventory_;
};

/// Status of the first of these objects that a failed create left behind, or CL_SUCCESS.
inline int32_t first_error(std::initializer_list<const worker::Object*> objects) {
  for (const auto* object : objects) {
    if (object != nullptr && object->error != 0) return object->error;
  }
  return CL_SUCCESS;
}

}  // namespace cenote::opencl
