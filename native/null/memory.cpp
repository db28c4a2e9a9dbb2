#include "null/memory.hpp"

#include <sys/mman.h>

#include "null/answer.hpp"
#include "null/settings.hpp"

namespace cenote::null {

static constexpr cl_mem_flags kAccess = CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY;
static constexpr cl_mem_flags kHostPointers = CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR;
static constexpr cl_mem_flags kHostAccess = CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS;

static bool at_most_one(cl_mem_flags flags) { return (flags & (flags - 1)) == 0; }

cl_int check_flags(cl_mem_flags flags, const void* host_ptr) {
  constexpr cl_mem_flags kKnown = kAccess | kHostPointers | kHostAccess | CL_MEM_KERNEL_READ_AND_WRITE;
  if ((flags & ~kKnown) != 0 || !at_most_one(flags & kAccess) || !at_most_one(flags & kHostAccess)) {
    return CL_INVALID_VALUE;
  }
  if ((flags & CL_MEM_USE_HOST_PTR) != 0 && (flags & kHostPointers) != CL_MEM_USE_HOST_PTR) return CL_INVALID_VALUE;
  bool wants = (flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)) != 0;
  return wants == (host_ptr != nullptr) ? CL_SUCCESS : CL_INVALID_HOST_PTR;
}

cl_mem make_memory(cl_context context, cl_mem_flags flags, size_t size, void* host_ptr, cl_int* errcode_ret) {
  std::atomic<uint64_t>& in_use = context->devices.front()->root()->memory_in_use;
  if (in_use.fetch_add(size) + size > kGlobalMemory) {
    in_use.fetch_sub(size);
    return failed(errcode_ret, CL_MEM_OBJECT_ALLOCATION_FAILURE);
  }
  cl_mem mem = Pool<_cl_mem>::instance().make();
  if (mem == nullptr) {
    in_use.fetch_sub(size);
    return failed(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  }
  mem->context = Ref(context);
  mem->flags = (flags & kAccess) == 0 ? flags | CL_MEM_READ_WRITE : flags;
  mem->size = size;
  mem->charged = size;
  if ((flags & CL_MEM_USE_HOST_PTR) != 0) mem->host_ptr = host_ptr;
  if (keeps_bytes() && mem->bytes() == nullptr) {
    Pool<_cl_mem>::instance().release(mem);
    return failed(errcode_ret, CL_MEM_OBJECT_ALLOCATION_FAILURE);
  }
  return made(mem, errcode_ret);
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

_cl_mem::~_cl_mem() {
  for (auto n = on_destroy.rbegin(); n != on_destroy.rend(); ++n) n->function(this, n->user_data);
  if (own_bytes_ != nullptr) munmap(own_bytes_, size);
  if (charged != 0) context->devices.front()->root()->memory_in_use.fetch_sub(charged);
}

std::byte* _cl_mem::bytes() {
  if (parent) return parent->bytes() + offset;
  if (host_ptr != nullptr) return static_cast<std::byte*>(host_ptr);
  std::lock_guard lock(mutex);
  if (own_bytes_ == nullptr) {
    void* range = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return nullptr;
    own_bytes_ = static_cast<std::byte*>(range);
  }
  return own_bytes_;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void* host_ptr, cl_int* errcode_ret) {
  return clCreateBufferWithProperties(context, nullptr, flags, size, host_ptr, errcode_ret);
}

cl_mem clCreateBufferWithProperties(cl_context context, const cl_mem_properties* properties, cl_mem_flags flags,
                                    size_t size, void* host_ptr, cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (properties != nullptr && *properties != 0) return failed(errcode_ret, CL_INVALID_PROPERTY);
  if (cl_int bad = check_flags(flags, host_ptr); bad != CL_SUCCESS) return failed(errcode_ret, bad);
  if (size == 0 || size > kMaxAllocation) return failed(errcode_ret, CL_INVALID_BUFFER_SIZE);
  cl_mem mem = make_memory(context, flags, size, host_ptr, errcode_ret);
  if (mem == nullptr) return nullptr;
  mem->properties = property_list(properties);
  if (keeps_bytes() && (flags & CL_MEM_COPY_HOST_PTR) != 0) std::memcpy(mem->bytes(), host_ptr, size);
  return mem;
}

cl_mem clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type buffer_create_type,
                         const void* buffer_create_info, cl_int* errcode_ret) {
  if (!valid(buffer) || buffer->type != CL_MEM_OBJECT_BUFFER || buffer->parent) {
    return failed(errcode_ret, CL_INVALID_MEM_OBJECT);
  }
  if (buffer_create_type != CL_BUFFER_CREATE_TYPE_REGION || buffer_create_info == nullptr ||
      (flags & kHostPointers) != 0 || !at_most_one(flags & kAccess) || !at_most_one(flags & kHostAccess)) {
    return failed(errcode_ret, CL_INVALID_VALUE);
  }
  cl_buffer_region region;
  std::memcpy(&region, buffer_create_info, sizeof region);
  if (region.size == 0) return failed(errcode_ret, CL_INVALID_BUFFER_SIZE);
  if (!fits(region.origin, region.size, buffer->size)) return failed(errcode_ret, CL_INVALID_VALUE);
  if (region.origin % kBaseAlignment != 0) return failed(errcode_ret, CL_MISALIGNED_SUB_BUFFER_OFFSET);
  cl_mem mem = Pool<_cl_mem>::instance().make();
  if (mem != nullptr) {
    mem->context = buffer->context;
    mem->parent = Ref(buffer);
    mem->flags = flags | (buffer->flags & kHostPointers);
    if ((flags & kAccess) == 0) mem->flags |= buffer->flags & kAccess;
    if ((flags & kHostAccess) == 0) mem->flags |= buffer->flags & kHostAccess;
    mem->size = region.size;
    mem->offset = region.origin;
  }
  return made(mem, errcode_ret);
}

cl_mem clCreatePipe(cl_context context, cl_mem_flags flags, cl_uint pipe_packet_size, cl_uint pipe_max_packets,
                    const cl_pipe_properties* properties, cl_int* errcode_ret) {
  constexpr cl_mem_flags kAllowed = CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS;
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if ((flags & ~kAllowed) != 0 || properties != nullptr) return failed(errcode_ret, CL_INVALID_VALUE);
  if (pipe_packet_size == 0 || pipe_max_packets == 0) return failed(errcode_ret, CL_INVALID_PIPE_SIZE);
  size_t size = size_t{pipe_packet_size} * pipe_max_packets;
  if (size > kMaxAllocation) return failed(errcode_ret, CL_INVALID_PIPE_SIZE);
  cl_mem mem = make_memory(context, flags | kAllowed, size, nullptr, errcode_ret);
  if (mem == nullptr) return nullptr;
  mem->type = CL_MEM_OBJECT_PIPE;
  mem->packet_size = pipe_packet_size;
  mem->max_packets = pipe_max_packets;
  return mem;
}

cl_int clGetPipeInfo(cl_mem pipe, cl_pipe_info param_name, size_t param_value_size, void* param_value,
                     size_t* param_value_size_ret) {
  if (!valid(pipe) || pipe->type != CL_MEM_OBJECT_PIPE) return CL_INVALID_MEM_OBJECT;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_PIPE_PACKET_SIZE:
      return answer.number<cl_uint>(pipe->packet_size);
    case CL_PIPE_MAX_PACKETS:
      return answer.number<cl_uint>(pipe->max_packets);
    case CL_PIPE_PROPERTIES:
      return answer.bytes(nullptr, 0);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clRetainMemObject(cl_mem memobj) { return retain(memobj, CL_INVALID_MEM_OBJECT); }

cl_int clReleaseMemObject(cl_mem memobj) { return release(memobj, CL_INVALID_MEM_OBJECT); }

cl_int clGetMemObjectInfo(cl_mem memobj, cl_mem_info param_name, size_t param_value_size, void* param_value,
                          size_t* param_value_size_ret) {
  if (!valid(memobj)) return CL_INVALID_MEM_OBJECT;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_MEM_TYPE:
      return answer.number<cl_mem_object_type>(memobj->type);
    case CL_MEM_FLAGS:
      return answer.number<cl_mem_flags>(memobj->flags);
    case CL_MEM_SIZE:
      return answer.number<size_t>(memobj->size);
    case CL_MEM_HOST_PTR: {
      bool of_parent = memobj->parent && memobj->parent->host_ptr != nullptr;
      return answer.number<void*>(of_parent ? memobj->bytes() : memobj->host_ptr);
    }
    case CL_MEM_MAP_COUNT:
      return answer.number<cl_uint>(memobj->maps.load());
    case CL_MEM_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_mem>::instance().handles(memobj));
    case CL_MEM_CONTEXT:
      return answer.number<cl_context>(memobj->context.get());
    case CL_MEM_ASSOCIATED_MEMOBJECT:
      return answer.number<cl_mem>(memobj->parent.get());
    case CL_MEM_OFFSET:
      return answer.number<size_t>(memobj->offset);
    case CL_MEM_USES_SVM_POINTER:
      return answer.flag(is_svm(memobj->host_ptr));
    case CL_MEM_PROPERTIES:
      return answer.list(memobj->properties);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetMemObjectDestructorCallback(cl_mem memobj, void(CL_CALLBACK* pfn_notify)(cl_mem, void*), void* user_data) {
  if (!valid(memobj)) return CL_INVALID_MEM_OBJECT;
  if (pfn_notify == nullptr) return CL_INVALID_VALUE;
  std::lock_guard lock(memobj->mutex);
  memobj->on_destroy.push_back({pfn_notify, user_data});
  return CL_SUCCESS;
}
