// The three shapes of generated handlers: a command on a queue, a new object, and any other call with a status.
#pragma once

#include <string>
#include <vector>

#include "worker/bytes.hpp"
#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

/// Common to all: resolves arguments and remembers the first that a failed create left behind.
class Scope {
 public:
  Scope(Worker& worker, Call& call) : worker_(worker), call_(call) {}

  template <class T>
  T* arg(uint64_t id) {
    if (id == 0) return nullptr;
    T* object = worker_.get<T>(id);
    note(object);
    return object;
  }
  template <class T>
  auto args(const wire::Words& ids) {
    std::vector<decltype(T::native)> natives;
    natives.reserve(ids.size());
    for (uint64_t id : ids) natives.push_back(arg<T>(id)->native);
    return natives;
  }
  const Driver& driver() const { return *driver_; }

 protected:
  void note(const worker::Object* object) {
    if (error_ == CL_SUCCESS && object != nullptr) error_ = object->error;
  }
  template <class T>
  void find_driver(const T* object) {
    if (driver_ != nullptr || object == nullptr) return;
    if constexpr (std::is_same_v<T, Context>) driver_ = object->driver;
    if constexpr (requires { object->context; }) driver_ = object->context->driver;
  }
  void answer(int32_t status) {
    if (call_.wants_reply) worker_.outbox.reply(call_.sequence, status);
  }

  Worker& worker_;
  Call& call_;
  const Driver* driver_ = nullptr;
  int32_t error_ = CL_SUCCESS;
};

/// A command on a queue. A failed one makes its event negative, and the queue's next call that waits tells.
class Enqueue : public Scope {
 public:
  Enqueue(Worker& worker, Call& call, uint64_t queue, const wire::Words& waits, uint64_t event);

  /// `enqueue(queue, count, wait list, event)`; `event` is NULL where nobody will ask for it.
  template <class F>
  void run(F&& enqueue) {
    if (error_ == CL_SUCCESS) {
      cl_event made = nullptr;
      bool want = event_ != nullptr || keep_event_ || queue_->traced;
      error_ = enqueue(queue_->native, static_cast<cl_uint>(waits_.size()), waits_.empty() ? nullptr : waits_.data(),
                       want ? &made : nullptr);
      if (error_ == CL_SUCCESS && want) take(made);
    }
    finish();
  }
  /// Ends the command with the outcome of something that the handler did itself.
  void finish_with(int32_t error, cl_event made) {
    error_ = error;
    made_ = made;
    finish();
  }
  /// What traces call it, where the name of its function says too little.
  void name(std::string_view name) { name_ = name; }
  /// The caller waits for the command and will be told of a failure.
  void caller_is_told() { told_ = true; }
  /// Fails the command if nothing has failed it yet.
  void refuse(int32_t error) {
    if (error_ == CL_SUCCESS) error_ = error;
  }
  /// Makes the driver give an event although the client has none: it is native() until the scope ends.
  void keep_event() { keep_event_ = true; }
  [[nodiscard]] cl_event made() const { return made_; }
  [[nodiscard]] Queue* queue() const { return queue_; }
  [[nodiscard]] Event* event() const { return event_; }
  [[nodiscard]] int32_t error() const { return error_; }
  [[nodiscard]] const std::vector<cl_event>& waits() const { return waits_; }

 private:
  void take(cl_event made);
  void finish();
  void follow_fences();

  Queue* queue_;
  Event* event_;
  std::string_view name_;
  std::vector<cl_event> waits_;
  bool keep_event_ = false;
  bool told_ = false;
  cl_event made_ = nullptr;
};

/// A new object of class T; what fails leaves a tombstone with the error.
template <class T>
class Create : public Scope {
 public:
  Create(Worker& worker, Call& call, uint64_t id) : Scope(worker, call), object_(worker.made<T>(id)) {}

  template <class U>
  U* arg(uint64_t id) {
    U* found = Scope::arg<U>(id);
    find_driver(found);
    if constexpr (std::is_same_v<U, Context> && requires { object_->context; }) object_->context = Ref<Context>(found);
    return found;
  }
  /// `create(&error)` gives the driver's object; `body` goes with the reply.
  template <class F>
  void run(F&& create, const worker::Bytes& body = {}) {
    if (error_ == CL_SUCCESS) {
      cl_int error = CL_SUCCESS;
      object_->native = create(&error);
      error_ = error;
      if (error_ != CL_SUCCESS) object_->native = nullptr;
    }
    object_->error = error_;
    if (call_.wants_reply) worker_.outbox.reply(call_.sequence, error_, body.data());
  }
  /// Leaves a tombstone with the error of an argument.
  void give_up() {
    object_->error = error_;
    answer(error_);
  }
  T* object() const { return object_; }
  [[nodiscard]] int32_t error() const { return error_; }

 private:
  T* object_;
};

/// A call with a status and nothing else.
class Plain : public Scope {
 public:
  using Scope::Scope;
  [[nodiscard]] int32_t error() const { return error_; }
  template <class T>
  T* arg(uint64_t id) {
    T* found = Scope::arg<T>(id);
    find_driver(found);
    return found;
  }
  template <class F>
  void run(F&& call) {
    answer(error_ != CL_SUCCESS ? error_ : call());
  }
};

}  // namespace cenote::opencl
