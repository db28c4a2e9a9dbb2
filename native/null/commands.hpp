// When a command runs: at once, unless it has to wait for a user event, directly or through others.
#pragma once

#include <functional>
#include <utility>

#include "null/objects.hpp"

namespace cenote::null {

/// What every enqueue function knows about its command.
struct Command {
  cl_command_queue queue;
  cl_command_type type;
  cl_uint wait_count;
  const cl_event* wait_list;
  cl_event* event;
  bool blocking = false;
  bool is_barrier = false;  // with an empty wait list: waits for all before it, and all after it wait
};

/// The code for wrong queues and wait lists, which every enqueue function gives alike.
cl_int check(const Command& command);

/// Whether anything that the command depends on is unfinished.
bool must_wait(const Command& command);

/// Gives the program its event of a command that has run.
cl_int finished(const Command& command);

/// Keeps the action until all that the command depends on has ended.
cl_int park(const Command& command, std::function<void()> action);

/// Runs the action of a command when it may.
template <class Action>
cl_int submit(const Command& command, Action&& action) {
  if (cl_int bad = check(command); bad != CL_SUCCESS) return bad;
  if (must_wait(command)) return park(command, std::forward<Action>(action));
  action();
  return finished(command);
}

/// Ends an event and all that follows from it.
void finish(Ref<_cl_event> event, cl_int status);

/// Waits until all of these have ended; false where one failed.
bool wait_for(const Ref<_cl_event>* events, size_t count);

/// Waits for everything that was enqueued.
void drain(cl_command_queue queue);

/// Calls the callback on the thread of callbacks, now or when the event gets there.
void notify(cl_event event, const EventNotify& callback);

}  // namespace cenote::null
