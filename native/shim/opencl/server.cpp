#include "shim/opencl/server.hpp"

#include "shim/callbacks.hpp"
#include "shim/opencl/overrides.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"

namespace cenote::opencl {

namespace {
constexpr int kLastRecordsMs = 1000;
}

bool Server::open(std::string* error) {
  auto* session = new Session(endpoint_, CL_OUT_OF_RESOURCES, this);
  session_ = session;
  bool open = session->open(error);
  if (open && session->trace != nullptr) compare_clocks();
  if (!platforms_.empty()) {
    // Calls on a session that could not be opened fail as on one that was lost.
    for (Platform* platform : platforms_) {
      platform->session = session;
      for (Device* device : platform->devices) bind(device);
    }
    return open;
  }
  if (!open) return false;
  if (learn(session->call(msg::Hello{}))) return true;
  *error = "the server's list of devices is not to be understood";
  return false;
}

void Server::compare_clocks() {
  uint64_t shortest = UINT64_MAX;
  for (int i = 0; i < 5; ++i) {
    uint64_t before = shim::trace_clock();
    shim::Reply reply = session_->call(msg::Trace{});
    uint64_t took = shim::trace_clock() - before;
    uint64_t theirs = reply.reader().word();
    if (took >= shortest) continue;
    shortest = took;
    session_->trace->set_offset(static_cast<int64_t>(theirs - (before + took / 2)));
  }
}

void Server::finish_trace() {
  if (session_ == nullptr || session_->trace == nullptr) return;
  session_->call_within(msg::Trace{}, kLastRecordsMs);
}

void Server::abandon() {
  if (session_ != nullptr) session_->abandon();
  session_ = nullptr;
  events_.clear();
  queues_.clear();
  for (Platform* platform : platforms_) {
    platform->session = nullptr;
    for (Device* device : platform->devices) device->session = nullptr;
  }
}

void Server::bind(Device* device) {
  device->session = session_;
  device->id = session_->take_id(static_cast<uint8_t>(Type::kDevice));
  msg::BindDevice m;
  m.index = device->index;
  m.result = device->id;
  session_->post(m);
}

bool Server::learn(const shim::Reply& hello) {
  wire::Reader body = hello.reader();
  uint64_t count = body.word();
  size_t smallest = SIZE_MAX;
  for (uint64_t p = 0; p < count && body.ok(); ++p) {
    auto* platform = shim::make<Platform>();
    if (platform == nullptr) return false;
    platform->dispatch = dispatch_table();
    platform->session = session_;
    if (!platform->properties.read(body)) return false;
    override_platform(platform->properties);
    uint64_t devices = body.word();
    wire::Blob list = body.bytes();
    wire::Reader entries(list.data, list.size());
    for (uint64_t d = 0; d < devices && entries.ok(); ++d) {
      auto* device = shim::make<Device>();
      if (device == nullptr) return false;
      device->dispatch = dispatch_table();
      device->platform = platform;
      device->index = static_cast<uint32_t>(entries.word());
      if (!device->properties.read(entries)) return false;
      override_device(device->properties);
      smallest = std::min<size_t>(smallest, device->number<cl_ulong>(CL_DEVICE_GLOBAL_MEM_SIZE));
      bind(device);
      platform->devices.push_back(device);
    }
    platforms_.push_back(platform);
  }
  if (!platforms_.empty()) session_->return_grant(wire::one_way_grant(smallest));
  return body.ok();
}

void Server::track(Event* event) {
  uint32_t slot = wire::id_slot(event->id);
  if (slot >= events_.size()) events_.resize(std::max<size_t>(slot + 1, 2 * events_.size()));
  events_[slot] = event;
}

void Server::untrack(uint64_t id) {
  uint32_t slot = wire::id_slot(id);
  if (slot < events_.size()) events_[slot] = nullptr;
}

void Server::on_events(wire::Reader& records) {
  while (records.left() != 0 && records.ok()) {
    uint64_t id = records.word();
    auto status = static_cast<cl_int>(records.word());
    cl_ulong times[4];
    for (cl_ulong& time : times) time = records.word();
    if (status > CL_COMPLETE) continue;
    uint32_t slot = wire::id_slot(id);
    Event* event = slot < events_.size() ? events_[slot] : nullptr;
    if (event == nullptr || event->id != id) continue;
    if (event->queue != nullptr && event->queue->profiling() && times[3] != 0) {
      std::copy(std::begin(times), std::end(times), event->times);
      event->has_times = true;
    }
    // A read ends here when its bytes have come, not when the device is done with them.
    if (!event->local || status < 0) complete_event(event, status);
  }
}

void Server::on_failed(wire::Reader& words) {
  uint64_t queue = words.word();
  if (queue == 0) refused_arguments.fetch_add(1);
  auto at = queues_.find(queue);
  if (at != queues_.end()) at->second->failed.store(true);
}

void Server::on_lost() {
  for (Event* event : events_) {
    if (event != nullptr && !event->ended()) complete_event(event, CL_OUT_OF_RESOURCES);
  }
}

void complete_event(Event* event, cl_int status) {
  if (event->ended()) return;
  event->status.store(status);
  if (event->subscribed) {
    event->subscribed = false;
    event->session->end_async();
  }
  auto callbacks = std::move(event->callbacks);
  event->callbacks.clear();
  for (const EventCallback& callback : callbacks) {
    shim::run_callback([event, callback, status] {
      sync_shared(event->context, event->queue, event->sequence, false);
      cl_int reported = callback.status == CL_COMPLETE || status < 0 ? status : callback.status;
      callback.function(reinterpret_cast<cl_event>(event), reported, callback.data);
      drop_reference(event);
    });
  }
}

}  // namespace cenote::opencl
