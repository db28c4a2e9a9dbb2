// Making memory objects within the session's quota.
#pragma once

#include <functional>

#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

/// Makes a memory object of the context: `create(&error)`, with the lock held, at once or when there is room, then the
/// reply. `bytes` is 0 where only the driver knows how large it will be, and for one that has no memory of its own
/// `charged` is false.
void make_mem(Worker& w, Call& call, Mem* mem, size_t bytes, bool charged, std::function<cl_mem(cl_int*)> create);

}  // namespace cenote::opencl
