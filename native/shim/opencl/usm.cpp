// Unified shared memory: what cl_intel_unified_shared_memory adds to what SVM has.
#include "shim/opencl/properties.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

void* allocate(cl_context context, cl_device_id device, SvmKind kind, const cl_mem_properties_intel* properties,
               size_t size, cl_uint alignment, cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<void*>(errcode_ret, code); };
  auto* in = as<Context>(context);
  if (in == nullptr) return give(CL_INVALID_CONTEXT);
  auto* on = as<Device>(device);
  if (device != nullptr && (on == nullptr || !in->has(on))) return give(CL_INVALID_DEVICE);
  if (kind == kUsmDevice && on == nullptr) return give(CL_INVALID_DEVICE);
  if ((alignment & (alignment - 1)) != 0) return give(CL_INVALID_VALUE);
  cl_mem_alloc_flags_intel flags = 0;
  for (const auto* p = properties; p != nullptr && *p != 0; p += 2) {
    if (p[0] != CL_MEM_ALLOC_FLAGS_INTEL) return give(CL_INVALID_PROPERTY);
    flags = p[1];
  }
  constexpr cl_mem_alloc_flags_intel kKnown = CL_MEM_ALLOC_WRITE_COMBINED_INTEL |
                                              CL_MEM_ALLOC_INITIAL_PLACEMENT_DEVICE_INTEL |
                                              CL_MEM_ALLOC_INITIAL_PLACEMENT_HOST_INTEL;
  if ((flags & ~kKnown) != 0) return give(CL_INVALID_PROPERTY);
  size_t largest = 0;
  for (Device* each : in->devices) {
    if (on == nullptr || each == on) {
      largest = std::max<size_t>(largest, each->number<cl_ulong>(CL_DEVICE_MAX_MEM_ALLOC_SIZE));
    }
  }
  if (size == 0 || size > largest) return give(CL_INVALID_BUFFER_SIZE);
  Shared allocation = allocate_shared(in, on, kind, size, alignment);
  if (allocation == nullptr) return give(CL_OUT_OF_RESOURCES);
  allocation->flags = flags;
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<void*>(allocation->base);
}

cl_mem_info_intel type_of(const Allocation& allocation) {
  switch (allocation.kind) {
    case kUsmHost:
      return CL_MEM_TYPE_HOST_INTEL;
    case kUsmDevice:
      return CL_MEM_TYPE_DEVICE_INTEL;
    case kUsmShared:
      return CL_MEM_TYPE_SHARED_INTEL;
    default:
      return CL_MEM_TYPE_UNKNOWN_INTEL;
  }
}

cl_int free_memory(cl_context context, void* pointer) {
  auto* in = as<Context>(context);
  if (in == nullptr) return CL_INVALID_CONTEXT;
  if (pointer == nullptr) return CL_SUCCESS;
  Shared allocation = find_shared(pointer);
  if (allocation == nullptr || allocation->context != in || allocation->kind < kUsmHost ||
      allocation->base != reinterpret_cast<uintptr_t>(pointer)) {
    return CL_INVALID_VALUE;
  }
  free_shared(allocation);
  return CL_SUCCESS;
}

}  // namespace

namespace hand {

void* clHostMemAllocINTEL(cl_context context, const cl_mem_properties_intel* properties, size_t size, cl_uint alignment,
                          cl_int* errcode_ret) {
  return allocate(context, nullptr, kUsmHost, properties, size, alignment, errcode_ret);
}

void* clDeviceMemAllocINTEL(cl_context context, cl_device_id device, const cl_mem_properties_intel* properties,
                            size_t size, cl_uint alignment, cl_int* errcode_ret) {
  return allocate(context, device, kUsmDevice, properties, size, alignment, errcode_ret);
}

void* clSharedMemAllocINTEL(cl_context context, cl_device_id device, const cl_mem_properties_intel* properties,
                            size_t size, cl_uint alignment, cl_int* errcode_ret) {
  return allocate(context, device, kUsmShared, properties, size, alignment, errcode_ret);
}

cl_int clMemFreeINTEL(cl_context context, void* pointer) { return free_memory(context, pointer); }

cl_int clMemBlockingFreeINTEL(cl_context context, void* pointer) {
  auto* in = as<Context>(context);
  if (in == nullptr) return CL_INVALID_CONTEXT;
  // Whatever uses the memory is a command in some queue of the context.
  uintptr_t end = shim::arena::end.load();
  for (uintptr_t at = shim::arena::base.load(); pointer != nullptr && at < end; at += shim::kSlotSize) {
    auto* queue = as<Queue>(reinterpret_cast<void*>(at));
    if (queue != nullptr && queue->context == in && !queue->on_device()) finish(queue);
  }
  return free_memory(context, pointer);
}

cl_int clGetMemAllocInfoINTEL(cl_context context, const void* pointer, cl_mem_info_intel param, size_t size,
                              void* value, size_t* size_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return CL_INVALID_CONTEXT;
  Answer answer{size, value, size_ret};
  Shared found = pointer == nullptr ? nullptr : find_shared(pointer);
  static const Allocation kNone;
  bool ours = found != nullptr && found->context == in && found->kind >= kUsmHost &&
              found->contains(reinterpret_cast<uintptr_t>(pointer), 1);
  const Allocation& allocation = ours ? *found : kNone;
  switch (param) {
    case CL_MEM_ALLOC_TYPE_INTEL:
      return answer.number(cl_uint{type_of(allocation)});
    case CL_MEM_ALLOC_BASE_PTR_INTEL:
      return answer.number(allocation.base);
    case CL_MEM_ALLOC_SIZE_INTEL:
      return answer.number(allocation.size);
    case CL_MEM_ALLOC_DEVICE_INTEL:
      return answer.number(reinterpret_cast<cl_device_id>(allocation.device));
    case CL_MEM_ALLOC_FLAGS_INTEL:
      return answer.number(allocation.flags);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetKernelArgMemPointerINTEL(cl_kernel kernel, cl_uint index, const void* value) {
  return set_shared_argument(kernel, index, value, true);
}

cl_int clEnqueueMemsetINTEL(cl_command_queue queue, void* at, cl_int value, size_t size, cl_uint waits,
                            const cl_event* list, cl_event* event) {
  auto byte = static_cast<unsigned char>(value);
  return fill_shared(as<Queue>(queue), at, &byte, 1, size, waits, list, event, CL_COMMAND_MEMFILL_INTEL, true);
}

cl_int clEnqueueMemFillINTEL(cl_command_queue queue, void* at, const void* pattern, size_t pattern_size, size_t size,
                             cl_uint waits, const cl_event* list, cl_event* event) {
  return fill_shared(as<Queue>(queue), at, pattern, pattern_size, size, waits, list, event, CL_COMMAND_MEMFILL_INTEL,
                     true);
}

cl_int clEnqueueMemcpyINTEL(cl_command_queue queue, cl_bool blocking, void* to, const void* from, size_t size,
                            cl_uint waits, const cl_event* list, cl_event* event) {
  return copy_shared(as<Queue>(queue), blocking != 0, to, from, size, waits, list, event, CL_COMMAND_MEMCPY_INTEL,
                     true);
}

cl_int clEnqueueMigrateMemINTEL(cl_command_queue queue, const void* pointer, size_t size, cl_mem_migration_flags flags,
                                cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (cl_int bad = check_shared_command(on, waits, list, false, true); bad != CL_SUCCESS) return bad;
  return migrate_shared(on, 1, &pointer, &size, flags, waits, list, event, CL_COMMAND_MIGRATEMEM_INTEL);
}

cl_int clEnqueueMemAdviseINTEL(cl_command_queue queue, const void* pointer, size_t size, cl_mem_advice_intel advice,
                               cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (cl_int bad = check_shared_command(on, waits, list, false, true); bad != CL_SUCCESS) return bad;
  Shared allocation = pointer == nullptr ? nullptr : find_shared(pointer);
  auto address = reinterpret_cast<uintptr_t>(pointer);
  if (allocation == nullptr || !allocation->contains(address, size)) return CL_INVALID_VALUE;
  IdList<Event> ids(waits, list);
  msg::clEnqueueMemAdviseINTEL m;
  m.command_queue = on->id;
  m.ptr = address;
  m.size = size;
  m.advice = advice;
  m.event_wait_list = ids.words();
  return enqueue(on, m, &m.event, event, CL_COMMAND_MEMADVISE_INTEL, true);
}

}  // namespace hand
}  // namespace cenote::opencl
