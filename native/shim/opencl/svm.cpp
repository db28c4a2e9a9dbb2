// Shared virtual memory: allocations, kernel arguments, maps and frees.
#include "shim/opencl/svm.hpp"

#include "shim/opencl/kernel_info.hpp"
#include "shim/opencl/memory.hpp"
#include "shim/opencl/transfer.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

bool is_svm(const Context* context, const void* address) {
  Shared allocation = address == nullptr ? nullptr : find_shared(address);
  return allocation != nullptr && allocation->context == context && allocation->kind <= kSvmFine;
}

cl_int check_shared_command(Queue* queue, cl_uint waits, const cl_event* list, bool blocking, bool usm) {
  if (queue == nullptr || queue->on_device()) return CL_INVALID_COMMAND_QUEUE;
  if (!usm && queue->device->number<cl_device_svm_capabilities>(CL_DEVICE_SVM_CAPABILITIES) == 0) {
    return CL_INVALID_OPERATION;
  }
  if (cl_int bad = check_wait_list(queue, waits, list); bad != CL_SUCCESS) return bad;
  for (cl_uint i = 0; blocking && i < waits; ++i) {
    if (as<Event>(list[i])->status.load() < 0) return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
  }
  return CL_SUCCESS;
}

cl_int set_shared_argument(cl_kernel kernel, cl_uint index, const void* value, bool usm) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  const auto& parameters = object->info->parameters;
  if (index >= parameters.size()) return CL_INVALID_ARG_INDEX;
  const Parameter& parameter = parameters[index];
  bool pointer =
      parameter.kind == kParameterUnknown ||
      (parameter.kind == kParameterObject && (parameter.type.empty() || parameter.type.find('*') != std::string::npos));
  if (!pointer) return CL_INVALID_ARG_VALUE;
  Shared allocation = value == nullptr ? nullptr : find_shared(value);
  if (value != nullptr && (allocation == nullptr || allocation->context != object->context)) {
    return CL_INVALID_ARG_VALUE;
  }
  msg::SetArg m;
  m.kernel = object->id;
  m.index = index;
  m.kind = usm ? kArgUsm : kArgSvm;
  m.size = sizeof value;
  m.object = reinterpret_cast<uint64_t>(value);
  m.value = {nullptr, 0};
  uint32_t refused = refused_arguments.load();
  if (cl_int bad = send(object, m); bad != CL_SUCCESS) return bad;
  std::lock_guard lock(object->lock);
  if (object->shared == nullptr) object->shared = std::make_shared<SharedUse>();
  object->shared->arguments[index] = value;
  object->arguments[index] = {true, refused, m.kind, m.object, m.size, {}};
  return CL_SUCCESS;
}

namespace {

struct Freeing {
  cl_command_queue queue;
  std::vector<void*> pointers;
  void(CL_CALLBACK* function)(cl_command_queue, cl_uint, void**, void*);
  void* data;
};

void CL_CALLBACK free_now(cl_event event, cl_int /*status*/, void* data) {
  auto* freeing = static_cast<Freeing*>(data);
  if (freeing->function != nullptr) {
    freeing->function(freeing->queue, static_cast<cl_uint>(freeing->pointers.size()), freeing->pointers.data(),
                      freeing->data);
  } else {
    for (void* pointer : freeing->pointers) {
      if (Shared allocation = find_shared(pointer); allocation != nullptr) free_shared(allocation);
    }
  }
  ::clReleaseEvent(event);
  ::clReleaseCommandQueue(freeing->queue);
  delete freeing;
}

}  // namespace

namespace hand {

void* clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size, cl_uint alignment) {
  auto* in = as<Context>(context);
  constexpr cl_svm_mem_flags kAccess = CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY;
  if (in == nullptr || (flags & ~(kAccess | CL_MEM_SVM_FINE_GRAIN_BUFFER)) != 0) return nullptr;
  if ((flags & kAccess & ((flags & kAccess) - 1)) != 0) return nullptr;
  if ((alignment & (alignment - 1)) != 0) return nullptr;
  bool fine = (flags & CL_MEM_SVM_FINE_GRAIN_BUFFER) != 0;
  size_t largest = 0;
  for (Device* device : in->devices) {
    auto able = device->number<cl_device_svm_capabilities>(CL_DEVICE_SVM_CAPABILITIES);
    if (able == 0 || (fine && (able & CL_DEVICE_SVM_FINE_GRAIN_BUFFER) == 0)) return nullptr;
    largest = std::max<size_t>(largest, device->number<cl_ulong>(CL_DEVICE_MAX_MEM_ALLOC_SIZE));
  }
  if (size == 0 || size > largest) return nullptr;
  Shared allocation = allocate_shared(in, nullptr, fine ? kSvmFine : kSvmCoarse, size, alignment);
  return allocation == nullptr ? nullptr : reinterpret_cast<void*>(allocation->base);
}

void clSVMFree(cl_context context, void* pointer) {
  if (as<Context>(context) == nullptr || pointer == nullptr) return;
  Shared allocation = find_shared(pointer);
  if (allocation != nullptr && allocation->base == reinterpret_cast<uintptr_t>(pointer)) free_shared(allocation);
}

cl_int clSetKernelArgSVMPointer(cl_kernel kernel, cl_uint index, const void* value) {
  return set_shared_argument(kernel, index, value, false);
}

cl_int clSetKernelExecInfo(cl_kernel kernel, cl_kernel_exec_info param, size_t size, const void* value) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  bool pointers = param == CL_KERNEL_EXEC_INFO_SVM_PTRS || param == CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL;
  if (value == nullptr && (size != 0 || !pointers)) return CL_INVALID_VALUE;
  SharedUse use;
  SvmKind indirect = kSvmCoarse;
  switch (param) {
    case CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM: {
      if (size != sizeof(cl_bool)) return CL_INVALID_VALUE;
      cl_bool wanted = 0;
      std::memcpy(&wanted, value, sizeof wanted);
      return wanted != 0 ? CL_INVALID_OPERATION : CL_SUCCESS;
    }
    case CL_KERNEL_EXEC_INFO_SVM_PTRS:
    case CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL:
      if (size % sizeof(void*) != 0 || (size == 0) != (value == nullptr)) return CL_INVALID_VALUE;
      use.pointers.resize(size / sizeof(void*));  // none at all: what was set before is taken back
      if (size != 0) std::memcpy(use.pointers.data(), value, size);
      for (const void* pointer : use.pointers) {
        if (find_shared(pointer) == nullptr) return CL_INVALID_VALUE;
      }
      break;
    case CL_KERNEL_EXEC_INFO_INDIRECT_HOST_ACCESS_INTEL:
      indirect = kUsmHost;
      break;
    case CL_KERNEL_EXEC_INFO_INDIRECT_DEVICE_ACCESS_INTEL:
      indirect = kUsmDevice;
      break;
    case CL_KERNEL_EXEC_INFO_INDIRECT_SHARED_ACCESS_INTEL:
      indirect = kUsmShared;
      break;
    default:
      return CL_INVALID_VALUE;
  }
  cl_bool wanted = 0;
  if (indirect != kSvmCoarse) {
    if (size != sizeof wanted) return CL_INVALID_VALUE;
    std::memcpy(&wanted, value, sizeof wanted);
  }
  msg::clSetKernelExecInfo m;
  m.kernel = object->id;
  m.param_name = param;
  m.param_value = {value, size};
  if (cl_int bad = send_and_wait(object, m); bad != CL_SUCCESS) return bad;
  std::lock_guard lock(object->lock);
  if (object->shared == nullptr) object->shared = std::make_shared<SharedUse>();
  if (indirect != kSvmCoarse) {
    object->shared->indirect[indirect] = wanted != 0;
  } else {
    object->shared->pointers = std::move(use.pointers);
  }
  return CL_SUCCESS;
}

cl_int clEnqueueSVMMap(cl_command_queue queue, cl_bool blocking, cl_map_flags flags, void* pointer, size_t size,
                       cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (cl_int bad = check_shared_command(on, waits, list, blocking != 0, false); bad != CL_SUCCESS) return bad;
  constexpr cl_map_flags kKnown = CL_MAP_READ | CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION;
  bool invalidate = (flags & CL_MAP_WRITE_INVALIDATE_REGION) != 0;
  if (pointer == nullptr || size == 0 || (flags & ~kKnown) != 0) return CL_INVALID_VALUE;
  if (invalidate && (flags & (CL_MAP_READ | CL_MAP_WRITE)) != 0) return CL_INVALID_VALUE;
  Shared allocation = find_shared(pointer);
  auto address = reinterpret_cast<uintptr_t>(pointer);
  if (allocation == nullptr || !allocation->contains(address, size)) return CL_INVALID_VALUE;
  if (allocation->context != on->context) return CL_INVALID_CONTEXT;
  if (allocation->tracked() || invalidate) {
    cl_int status = no_transfer({on, blocking != 0, waits, list, event, CL_COMMAND_SVM_MAP});
    if (status != CL_SUCCESS) return status;
  } else {
    Span span{nullptr, kRegionSvm, {address, size}, 2, shim::Region::plain(pointer, size)};
    cl_int status = read_span(span, {on, blocking != 0, waits, list, event, CL_COMMAND_SVM_MAP});
    if (status != CL_SUCCESS) return status;
  }
  if (!allocation->tracked()) {
    std::lock_guard lock(allocation->maps_lock);
    allocation->mapped.emplace(address, Allocation::Mapped{size, flags});
  }
  return CL_SUCCESS;
}

cl_int clEnqueueSVMUnmap(cl_command_queue queue, void* pointer, cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (cl_int bad = check_shared_command(on, waits, list, false, false); bad != CL_SUCCESS) return bad;
  Shared allocation = pointer == nullptr ? nullptr : find_shared(pointer);
  if (allocation == nullptr) return CL_INVALID_VALUE;
  if (allocation->context != on->context) return CL_INVALID_CONTEXT;
  auto address = reinterpret_cast<uintptr_t>(pointer);
  Allocation::Mapped mapped{0, 0};
  {
    std::lock_guard lock(allocation->maps_lock);
    auto at = allocation->mapped.find(address);
    if (at != allocation->mapped.end()) {
      mapped = at->second;
      allocation->mapped.erase(at);
    }
  }
  if ((mapped.flags & (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION)) == 0) {
    return no_transfer({on, false, waits, list, event, CL_COMMAND_SVM_UNMAP});
  }
  Span span{nullptr, kRegionSvm, {address, mapped.size}, 2, shim::Region::plain(pointer, mapped.size)};
  return write_span(span, {on, false, waits, list, event, CL_COMMAND_SVM_UNMAP});
}

cl_int clEnqueueSVMFree(cl_command_queue queue, cl_uint count, void** pointers,
                        void(CL_CALLBACK* function)(cl_command_queue, cl_uint, void**, void*), void* user_data,
                        cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (cl_int bad = check_shared_command(on, waits, list, false, false); bad != CL_SUCCESS) return bad;
  if ((count == 0) != (pointers == nullptr)) return CL_INVALID_VALUE;
  cl_event own = nullptr;
  cl_event* given = event == nullptr ? &own : event;
  if (cl_int bad = no_transfer({on, false, waits, list, given, CL_COMMAND_SVM_FREE}); bad != CL_SUCCESS) return bad;
  if (event != nullptr) ::clRetainEvent(*event);
  ::clRetainCommandQueue(queue);
  auto* freeing = new Freeing{queue, std::vector<void*>(pointers, pointers + count), function, user_data};
  return ::clSetEventCallback(*given, CL_COMPLETE, free_now, freeing);
}

cl_int clEnqueueSVMMemcpy(cl_command_queue queue, cl_bool blocking, void* to, const void* from, size_t size,
                          cl_uint waits, const cl_event* list, cl_event* event) {
  return copy_shared(as<Queue>(queue), blocking != 0, to, from, size, waits, list, event, CL_COMMAND_SVM_MEMCPY, false);
}

cl_int clEnqueueSVMMemFill(cl_command_queue queue, void* at, const void* pattern, size_t pattern_size, size_t size,
                           cl_uint waits, const cl_event* list, cl_event* event) {
  return fill_shared(as<Queue>(queue), at, pattern, pattern_size, size, waits, list, event, CL_COMMAND_SVM_MEMFILL,
                     false);
}

cl_int clEnqueueSVMMigrateMem(cl_command_queue queue, cl_uint count, const void** pointers, const size_t* sizes,
                              cl_mem_migration_flags flags, cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  if (cl_int bad = check_shared_command(on, waits, list, false, false); bad != CL_SUCCESS) return bad;
  return migrate_shared(on, count, pointers, sizes, flags, waits, list, event, CL_COMMAND_SVM_MIGRATE_MEM);
}

}  // namespace hand
}  // namespace cenote::opencl
