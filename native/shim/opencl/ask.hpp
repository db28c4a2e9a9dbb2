// Info queries that no cache answers: one round trip.
#pragma once

#include "shim/opencl/objects.hpp"
#include "shim/opencl/properties.hpp"
#include "wire/opencl_queries.hpp"

namespace cenote::opencl {

/// Asks the server; the answer is raw bytes, so nothing with handles may be asked for like this.
cl_int ask_server(const Object* asker, QueryFunction function, uint64_t object, uint64_t other, uint64_t param,
                  uint64_t number, wire::Blob extra, const Answer& answer);

}  // namespace cenote::opencl
