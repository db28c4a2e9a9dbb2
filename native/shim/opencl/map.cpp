// Maps: a shadow of the object's memory in this process, filled when a map's turn comes and sent when it is unmapped.
#include <sys/mman.h>

#include "shim/opencl/image.hpp"
#include "shim/opencl/transfer.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

MemState::~MemState() {
  if (shadow_size != 0) munmap(shadow, shadow_size);
}

MemState& state_of(Mem* mem) {
  static std::mutex making;
  std::lock_guard lock(making);
  if (mem->state == nullptr) mem->state = std::make_unique<MemState>();
  return *mem->state;
}

cl_uint map_count(Mem* mem) {
  MemState& state = state_of(mem);
  std::lock_guard lock(state.lock);
  return static_cast<cl_uint>(state.mappings.size());
}

namespace {

constexpr cl_map_flags kWriting = CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION;

/// Where the object's bytes lie in this process: in the program's own memory, or in a range that all objects made from
/// the same one share. NULL when there is no room for it.
char* shadow_of(Mem* mem) {
  size_t offset = 0;
  Mem* root = mem;
  for (; root->parent != nullptr; root = root->parent) offset += root->offset;
  MemState& state = state_of(root);
  std::lock_guard lock(state.lock);
  if (state.shadow == nullptr && root->host_pointer != nullptr) state.shadow = static_cast<char*>(root->host_pointer);
  if (state.shadow == nullptr) {
    void* at = mmap(nullptr, root->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    state.shadow = static_cast<char*>(at);
    state.shadow_size = root->size;
  }
  return state.shadow + offset;
}

Span span_of(Mem* mem, const Mapping& mapping) {
  if (!is_image(mem)) return Span::buffer(mem, mapping.origin[0], mapping.region[0], mapping.at);
  return Span::image(mem, mapping.origin, mapping.region, mapping.row_pitch, mapping.slice_pitch, mapping.at);
}

cl_int check_map(cl_command_queue queue, cl_mem mem, bool image, bool blocking, cl_map_flags flags, cl_uint waits,
                 const cl_event* list, Access* access) {
  cl_mem_flags forbidden = CL_MEM_HOST_NO_ACCESS;
  if ((flags & CL_MAP_READ) != 0) forbidden |= CL_MEM_HOST_WRITE_ONLY;
  if ((flags & kWriting) != 0) forbidden |= CL_MEM_HOST_READ_ONLY;
  if (cl_int bad = check_access(queue, mem, image, waits, list, forbidden, access); bad != CL_SUCCESS) return bad;
  if ((flags & ~(CL_MAP_READ | kWriting)) != 0) return CL_INVALID_VALUE;
  if ((flags & CL_MAP_WRITE_INVALIDATE_REGION) != 0 && (flags & (CL_MAP_READ | CL_MAP_WRITE)) != 0) {
    return CL_INVALID_VALUE;
  }
  return check_blocking(blocking, waits, list);
}

void* map(Mem* mem, const Mapping& mapping, const Command& command, cl_int* errcode_ret) {
  MemState& state = state_of(mem);
  std::multimap<void*, Mapping>::iterator entry;
  {
    std::lock_guard lock(state.lock);
    entry = state.mappings.emplace(mapping.at, mapping);
  }
  bool fetch = (mapping.flags & CL_MAP_WRITE_INVALIDATE_REGION) == 0;
  cl_int status = fetch ? read_span(span_of(mem, mapping), command) : no_transfer(command);
  if (status != CL_SUCCESS) {
    std::lock_guard lock(state.lock);
    state.mappings.erase(entry);
    return fail<void*>(errcode_ret, status);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return mapping.at;
}

}  // namespace

namespace hand {

void* clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, cl_map_flags flags, size_t offset,
                         size_t size, cl_uint waits, const cl_event* list, cl_event* event, cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<void*>(errcode_ret, code); };
  Access access;
  cl_int bad = check_map(queue, buffer, false, blocking != 0, flags, waits, list, &access);
  if (bad != CL_SUCCESS) return give(bad);
  Mem* mem = access.mem;
  if (size == 0 || offset > mem->size || size > mem->size - offset) return give(CL_INVALID_VALUE);
  char* shadow = shadow_of(mem);
  if (shadow == nullptr) return give(CL_MAP_FAILURE);
  Mapping mapping{flags, {offset, 0, 0}, {size, 1, 1}, shadow + offset, 0, 0};
  return map(mem, mapping, {access.queue, blocking != 0, waits, list, event, CL_COMMAND_MAP_BUFFER, mem}, errcode_ret);
}

void* clEnqueueMapImage(cl_command_queue queue, cl_mem image, cl_bool blocking, cl_map_flags flags,
                        const size_t* origin, const size_t* region, size_t* row_pitch, size_t* slice_pitch,
                        cl_uint waits, const cl_event* list, cl_event* event, cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<void*>(errcode_ret, code); };
  Access access;
  cl_int bad = check_map(queue, image, true, blocking != 0, flags, waits, list, &access);
  if (bad != CL_SUCCESS) return give(bad);
  Mem* mem = access.mem;
  if (bad = check_box(mem, origin, region); bad != CL_SUCCESS) return give(bad);
  const MemState& state = state_of(mem);
  const cl_image_desc& d = state.description;
  if (row_pitch == nullptr || (d.image_slice_pitch != 0 && slice_pitch == nullptr)) return give(CL_INVALID_VALUE);
  char* shadow = shadow_of(mem);
  if (shadow == nullptr) return give(CL_MAP_FAILURE);
  bool lines = d.image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
  char* at = shadow + origin[0] * state.pixel + origin[1] * (lines ? d.image_slice_pitch : d.image_row_pitch) +
             origin[2] * d.image_slice_pitch;
  Mapping mapping{flags, {}, {}, at, d.image_row_pitch, d.image_slice_pitch};
  std::copy_n(origin, 3, mapping.origin);
  std::copy_n(region, 3, mapping.region);
  void* mapped =
      map(mem, mapping, {access.queue, blocking != 0, waits, list, event, CL_COMMAND_MAP_IMAGE, mem}, errcode_ret);
  if (mapped != nullptr) {
    *row_pitch = d.image_row_pitch;
    if (slice_pitch != nullptr) *slice_pitch = d.image_slice_pitch;
  }
  return mapped;
}

cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memobj, void* mapped_ptr, cl_uint waits,
                               const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (on == nullptr || on->on_device()) return CL_INVALID_COMMAND_QUEUE;
  auto* mem = as<Mem>(memobj);
  if (mem == nullptr || mem->object_type == CL_MEM_OBJECT_PIPE) return CL_INVALID_MEM_OBJECT;
  if (mem->context != on->context) return CL_INVALID_CONTEXT;
  if (cl_int bad = check_wait_list(on, waits, list); bad != CL_SUCCESS) return bad;
  MemState& state = state_of(mem);
  Mapping mapping;
  {
    std::lock_guard lock(state.lock);
    auto [first, last] = state.mappings.equal_range(mapped_ptr);
    if (first == last) return CL_INVALID_VALUE;
    mapping = std::prev(last)->second;
    state.mappings.erase(std::prev(last));
  }
  Command command{on, false, waits, list, event, CL_COMMAND_UNMAP_MEM_OBJECT, mem};
  bool writing = (mapping.flags & kWriting) != 0;
  cl_int status = writing ? write_span(span_of(mem, mapping), command) : no_transfer(command);
  if (status != CL_SUCCESS) {
    std::lock_guard lock(state.lock);
    state.mappings.emplace(mapped_ptr, mapping);
  }
  return status;
}

}  // namespace hand
}  // namespace cenote::opencl
