// What generated functions are made of: validating handles and wait lists, making objects, sending.
#pragma once

#include <array>

#include "api/opencl_messages.hpp"
#include "shim/opencl/objects.hpp"
#include "shim/trace.hpp"

namespace cenote::opencl {

using shim::as;
using shim::TraceCall;

template <class T>
uint64_t id_of(const T* object) {
  return object == nullptr ? 0 : object->id;
}

/// Ids of an array of handles that have been found valid.
template <class T>
class IdList {
 public:
  template <class Handle>
  IdList(size_t count, const Handle* handles) : count_(handles == nullptr ? 0 : count) {
    if (count_ > few_.size()) many_.resize(count_);
    uint64_t* to = count_ > few_.size() ? many_.data() : few_.data();
    for (size_t i = 0; i < count_; ++i) to[i] = as<T>(handles[i])->id;
  }
  [[nodiscard]] wire::Words words() const { return {count_ > few_.size() ? many_.data() : few_.data(), count_}; }

 private:
  size_t count_;
  std::array<uint64_t, 8> few_{};
  std::vector<uint64_t> many_;
};

template <class T, class Handle>
bool all_valid(size_t count, const Handle* handles) {
  for (size_t i = 0; i < count; ++i) {
    if (as<T>(handles[i]) == nullptr) return false;
  }
  return true;
}

/// CL_SUCCESS, or what is wrong with a wait list for a command on this queue.
cl_int check_wait_list(const Queue* queue, cl_uint count, const cl_event* events);

template <class Handle>
Handle fail(cl_int* errcode_ret, cl_int code) {
  if (errcode_ret != nullptr) *errcode_ret = code;
  return nullptr;
}

const void* dispatch_table();

/// A new object with an id in the session of `parent`; NULL when there is no room for more.
template <class T>
T* make_object(const Object* parent) {
  T* object = shim::make<T>();
  if (object == nullptr) return nullptr;
  object->dispatch = dispatch_table();
  object->session = parent->session;
  object->id = parent->session->take_id(static_cast<uint8_t>(T::kType));
  return object;
}

/// Waits for all of the queue's commands. What has failed of them remains to be told.
cl_int finish(Queue* queue);

/// An event for a command of type `command` on the queue.
Event* make_event(Queue* queue, cl_command_type command);

/// Sends a command. Where the program wants an event, makes one and sets `*id` in the message before it is sent. `hear`
/// is for what drivers refuse as they like: it waits to be told.
template <class M>
cl_int enqueue(Queue* queue, M& m, uint64_t* id, cl_event* event, cl_command_type command, bool hear = false) {
  Event* made = nullptr;
  if (event != nullptr) {
    made = make_event(queue, command);
    if (made == nullptr) return CL_OUT_OF_HOST_MEMORY;
    *id = made->id;
  }
  auto [sequence, status] = hear ? queue->session->hand_over(m) : queue->session->deliver(m);
  if (status != CL_SUCCESS) {
    if (made != nullptr) drop_reference(made);
    return status;
  }
  queue->session->flush_soon();
  queue->last_sequence.store(sequence);
  if (made != nullptr) {
    made->sequence = sequence;
    *event = reinterpret_cast<cl_event>(made);
  }
  return CL_SUCCESS;
}

/// Sends a call that nobody waits for.
template <class M>
cl_int send(const Object* object, const M& m) {
  return object->session->deliver(m).status;
}

template <class M>
cl_int send_and_wait(const Object* object, const M& m) {
  return object->session->call(m).status;
}

/// Links a new object to what it was made from, which then lives at least as long.
inline void belong(Sampler* sampler, Context* context) {
  sampler->context = context;
  add_reference(context);
}

inline cl_sampler handle_type(Sampler*) { return nullptr; }

/// What queries about the object will be answered from.
inline void remember(Sampler* sampler, const msg::clCreateSampler& m) {
  sampler->normalized = m.normalized_coords;
  sampler->addressing = m.addressing_mode;
  sampler->filter = m.filter_mode;
}

/// Makes an object by a one-way call; `*id` in the message is set to its id.
template <class T, class Parent, class M>
auto create(Parent* parent, M& m, uint64_t* id, cl_int* errcode_ret)
    -> decltype(handle_type(static_cast<T*>(nullptr))) {
  using Handle = decltype(handle_type(static_cast<T*>(nullptr)));
  T* object = make_object<T>(parent);
  if (object == nullptr) return fail<Handle>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  belong(object, parent);
  remember(object, m);
  *id = object->id;
  if (cl_int bad = send(object, m); bad != CL_SUCCESS) {
    drop_reference(object);
    return fail<Handle>(errcode_ret, bad);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<Handle>(object);
}

}  // namespace cenote::opencl
