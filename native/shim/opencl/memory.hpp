// What buffers, images and pipes share.
#pragma once

#include "shim/opencl/mem_state.hpp"
#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// Up to this size, and while the session's grant lasts, memory is made without waiting.
inline constexpr size_t kOneWaySize = size_t{1} << 20;

/// CL_SUCCESS, CL_INVALID_VALUE for flags that contradict each other, CL_INVALID_HOST_PTR where they do not fit the
/// pointer.
cl_int check_mem_flags(cl_mem_flags flags, const void* host_ptr);
/// The flags of an object made from another with flags `above`, 0 where they contradict those.
cl_mem_flags inherit_flags(cl_mem_flags flags, cl_mem_flags above);
std::vector<cl_mem_properties> copy_properties(const cl_mem_properties* properties);
/// A memory object of the context, not yet known to the server.
Mem* make_mem(Context* context, cl_mem_object_type type, cl_mem_flags flags, const void* host_ptr);

cl_uint map_count(Mem* mem);
/// Whether the address lies in shared virtual memory of the context.
bool is_svm(const Context* context, const void* address);

struct Access {
  Queue* queue = nullptr;
  Mem* mem = nullptr;
};

/// What every read, write or map of a buffer or image checks first.
cl_int check_access(cl_command_queue queue, cl_mem mem, bool image, cl_uint waits, const cl_event* list,
                    cl_mem_flags forbidden, Access* access);
/// What a copy between two buffers checks.
cl_int check_copy(cl_command_queue queue, cl_mem src_buffer, cl_mem dst_buffer, size_t src_offset, size_t dst_offset,
                  size_t size, cl_uint waits, const cl_event* list);
/// A blocking command must not wait for what has failed.
cl_int check_blocking(bool blocking, cl_uint waits, const cl_event* list);
/// Whether a sub-buffer begins where this device cannot address one.
bool misaligned(const Mem* mem, const Device* device);

inline bool is_image(const Mem* mem) {
  return mem->object_type != CL_MEM_OBJECT_BUFFER && mem->object_type != CL_MEM_OBJECT_PIPE;
}

}  // namespace cenote::opencl
