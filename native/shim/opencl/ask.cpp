#include "shim/opencl/ask.hpp"

#include "api/opencl_messages.hpp"
#include "shim/opencl/library.hpp"

namespace cenote::opencl {

cl_int ask_server(const Object* asker, QueryFunction function, uint64_t object, uint64_t other, uint64_t param,
                  uint64_t number, wire::Blob extra, const Answer& answer) {
  msg::Query m;
  m.function = static_cast<uint32_t>(function);
  m.object = object;
  m.other = other;
  m.param = param;
  m.number = number;
  m.extra = extra;
  m.capacity = answer.value == nullptr ? 0 : answer.size;
  if (asker->session == nullptr) opened();  // in a forked child
  if (asker->session == nullptr) return CL_OUT_OF_RESOURCES;
  shim::Reply reply = asker->session->call(m);
  if (reply.status != CL_SUCCESS) return reply.status;
  wire::Reader body = reply.reader();
  wire::Blob bytes = body.bytes();
  if (!body.ok()) return CL_OUT_OF_RESOURCES;
  return answer.bytes(bytes.data, bytes.size());
}

}  // namespace cenote::opencl
