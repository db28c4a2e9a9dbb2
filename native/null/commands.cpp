#include "null/commands.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace cenote::null {
namespace {

/// One lock for everything that waits: commands that need not wait never take it.
struct Graph {
  std::mutex mutex;
  std::condition_variable ended;
};

Graph& graph() {
  static Graph* only = new Graph;
  return *only;
}

cl_ulong now() {
  return static_cast<cl_ulong>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

/// The thread that calls the program's callbacks; it starts with the first and never ends.
class Callbacks {
 public:
  static Callbacks& instance() {
    static Callbacks* only = new Callbacks;
    return *only;
  }
  void call(Ref<_cl_event> event, const EventNotify& notify, cl_int status) {
    std::lock_guard lock(mutex_);
    if (!started_) std::thread([this] { serve(); }).detach();
    started_ = true;
    waiting_.push_back({std::move(event), notify, status});
    arrived_.notify_one();
  }

 private:
  struct Call {
    Ref<_cl_event> event;
    EventNotify notify;
    cl_int status;
  };
  [[noreturn]] void serve() {
    for (;;) {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return !waiting_.empty(); });
      Call call = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      call.notify.function(call.event.get(), call.status, call.notify.user_data);
    }
  }
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Call> waiting_;
  bool started_ = false;
};

bool unfinished(cl_event event) { return event->status.load(std::memory_order_acquire) > CL_COMPLETE; }

cl_event make_event(const Command& command, cl_int status) {
  cl_event event = Pool<_cl_event>::instance().make();
  if (event == nullptr) return nullptr;
  event->context = command.queue->context;
  event->queue = Ref(command.queue);
  event->type = command.type;
  event->status.store(status, std::memory_order_release);
  if (command.queue->profiles()) event->queued = event->ended = now();
  return event;
}

/// `event` runs after `other`, if that is unfinished. With the lock held.
void follow(cl_event event, cl_event other, bool shares_failure) {
  if (!unfinished(other)) {
    event->waited_in_vain = event->waited_in_vain || (shares_failure && other->status.load() < 0);
    return;
  }
  other->followers.push_back({Ref(event), shares_failure});
  ++event->waits_for;
}

/// Makes `event` wait for all that its command depends on. With the lock held.
void find_dependencies(const Command& command, cl_event event) {
  cl_command_queue queue = command.queue;
  for (cl_uint i = 0; i < command.wait_count; ++i) follow(event, command.wait_list[i], true);
  if (queue->in_order()) {
    if (!queue->unfinished.empty()) follow(event, queue->unfinished.back().get(), false);
    return;
  }
  if (command.is_barrier && command.wait_count == 0) {
    for (const auto& other : queue->unfinished) follow(event, other.get(), false);
  } else if (queue->barrier) {
    follow(event, queue->barrier.get(), false);
  }
  if (command.type == CL_COMMAND_BARRIER) queue->barrier = Ref(event);
}

}  // namespace

cl_int check(const Command& command) {
  if (!valid(command.queue)) return CL_INVALID_COMMAND_QUEUE;
  if ((command.wait_count == 0) != (command.wait_list == nullptr)) return CL_INVALID_EVENT_WAIT_LIST;
  for (cl_uint i = 0; i < command.wait_count; ++i) {
    if (!valid(command.wait_list[i])) return CL_INVALID_EVENT_WAIT_LIST;
    if (!(command.wait_list[i]->context == command.queue->context)) return CL_INVALID_CONTEXT;
  }
  return CL_SUCCESS;
}

bool must_wait(const Command& command) {
  return command.queue->unfinished_count.load(std::memory_order_acquire) != 0 ||
         std::any_of(command.wait_list, command.wait_list + command.wait_count,
                     [](cl_event e) { return e->status.load(std::memory_order_acquire) != CL_COMPLETE; });
}

cl_int finished(const Command& command) {
  if (command.event == nullptr) return CL_SUCCESS;
  *command.event = make_event(command, CL_COMPLETE);
  return *command.event == nullptr ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS;
}

cl_int park(const Command& command, std::function<void()> action) {
  cl_event event = make_event(command, CL_QUEUED);
  if (event == nullptr) return CL_OUT_OF_HOST_MEMORY;
  Ref<_cl_event> kept(event);
  event->action = std::move(action);
  bool waits = false;
  {
    std::lock_guard lock(graph().mutex);
    find_dependencies(command, event);
    waits = event->waits_for != 0;
    command.queue->unfinished.push_back(kept);
    command.queue->unfinished_count.fetch_add(1, std::memory_order_release);
  }
  if (command.event != nullptr) {
    *command.event = event;
  } else {
    Pool<_cl_event>::instance().release(event);
  }
  if (!waits) finish(kept, CL_COMPLETE);
  if (command.blocking && !wait_for(&kept, 1)) return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
  return CL_SUCCESS;
}

void finish(Ref<_cl_event> event, cl_int status) {
  struct Ending {
    Ref<_cl_event> event;
    cl_int status;
  };
  std::vector<Ending> endings;
  endings.push_back({std::move(event), status});
  while (!endings.empty()) {
    Ending ending = std::move(endings.back());
    endings.pop_back();
    cl_event e = ending.event.get();
    if (e->waited_in_vain) ending.status = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    if (ending.status == CL_COMPLETE && e->action) e->action();
    e->action = nullptr;
    if (e->queue && e->queue->profiles()) e->ended = now();

    std::vector<_cl_event::Follower> followers;
    std::vector<EventNotify> notifies;
    {
      std::lock_guard lock(graph().mutex);
      e->status.store(ending.status, std::memory_order_release);
      followers.swap(e->followers);
      notifies.swap(e->notifies);
      if (e->queue) {
        std::erase_if(e->queue->unfinished, [&](const auto& other) { return other == ending.event; });
        if (e->queue->barrier == ending.event) e->queue->barrier = {};
        e->queue->unfinished_count.fetch_sub(1, std::memory_order_release);
      }
      for (const auto& [next, shares_failure] : followers) {
        if (shares_failure && ending.status < 0) next->waited_in_vain = true;
        if (--next->waits_for == 0) endings.push_back({next, CL_COMPLETE});
      }
      graph().ended.notify_all();
    }
    for (const EventNotify& n : notifies) {
      Callbacks::instance().call(ending.event, n, ending.status < 0 ? ending.status : n.status);
    }
  }
}

bool wait_for(const Ref<_cl_event>* events, size_t count) {
  bool fine = true;
  for (size_t i = 0; i < count; ++i) {
    cl_event event = events[i].get();
    if (unfinished(event)) {
      std::unique_lock lock(graph().mutex);
      graph().ended.wait(lock, [=] { return !unfinished(event); });
    }
    fine = fine && event->status.load() == CL_COMPLETE;
  }
  return fine;
}

void drain(cl_command_queue queue) {
  Ref<_cl_command_queue> kept(queue);
  if (queue->unfinished_count.load(std::memory_order_acquire) == 0) return;
  std::unique_lock lock(graph().mutex);
  graph().ended.wait(lock, [=] { return queue->unfinished.empty(); });
}

void notify(cl_event event, const EventNotify& callback) {
  std::unique_lock lock(graph().mutex);
  cl_int status = event->status.load();
  if (status > callback.status) {
    event->notifies.push_back(callback);
    return;
  }
  lock.unlock();
  Callbacks::instance().call(Ref(event), callback, status < 0 ? status : callback.status);
}

}  // namespace cenote::null
