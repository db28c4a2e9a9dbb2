// What concerns the session as a whole: who the devices are, and objects that the client has let go of.
#include <algorithm>

#include "worker/opencl/plain.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

void handle(Worker& w, Call& call, const msg::Hello& /*m*/) {
  w.outbox.reply(call.sequence, CL_SUCCESS, describe(w.inventory()));
}

void handle(Worker& w, Call& call, const msg::Trace& /*m*/) {
  w.tracing = true;
  w.device_trace.report();
  worker::Bytes now;
  now.word(worker::Executor::clock());
  w.outbox.reply(call.sequence, CL_SUCCESS, now.data());
}

void handle(Worker& w, Call& call, const msg::BindDevice& m) {
  const auto& lent = w.inventory().lent;
  if (std::find(lent.begin(), lent.end(), m.index) == lent.end()) w.broken("a device that is not lent", call);
  auto* device = w.made<Device>(m.result);
  const Device& listed = *w.inventory().devices[m.index];
  device->native = listed.native;
  device->platform = listed.platform;
  device->share = listed.share;
  device->home = &device->platform->driver;
  device->index = static_cast<uint32_t>(m.index);
}

void handle(Worker& w, Call& call, const msg::Destroy& m) {
  worker::Object* object = w.objects.find(m.object);
  if (object == nullptr || object->doomed) w.broken("an id that names no object", call);
  // A user event that nobody waits for and nobody can set any more.
  auto* event = dynamic_cast<Event*>(object);
  bool forgotten = event != nullptr && event->gate != nullptr && event->gate->next.empty();
  if (forgotten) w.release(std::exchange(event->gate, nullptr));
  w.destroy(m.object, call);
}

}  // namespace cenote::opencl
