// Shared memory of a context: slabs of the driver's SVM or USM, which the client sub-allocates and maps at the same
// addresses, and the ranges in them that both sides may change and compare with a twin.
#pragma once

#include <map>
#include <memory>

#include "wire/opencl_queries.hpp"
#include "worker/opencl/worker.hpp"

namespace cenote::opencl {

/// Shared memory that buffers may lie in: it stays as long as any of them.
struct Slab {
  char* at = nullptr;  // page-aligned inside the driver's allocation
  size_t size = 0;
  void* allocation = nullptr;
  SvmKind kind = kSvmCoarse;
  worker::Charge charge;  // of no bytes for what lies in the host's memory
};

inline bool is_usm(const Slab& slab) { return slab.kind >= kUsmHost; }

class SharedMemory {
 public:
  explicit SharedMemory(Worker& w) : w_(w) {}
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  /// The slab in which the whole range lies (an empty one may lie at its end), or NULL.
  [[nodiscard]] std::shared_ptr<const Slab> find(uint64_t address, uint64_t size) const;
  void add(const std::shared_ptr<const Slab>& slab) { slabs_[reinterpret_cast<uint64_t>(slab->at)] = slab; }
  /// Takes the slab out, with all that is tracked in it; NULL where there is none.
  std::shared_ptr<const Slab> take(uint64_t address);

  /// Begins to track a range that overlaps no other; false where that is not to be had.
  bool track(uint64_t address, uint64_t size);
  bool untrack(uint64_t address);
  /// The twin of a part of a tracked range, or NULL.
  [[nodiscard]] char* twin(uint64_t address, uint64_t size) const;

 private:
  struct Tracked {
    uint64_t size;
    char* twin;
  };

  Worker& w_;
  std::map<uint64_t, std::shared_ptr<const Slab>> slabs_;
  std::map<uint64_t, Tracked> tracked_;
};

/// The slab of a range that a client named; the session ends where there is none.
std::shared_ptr<const Slab> shared_slab(Worker& w, const Call& call, const Context* context, uint64_t address,
                                        uint64_t size);

int32_t copy_shared(const Driver& d, cl_command_queue q, bool usm, cl_bool wait, void* to, const void* from,
                    size_t size, cl_uint waits, const cl_event* list, cl_event* event);

int32_t set_shared_argument(const Kernel& kernel, uint32_t index, uint64_t address, bool usm);

}  // namespace cenote::opencl
