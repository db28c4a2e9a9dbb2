// What buffers, images and pipes share.
#pragma once

#include "shim/opencl/mem_state.hpp"
#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// CL_SUCCESS, CL_INVALID_VALUE for flags that contradict each other, CL_INVALID_HOST_PTR where they do not fit the pointer.
cl_int check_mem_flags(cl_mem_flags flags, const void* host_ptr);
std::vector<cl_mem_properties> copy_properties(const cl_mem_properties* properties);
/// A memory object of the context, not yet known to the server.
Mem* make_mem(Context* context, cl_mem_object_type type, cl_mem_flags flags, const void* host_ptr);

cl_uint map_count(Mem* mem);
/// Whether the address lies in shared virtual memory of the context.
bool is_svm(const Context* context, const void* address);

inline bool is_image(const Mem* mem) {
  return mem->object_type != CL_MEM_OBJECT_BUFFER && mem->object_type != CL_MEM_OBJECT_PIPE;
}

}  // namespace cenote::opencl
