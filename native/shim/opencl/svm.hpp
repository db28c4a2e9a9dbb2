// Shared virtual memory and unified shared memory: allocations at addresses that hold on both machines.
//
// The driver's memory comes in slabs that are mapped here at the same addresses and sub-allocated. What the program may
// touch only between a map and an unmap (coarse-grain SVM) travels with these. What it may touch at any time
// (fine-grain SVM, USM of the host and shared USM) is compared with a twin: the program's changes go to the server
// ahead of what may use them, those of kernels come back when the program waits for something.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "shim/opencl/stub.hpp"
#include "wire/opencl_queries.hpp"

namespace cenote::opencl {

struct Slab {
  Context* context;
  Device* device;
  SvmKind kind;
  uintptr_t base;
  size_t size;
  std::map<uintptr_t, size_t> free;
};

struct Allocation {
  Context* context = nullptr;
  Device* device = nullptr;
  SvmKind kind = kSvmCoarse;
  uintptr_t base = 0;
  size_t size = 0;
  size_t room = 0;  // taken from the slab
  Slab* slab = nullptr;
  cl_mem_alloc_flags_intel flags = 0;
  struct Mapped {
    size_t size;
    cl_map_flags flags;
  };
  std::mutex maps_lock;
  std::multimap<uintptr_t, Mapped> mapped;

  // Of tracked ones only.
  char* twin = nullptr;
  std::map<uint64_t, uint64_t> users;  // queues with commands that may change it, and the last of these commands
  bool used = false;                   // since its last fetch after which nobody used it
  bool freed = false;

  [[nodiscard]] bool tracked() const { return twin != nullptr; }
  [[nodiscard]] bool contains(uintptr_t address, size_t bytes) const {
    return address >= base && address - base <= size && bytes <= size - (address - base);
  }
  Allocation() = default;
  Allocation(const Allocation&) = delete;
  Allocation& operator=(const Allocation&) = delete;
  ~Allocation();
};
using Shared = std::shared_ptr<Allocation>;

/// Memory of the kind, NULL where there is no room; `alignment` is a power of two.
Shared allocate_shared(Context* context, Device* device, SvmKind kind, size_t size, size_t alignment);
void free_shared(const Shared& allocation);
/// The allocation that an address lies in (or ends), or NULL.
Shared find_shared(const void* address);
/// All allocations of a context.
std::vector<Shared> all_shared(const Context* context);
/// At a context's end: everything of it.
void forget_shared(Context* context);

/// What the program has changed goes to the server, for commands that are sent from now on.
void push_shared(const std::vector<Shared>& allocations);
/// The allocation is being freed: nothing of it travels any more.
void stop_tracking(Allocation& allocation);
/// Remembers that a command which may change these has been sent to the queue.
void use_shared(const std::vector<Shared>& allocations, Queue* queue);

extern std::atomic<int> shared_in_use;  // allocations that kernels may have changed
void fetch_shared(Context* context, Queue* queue, uint64_t sequence, bool all);

/// The program has waited for all commands of the queue up to `sequence` (`all`: for each before it too, whatever the
/// queue's order), or for something else (no queue): what kernels have changed must be here.
inline void sync_shared(Context* context, Queue* queue, uint64_t sequence, bool all) {
  if (shared_in_use.load(std::memory_order_relaxed) != 0) fetch_shared(context, queue, sequence, all);
}
/// The program is about to set off commands sent earlier (a user event).
void release_shared(Context* context);

/// What a kernel may reach beside its memory objects.
struct SharedUse {
  std::map<cl_uint, const void*> arguments;
  std::vector<const void*> pointers;   // from the execution info
  bool indirect[kUsmShared + 1] = {};  // whole kinds
};
/// Allocations that a launch of the kernel may use and that must be kept in step.
std::vector<Shared> reachable(Kernel* kernel);

/// CL_SUCCESS, or what is wrong with a command on shared memory.
cl_int check_shared_command(Queue* queue, cl_uint waits, const cl_event* list, bool blocking, bool usm);
/// Copies between any two places, each in shared memory or not.
cl_int copy_shared(Queue* queue, bool blocking, void* to, const void* from, size_t size, cl_uint waits,
                   const cl_event* list, cl_event* event, cl_command_type type, bool usm);
cl_int fill_shared(Queue* queue, void* at, const void* pattern, size_t pattern_size, size_t size, cl_uint waits,
                   const cl_event* list, cl_event* event, cl_command_type type, bool usm);
cl_int migrate_shared(Queue* queue, cl_uint count, const void* const* pointers, const size_t* sizes,
                      cl_mem_migration_flags flags, cl_uint waits, const cl_event* list, cl_event* event,
                      cl_command_type type);
cl_int set_shared_argument(cl_kernel kernel, cl_uint index, const void* value, bool usm);

}  // namespace cenote::opencl
