// Copies, fills and migrations of shared memory, the same for SVM and USM.
#include "shim/opencl/svm.hpp"
#include "shim/opencl/transfer.hpp"

namespace cenote::opencl {

namespace {

Span span_of(const void* shared, size_t size, const void* at) {
  return {nullptr, kRegionSvm, {reinterpret_cast<uint64_t>(shared), size}, 2, shim::Region::plain(at, size)};
}

std::vector<Shared> tracked_ones(std::initializer_list<Shared> allocations) {
  std::vector<Shared> tracked;
  for (const Shared& allocation : allocations) {
    if (allocation != nullptr && allocation->tracked()) tracked.push_back(allocation);
  }
  return tracked;
}

void CL_CALLBACK free_between(cl_event event, cl_int /*status*/, void* data) {
  auto* between = static_cast<Shared*>(data);
  free_shared(*between);
  delete between;
  ::clReleaseEvent(event);
}

/// Between two places of the program's own memory, by way of the server, so that it happens in its turn.
cl_int copy_here(Queue* queue, bool blocking, void* to, const void* from, size_t size, cl_uint waits,
                 const cl_event* list, cl_event* event, cl_command_type type, bool usm) {
  Shared between =
      allocate_shared(queue->context, usm ? queue->device : nullptr, usm ? kUsmDevice : kSvmCoarse, size, 1);
  if (between == nullptr) return CL_OUT_OF_RESOURCES;
  auto* at = reinterpret_cast<void*>(between->base);
  cl_event written = nullptr;
  cl_event own = nullptr;
  cl_event* given = event == nullptr ? &own : event;
  cl_int status = write_span(span_of(at, size, from), {queue, false, waits, list, &written, type});
  if (status == CL_SUCCESS) {
    status = read_span(span_of(at, size, to), {queue, blocking, 1, &written, given, type});
    ::clReleaseEvent(written);
  }
  if (status != CL_SUCCESS) {
    free_shared(between);
    return status;
  }
  if (event != nullptr) ::clRetainEvent(*event);
  return ::clSetEventCallback(*given, CL_COMPLETE, free_between, new Shared(between));
}

}  // namespace

cl_int copy_shared(Queue* queue, bool blocking, void* to, const void* from, size_t size, cl_uint waits,
                   const cl_event* list, cl_event* event, cl_command_type type, bool usm) {
  if (cl_int bad = check_shared_command(queue, waits, list, blocking, usm); bad != CL_SUCCESS) return bad;
  if (to == nullptr || from == nullptr) return CL_INVALID_VALUE;
  if (size == 0) return no_transfer({queue, blocking, waits, list, event, type});
  auto begin = reinterpret_cast<uintptr_t>(from);
  auto target = reinterpret_cast<uintptr_t>(to);
  if (begin < target + size && target < begin + size) return CL_MEM_COPY_OVERLAP;
  // An allocation that the address only ends is not meant.
  auto holder = [](const void* at) {
    Shared found = find_shared(at);
    return found != nullptr && !found->contains(reinterpret_cast<uintptr_t>(at), 1) ? nullptr : found;
  };
  Shared source = holder(from);
  Shared destination = holder(to);
  for (const Shared& shared : {source, destination}) {
    if (shared != nullptr && shared->context != queue->context) return CL_INVALID_CONTEXT;
  }
  if ((source != nullptr && !source->contains(begin, size)) ||
      (destination != nullptr && !destination->contains(target, size))) {
    return CL_INVALID_VALUE;
  }
  if (source == nullptr && destination == nullptr) {
    return copy_here(queue, blocking, to, from, size, waits, list, event, type, usm);
  }
  push_shared(tracked_ones({source, destination}));
  cl_int status = CL_SUCCESS;
  if (source != nullptr && destination != nullptr) {
    IdList<Event> ids(waits, list);
    msg::clEnqueueSVMMemcpy m;
    m.command_queue = queue->id;
    m.dst_ptr = target;
    m.src_ptr = begin;
    m.size = size;
    m.event_wait_list = ids.words();
    cl_event own = nullptr;
    cl_event* given = blocking && event == nullptr ? &own : event;
    status = enqueue(queue, m, &m.event, given, type);
    if (status == CL_SUCCESS) use_shared(tracked_ones({destination}), queue);
    if (status == CL_SUCCESS && blocking) status = wait_for(given);
    if (own != nullptr) ::clReleaseEvent(own);
    return status;
  }
  if (source != nullptr) return read_span(span_of(from, size, to), {queue, blocking, waits, list, event, type});
  status = write_span(span_of(to, size, from), {queue, blocking, waits, list, event, type});
  if (status == CL_SUCCESS) use_shared(tracked_ones({destination}), queue);
  return status;
}

cl_int fill_shared(Queue* queue, void* at, const void* pattern, size_t pattern_size, size_t size, cl_uint waits,
                   const cl_event* list, cl_event* event, cl_command_type type, bool usm) {
  if (cl_int bad = check_shared_command(queue, waits, list, false, usm); bad != CL_SUCCESS) return bad;
  bool power = pattern_size != 0 && pattern_size <= 128 && (pattern_size & (pattern_size - 1)) == 0;
  auto address = reinterpret_cast<uintptr_t>(at);
  if (at == nullptr || pattern == nullptr || !power) return CL_INVALID_VALUE;
  if (address % pattern_size != 0 || size % pattern_size != 0) return CL_INVALID_VALUE;
  if (size == 0) return no_transfer({queue, false, waits, list, event, type});
  Shared allocation = find_shared(at);
  if (allocation == nullptr || !allocation->contains(address, size)) return CL_INVALID_VALUE;
  if (allocation->context != queue->context) return CL_INVALID_CONTEXT;
  std::vector<Shared> tracked = tracked_ones({allocation});
  push_shared(tracked);
  IdList<Event> ids(waits, list);
  msg::clEnqueueSVMMemFill m;
  m.command_queue = queue->id;
  m.svm_ptr = address;
  m.pattern = {pattern, pattern_size};
  m.size = size;
  m.event_wait_list = ids.words();
  cl_int status = enqueue(queue, m, &m.event, event, type);
  if (status == CL_SUCCESS) use_shared(tracked, queue);
  return status;
}

cl_int migrate_shared(Queue* queue, cl_uint count, const void* const* pointers, const size_t* sizes,
                      cl_mem_migration_flags flags, cl_uint waits, const cl_event* list, cl_event* event,
                      cl_command_type type) {
  constexpr cl_mem_migration_flags kKnown = CL_MIGRATE_MEM_OBJECT_HOST | CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED;
  if (count == 0 || pointers == nullptr || (flags & ~kKnown) != 0) return CL_INVALID_VALUE;
  std::vector<uint64_t> addresses;
  std::vector<uint64_t> lengths;
  for (cl_uint i = 0; i < count; ++i) {
    Shared allocation = pointers[i] == nullptr ? nullptr : find_shared(pointers[i]);
    if (allocation == nullptr) return CL_INVALID_VALUE;
    if (allocation->context != queue->context) return CL_INVALID_CONTEXT;
    auto address = reinterpret_cast<uint64_t>(pointers[i]);
    // Without a size the whole allocation is meant, which the driver does not know.
    bool whole = sizes == nullptr || sizes[i] == 0;
    if (!whole && !allocation->contains(address, sizes[i])) return CL_INVALID_VALUE;
    addresses.push_back(whole ? allocation->base : address);
    lengths.push_back(whole ? allocation->size : sizes[i]);
  }
  IdList<Event> ids(waits, list);
  msg::clEnqueueSVMMigrateMem m;
  m.command_queue = queue->id;
  m.svm_pointers = {addresses.data(), addresses.size()};
  m.sizes = {lengths.data(), lengths.size()};
  m.flags = flags;
  m.event_wait_list = ids.words();
  return enqueue(queue, m, &m.event, event, type, true);
}

}  // namespace cenote::opencl
