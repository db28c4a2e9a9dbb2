// One server of this process as OpenCL sees it: its session, its platforms, and the events it has news of.
#pragma once

#include <unordered_map>
#include <vector>

#include "shim/opencl/objects.hpp"
#include "shim/session.hpp"

namespace cenote::opencl {

class Server final : public shim::Session::Listener {
 public:
  explicit Server(wire::Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  /// Connects and learns the server's platforms; or, in a forked child, gives known ones to a new session.
  bool open(std::string* error);
  /// In a forked child: the parent's session is not ours.
  void abandon();

  /// At exit: takes in what the server has still to tell for the trace, for a second at most.
  void finish_trace();

  Session* session() const { return session_; }
  const std::vector<Platform*>& platforms() const { return platforms_; }

  // Under the session's state lock.
  void track(Event* event);
  void untrack(uint64_t id);
  void track(Queue* queue) { queues_[queue->id] = queue; }
  void untrack(const Queue* queue) { queues_.erase(queue->id); }
  void on_events(wire::Reader& records) override;
  void on_failed(wire::Reader& words) override;
  void on_lost() override;

 private:
  bool learn(const shim::Reply& hello);
  void compare_clocks();
  void bind(Device* device);

  wire::Endpoint endpoint_;
  Session* session_ = nullptr;
  std::vector<Platform*> platforms_;
  std::vector<Event*> events_;  // by slot of their ids
  std::unordered_map<uint64_t, Queue*> queues_;
};

/// The server that a session belongs to.
Server& server_of(const Session* session);

/// Under the state lock: the event has ended. Wakes waiters and runs callbacks.
void complete_event(Event* event, cl_int status);

}  // namespace cenote::opencl
