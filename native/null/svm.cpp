#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "null/commands.hpp"
#include "null/memory.hpp"
#include "null/settings.hpp"

namespace cenote::null {
namespace {

constexpr size_t kDefaultAlignment = 128;

/// Every allocation by its address.
struct Allocations {
  static Allocations& instance() {
    static Allocations* only = new Allocations;
    return *only;
  }
  std::mutex mutex;
  std::map<uintptr_t, size_t> sizes;
};

void free_svm(void* pointer) {
  Allocations& all = Allocations::instance();
  {
    std::lock_guard lock(all.mutex);
    if (all.sizes.erase(reinterpret_cast<uintptr_t>(pointer)) == 0) return;
  }
  std::free(pointer);
}

}  // namespace

bool is_svm(const void* address) {
  auto value = reinterpret_cast<uintptr_t>(address);
  Allocations& all = Allocations::instance();
  std::lock_guard lock(all.mutex);
  auto after = all.sizes.upper_bound(value);
  return after != all.sizes.begin() && value - std::prev(after)->first < std::prev(after)->second;
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

void* clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size, cl_uint alignment) {
  if (!valid(context) || size == 0 || size > kMaxAllocation || (flags & CL_MEM_SVM_ATOMICS) != 0 ||
      (alignment != 0 && (!std::has_single_bit(alignment) || alignment > kDefaultAlignment))) {
    return nullptr;
  }
  size_t whole = (size + kDefaultAlignment - 1) / kDefaultAlignment * kDefaultAlignment;
  void* pointer = std::aligned_alloc(kDefaultAlignment, whole);
  if (pointer == nullptr) return nullptr;
  Allocations& all = Allocations::instance();
  std::lock_guard lock(all.mutex);
  all.sizes[reinterpret_cast<uintptr_t>(pointer)] = size;
  return pointer;
}

void clSVMFree(cl_context /*context*/, void* svm_pointer) { free_svm(svm_pointer); }

cl_int clEnqueueSVMFree(cl_command_queue command_queue, cl_uint num_svm_pointers, void** svm_pointers,
                        void(CL_CALLBACK* pfn_free_func)(cl_command_queue, cl_uint, void**, void*), void* user_data,
                        cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (num_svm_pointers == 0 || svm_pointers == nullptr) return CL_INVALID_VALUE;
  std::vector<void*> pointers(svm_pointers, svm_pointers + num_svm_pointers);
  return submit({command_queue, CL_COMMAND_SVM_FREE, num_events_in_wait_list, event_wait_list, event}, [=]() mutable {
    if (pfn_free_func != nullptr) {
      pfn_free_func(command_queue, num_svm_pointers, pointers.data(), user_data);
    } else {
      std::for_each(pointers.begin(), pointers.end(), free_svm);
    }
  });
}

cl_int clEnqueueSVMMemcpy(cl_command_queue command_queue, cl_bool blocking_copy, void* dst_ptr, const void* src_ptr,
                          size_t size, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                          cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (dst_ptr == nullptr || src_ptr == nullptr) return CL_INVALID_VALUE;
  return submit({command_queue, CL_COMMAND_SVM_MEMCPY, num_events_in_wait_list, event_wait_list, event,
                 blocking_copy != CL_FALSE},
                [=] {
                  if (keeps_bytes()) std::memmove(dst_ptr, src_ptr, size);
                });
}

cl_int clEnqueueSVMMemFill(cl_command_queue command_queue, void* svm_ptr, const void* pattern, size_t pattern_size,
                           size_t size, cl_uint num_events_in_wait_list, const cl_event* event_wait_list,
                           cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (svm_ptr == nullptr || pattern == nullptr || !std::has_single_bit(pattern_size) || pattern_size > 128 ||
      size % pattern_size != 0) {
    return CL_INVALID_VALUE;
  }
  std::string kept(static_cast<const char*>(pattern), pattern_size);
  return submit({command_queue, CL_COMMAND_SVM_MEMFILL, num_events_in_wait_list, event_wait_list, event}, [=] {
    if (!keeps_bytes()) return;
    for (size_t i = 0; i < size; i += kept.size()) {
      std::memcpy(static_cast<char*>(svm_ptr) + i, kept.data(), kept.size());
    }
  });
}

cl_int clEnqueueSVMMap(cl_command_queue command_queue, cl_bool blocking_map, cl_map_flags /*flags*/, void* svm_ptr,
                       size_t size, cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (svm_ptr == nullptr || size == 0) return CL_INVALID_VALUE;
  return submit(
      {command_queue, CL_COMMAND_SVM_MAP, num_events_in_wait_list, event_wait_list, event, blocking_map != CL_FALSE},
      [] {});
}

cl_int clEnqueueSVMUnmap(cl_command_queue command_queue, void* svm_ptr, cl_uint num_events_in_wait_list,
                         const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (svm_ptr == nullptr) return CL_INVALID_VALUE;
  return submit({command_queue, CL_COMMAND_SVM_UNMAP, num_events_in_wait_list, event_wait_list, event}, [] {});
}

cl_int clEnqueueSVMMigrateMem(cl_command_queue command_queue, cl_uint num_svm_pointers, const void** svm_pointers,
                              const size_t* /*sizes*/, cl_mem_migration_flags /*flags*/,
                              cl_uint num_events_in_wait_list, const cl_event* event_wait_list, cl_event* event) {
  if (!valid(command_queue)) return CL_INVALID_COMMAND_QUEUE;
  if (num_svm_pointers == 0 || svm_pointers == nullptr) return CL_INVALID_VALUE;
  return submit({command_queue, CL_COMMAND_SVM_MIGRATE_MEM, num_events_in_wait_list, event_wait_list, event}, [] {});
}
