// Events: what is known of them here, and waiting for what is not.
#include "shim/callbacks.hpp"
#include "shim/opencl/ask.hpp"
#include "shim/opencl/server.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

cl_int check_wait_list(const Queue* queue, cl_uint count, const cl_event* events) {
  if ((count == 0) != (events == nullptr)) return CL_INVALID_EVENT_WAIT_LIST;
  for (cl_uint i = 0; i < count; ++i) {
    auto* event = as<Event>(events[i]);
    if (event == nullptr) return CL_INVALID_EVENT_WAIT_LIST;
    if (event->context != queue->context) return CL_INVALID_CONTEXT;
  }
  return CL_SUCCESS;
}

namespace {

Event* make(Context* context, Queue* queue, cl_command_type command) {
  auto* event = shim::make<Event>();
  if (event == nullptr) return nullptr;
  Session* session = context->session;
  event->dispatch = dispatch_table();
  event->session = session;
  event->context = context;
  event->queue = queue;
  event->command = command;
  add_reference(context);
  if (queue != nullptr) add_reference(queue);
  event->id = session->take_id(static_cast<uint8_t>(Type::kEvent));
  std::lock_guard state(session->state_mutex());
  server_of(session).track(event);
  return event;
}

/// An in-order queue that has been finished has ended all its commands.
void settle(Event* event) {
  if (event->ended() || event->local || event->queue == nullptr || !event->queue->in_order()) return;
  if (event->sequence == 0 || event->sequence > event->queue->done_sequence.load()) return;
  std::lock_guard state(event->session->state_mutex());
  complete_event(event, CL_COMPLETE);
}

/// Asks the server to tell when the event ends, once. True the first time.
bool subscribe(Event* event) {
  Session* session = event->session;
  bool ask = false;
  {
    std::lock_guard state(session->state_mutex());
    if (!event->ended() && !event->subscribed && !event->local) {
      event->subscribed = true;
      session->begin_async();
      ask = true;
    }
  }
  if (!ask) return false;
  msg::Subscribe m;
  m.event = event->id;
  session->post(m);
  return true;
}

cl_int wait_in_session(Session* session, const std::vector<Event*>& events) {
  std::vector<uint64_t> asked;
  for (Event* event : events) {
    if (event->session == session && !event->ended() && !event->local) asked.push_back(event->id);
  }
  if (!asked.empty()) {
    msg::WaitEvents m;
    m.events = {asked.data(), asked.size()};
    if (int32_t status = session->call(m).status; status != CL_SUCCESS) return status;
  } else {
    session->flush();
  }
  session->wait([&] {
    return std::all_of(events.begin(), events.end(),
                       [&](const Event* event) { return event->session != session || event->ended(); });
  });
  return session->lost() ? session->lost_status() : static_cast<int32_t>(CL_SUCCESS);
}

}  // namespace

Event* make_event(Queue* queue, cl_command_type command) { return make(queue->context, queue, command); }

namespace hand {

cl_int clWaitForEvents(cl_uint num_events, const cl_event* event_list) {
  if (num_events == 0 || event_list == nullptr) return CL_INVALID_VALUE;
  std::vector<Event*> events;
  for (cl_uint i = 0; i < num_events; ++i) {
    auto* event = as<Event>(event_list[i]);
    if (event == nullptr) return CL_INVALID_EVENT;
    if (!events.empty() && event->context != events.front()->context) return CL_INVALID_CONTEXT;
    settle(event);
    events.push_back(event);
  }
  for (Event* event : events) add_reference(event);
  cl_int status = CL_SUCCESS;
  if (!std::all_of(events.begin(), events.end(), [](const Event* e) { return e->ended(); })) {
    status = wait_in_session(events.front()->session, events);
  }
  for (Event* event : events) {
    if (status == CL_SUCCESS && event->status.load() < 0) status = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
  }
  for (Event* event : events) {
    if (status == CL_SUCCESS && event->queue != nullptr) status = event->queue->tell();
  }
  for (Event* event : events) sync_shared(event->context, event->queue, event->sequence, false);
  for (Event* event : events) drop_reference(event);
  return status;
}

cl_event clCreateUserEvent(cl_context context, cl_int* errcode_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return fail<cl_event>(errcode_ret, CL_INVALID_CONTEXT);
  Event* event = make(in, nullptr, CL_COMMAND_USER);
  if (event == nullptr) return fail<cl_event>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  event->status.store(CL_SUBMITTED);
  event->local = true;
  in->unset_user_events.fetch_add(1);
  msg::CreateUserEvent m;
  m.context = in->id;
  m.result = event->id;
  if (in->session->post(m) == 0) return fail<cl_event>(errcode_ret, in->session->lost_status());
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_event>(event);
}

cl_int clSetUserEventStatus(cl_event event, cl_int execution_status) {
  auto* object = as<Event>(event);
  if (object == nullptr || object->command != CL_COMMAND_USER) return CL_INVALID_EVENT;
  if (execution_status > CL_COMPLETE) return CL_INVALID_VALUE;
  release_shared(object->context);
  // Who waits for the event may release it before we are done with it.
  add_reference(object);
  Session* session = object->session;
  bool first = false;
  session->update([&] {
    first = !object->ended();
    if (first) complete_event(object, execution_status);
  });
  cl_int status = first ? CL_SUCCESS : CL_INVALID_OPERATION;
  if (first) {
    object->context->unset_user_events.fetch_sub(1);
    msg::SetUserEvent m;
    m.event = object->id;
    m.status = execution_status;
    if (session->post(m) == 0) status = session->lost_status();
    session->flush();
  }
  drop_reference(object);
  return status;
}

cl_int clRetainEvent(cl_event event) { return retain<Event>(event, CL_INVALID_EVENT); }
cl_int clReleaseEvent(cl_event event) { return release<Event>(event, CL_INVALID_EVENT); }

cl_int clGetEventInfo(cl_event event, cl_event_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Event>(event);
  if (object == nullptr) return CL_INVALID_EVENT;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_EVENT_COMMAND_QUEUE:
      return answer.number(reinterpret_cast<cl_command_queue>(object->queue));
    case CL_EVENT_CONTEXT:
      return answer.number(reinterpret_cast<cl_context>(object->context));
    case CL_EVENT_COMMAND_TYPE:
      return answer.number(object->command);
    case CL_EVENT_REFERENCE_COUNT:
      return answer.number(cl_uint{object->user_references.load()});
    case CL_EVENT_COMMAND_EXECUTION_STATUS: {
      settle(object);
      if (!object->ended() && object->command != CL_COMMAND_USER && value != nullptr) {
        // The first question asks the server; from then on it tells by itself.
        if (subscribe(object)) {
          msg::EventStatus m;
          m.event = object->id;
          object->session->call(m);
        } else {
          object->session->flush();
          object->session->poll();
        }
        cl_int queued = CL_QUEUED;
        object->status.compare_exchange_strong(queued, CL_SUBMITTED);
      }
      cl_int status = object->status.load();
      if (status == CL_COMPLETE) sync_shared(object->context, object->queue, object->sequence, false);
      return answer.number(status);
    }
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Event>(event);
  if (object == nullptr) return CL_INVALID_EVENT;
  if (param < CL_PROFILING_COMMAND_QUEUED || param > CL_PROFILING_COMMAND_COMPLETE) return CL_INVALID_VALUE;
  settle(object);
  if (object->queue == nullptr || !object->queue->profiling() || object->status.load() != CL_COMPLETE) {
    return CL_PROFILING_INFO_NOT_AVAILABLE;
  }
  Answer answer{size, value, size_ret};
  if (object->has_times && param <= CL_PROFILING_COMMAND_END) {
    return answer.number(object->times[param - CL_PROFILING_COMMAND_QUEUED]);
  }
  return ask_server(object, QueryFunction::kEventProfiling, object->id, 0, param, 0, {}, answer);
}

cl_int clSetEventCallback(cl_event event, cl_int type, void(CL_CALLBACK* pfn_notify)(cl_event, cl_int, void*),
                          void* user_data) {
  auto* object = as<Event>(event);
  if (object == nullptr) return CL_INVALID_EVENT;
  if (pfn_notify == nullptr || type < CL_COMPLETE || type > CL_SUBMITTED) return CL_INVALID_VALUE;
  settle(object);
  add_reference(object);
  bool ended = false;
  {
    std::lock_guard state(object->session->state_mutex());
    ended = object->ended();
    if (!ended) object->callbacks.push_back({type, pfn_notify, user_data});
  }
  if (ended) {
    cl_int status = object->status.load();
    shim::run_callback([=] {
      pfn_notify(event, type == CL_COMPLETE || status < 0 ? status : type, user_data);
      drop_reference(object);
    });
    return CL_SUCCESS;
  }
  subscribe(object);
  object->session->flush_soon();
  return CL_SUCCESS;
}

cl_int clEnqueueMarker(cl_command_queue queue, cl_event* event) {
  if (as<Queue>(queue) == nullptr) return CL_INVALID_COMMAND_QUEUE;
  return event == nullptr ? cl_int{CL_INVALID_VALUE} : ::clEnqueueMarkerWithWaitList(queue, 0, nullptr, event);
}

cl_int clEnqueueBarrier(cl_command_queue queue) { return ::clEnqueueBarrierWithWaitList(queue, 0, nullptr, nullptr); }

cl_int clEnqueueWaitForEvents(cl_command_queue queue, cl_uint num_events, const cl_event* event_list) {
  if (as<Queue>(queue) == nullptr) return CL_INVALID_COMMAND_QUEUE;
  if (num_events == 0 || event_list == nullptr) return CL_INVALID_VALUE;
  if (!all_valid<Event>(num_events, event_list)) return CL_INVALID_EVENT;
  return ::clEnqueueBarrierWithWaitList(queue, num_events, event_list, nullptr);
}

}  // namespace hand
}  // namespace cenote::opencl
