// Slabs of shared memory, and what both sides change in them.
#include "worker/opencl/svm.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "wire/opencl_svm_diff.hpp"
#include "worker/bytes.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kPage = 4096;
constexpr uint64_t kUserEnd = uint64_t{1} << 47;

void free_slab(Worker& w, const Driver& driver, cl_context context, const Slab& slab) {
  if (slab.kind >= kUsmHost) {
    driver.clMemFreeINTEL(context, slab.allocation);
  } else {
    driver.clSVMFree(context, slab.allocation);
  }
  if (slab.charge.bytes != 0) w.quota.give_back(slab.charge);
}

/// The driver's allocation for a slab of `size` usable bytes, freed with the last reference; NULL where it has no room.
std::shared_ptr<const Slab> allocate_slab(Worker& w, const Driver& d, cl_context context, cl_device_id device,
                                          SvmKind kind, size_t size, const worker::Charge& charge, int32_t* error) {
  size_t whole = size + kPage;
  void* at = nullptr;
  *error = CL_INVALID_OPERATION;
  if (kind <= kSvmFine && d.clSVMAlloc != nullptr && d.clSVMFree != nullptr) {
    cl_svm_mem_flags flags = CL_MEM_READ_WRITE | (kind == kSvmFine ? CL_MEM_SVM_FINE_GRAIN_BUFFER : 0);
    at = d.clSVMAlloc(context, flags, whole, 0);
    *error = at == nullptr ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
  } else if (kind == kUsmHost && d.clHostMemAllocINTEL != nullptr) {
    at = d.clHostMemAllocINTEL(context, nullptr, whole, 0, error);
  } else if (kind == kUsmDevice && d.clDeviceMemAllocINTEL != nullptr) {
    at = d.clDeviceMemAllocINTEL(context, device, nullptr, whole, 0, error);
  } else if (kind == kUsmShared && d.clSharedMemAllocINTEL != nullptr) {
    at = d.clSharedMemAllocINTEL(context, device, nullptr, whole, 0, error);
  }
  if (at == nullptr) return nullptr;
  auto address = reinterpret_cast<uint64_t>(at);
  auto* page = reinterpret_cast<char*>((address + kPage - 1) & ~uint64_t{kPage - 1});
  return {new Slab{page, size, at, kind, charge}, [&w, &d, context](const Slab* slab) {
            free_slab(w, d, context, *slab);
            delete slab;
          }};
}

// How much can be kept free: what is left of the address space and of the kernel's table of mappings is for the driver.
size_t ranges_left = 20'000;
uint64_t bytes_left = uint64_t{3} << 45;

/// Keeps the driver from using addresses that the client has other things at.
void keep_free(uint64_t from, uint64_t to) {
  constexpr uint64_t kSmallest = 1 << 16;
  if (to - from < kSmallest || to - from > bytes_left || ranges_left == 0) return;
  auto* at = reinterpret_cast<void*>(from);
  void* got = mmap(at, to - from, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == at) {
    bytes_left -= to - from;
    --ranges_left;
    return;
  }
  if (got != MAP_FAILED) munmap(got, to - from);
  if (got == MAP_FAILED && errno != EEXIST) return;
  uint64_t middle = (from + (to - from) / 2) & ~uint64_t{kPage - 1};
  if (middle == from) return;
  keep_free(from, middle);
  keep_free(middle, to);
}

/// Zeroes memory without touching pages that are zero already.
void clear(char* at, size_t size) {
  static const char kZeros[kPage] = {};
  for (size_t i = 0; i < size; i += kPage) {
    if (std::memcmp(at + i, kZeros, kPage) != 0) std::memset(at + i, 0, kPage);
  }
}

SharedMemory& shared_of(Worker& w, Context* context) {
  if (context->shared == nullptr) context->shared = std::make_unique<SharedMemory>(w);
  return *context->shared;
}

}  // namespace

SharedMemory::~SharedMemory() {
  for (auto& [address, range] : tracked_) munmap(range.twin, range.size);
  for (auto& [address, slab] : slabs_) {
    if (slab->charge.bytes != 0) w_.quota.release_begun();
  }
}

std::shared_ptr<const Slab> SharedMemory::find(uint64_t address, uint64_t size) const {
  auto at = slabs_.upper_bound(address);
  if (at == slabs_.begin()) return nullptr;
  --at;
  uint64_t offset = address - at->first;
  return offset <= at->second->size && size <= at->second->size - offset ? at->second : nullptr;
}

std::shared_ptr<const Slab> SharedMemory::take(uint64_t address) {
  auto node = slabs_.extract(address);
  if (node.empty()) return nullptr;
  auto at = tracked_.lower_bound(address);
  while (at != tracked_.end() && at->first < address + node.mapped()->size) {
    munmap(at->second.twin, at->second.size);
    at = tracked_.erase(at);
  }
  return node.mapped();
}

bool SharedMemory::track(uint64_t address, uint64_t size) {
  std::shared_ptr<const Slab> slab = find(address, size);
  if (slab == nullptr || slab->kind == kSvmCoarse || slab->kind == kUsmDevice) return false;
  if (size == 0 || size % kDiffPage != 0 || address % kDiffPage != 0) return false;
  auto next = tracked_.lower_bound(address);
  if (next != tracked_.end() && next->first < address + size) return false;
  if (next != tracked_.begin() && std::prev(next)->first + std::prev(next)->second.size > address) return false;
  void* twin = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (twin == MAP_FAILED) return false;
  tracked_[address] = {size, static_cast<char*>(twin)};
  return true;
}

bool SharedMemory::untrack(uint64_t address) {
  auto node = tracked_.extract(address);
  if (node.empty()) return false;
  munmap(node.mapped().twin, node.mapped().size);
  return true;
}

char* SharedMemory::twin(uint64_t address, uint64_t size) const {
  auto at = tracked_.upper_bound(address);
  if (at == tracked_.begin()) return nullptr;
  --at;
  uint64_t offset = address - at->first;
  return offset <= at->second.size && size <= at->second.size - offset ? at->second.twin + offset : nullptr;
}

std::shared_ptr<const Slab> shared_slab(Worker& w, const Call& call, const Context* context, uint64_t address,
                                        uint64_t size) {
  auto slab = context->shared == nullptr ? nullptr : context->shared->find(address, size);
  if (slab == nullptr) w.broken("an address outside of shared memory", call);
  return slab;
}

void handle(Worker& w, Call& call, const msg::SvmSlab& m) {
  Ref<Context> context(w.get<Context>(m.context));
  auto* device = m.device == 0 ? nullptr : w.get<Device>(m.device);
  if (int32_t error = first_error({context.get(), device}); error != CL_SUCCESS) {
    return w.outbox.reply(call.sequence, error);
  }
  if (m.kind > kUsmShared || m.size == 0 || m.size % kPage != 0 || m.size > kUserEnd || m.taken.size() % 2 != 0) {
    w.broken("a slab of no kind or size", call);
  }
  for (size_t i = 0; i + 1 < m.taken.size(); i += 2) {
    uint64_t from = (m.taken[i] + kPage - 1) & ~uint64_t{kPage - 1};
    uint64_t to = std::min(m.taken[i + 1], kUserEnd) & ~uint64_t{kPage - 1};
    if (from < to) keep_free(from, to);
  }
  struct Outcome {
    std::shared_ptr<const Slab> slab;
    int32_t error = CL_SUCCESS;
  };
  auto outcome = std::make_shared<Outcome>();
  w.blocking(
      [&w, outcome, context = context.get(), device = native(device), kind = static_cast<SvmKind>(m.kind),
       size = m.size, payers = device == nullptr ? context->memory : std::vector<uint32_t>{device->index}] {
        worker::Charge charge;
        if (kind != kUsmHost || context->unified) charge.bytes = size;
        if (charge.bytes != 0 && !w.quota.obtain(payers, &charge)) {
          outcome->error = CL_OUT_OF_RESOURCES;
          return;
        }
        outcome->slab =
            allocate_slab(w, *context->driver, context->native, device, kind, size, charge, &outcome->error);
        if (outcome->slab == nullptr && charge.bytes != 0) w.quota.cancel(charge);
      },
      [&w, context, outcome, sequence = call.sequence] {
        if (outcome->slab == nullptr) return w.outbox.reply(sequence, outcome->error);
        shared_of(w, context.get()).add(outcome->slab);
        worker::Bytes body;
        body.word(reinterpret_cast<uint64_t>(outcome->slab->at));
        w.outbox.reply(sequence, CL_SUCCESS, body.data());
      });
}

void handle(Worker& w, Call& call, const msg::SvmDrop& m) {
  Ref<Context> context(w.get<Context>(m.context));
  auto slab = context->shared == nullptr ? nullptr : context->shared->take(m.address);
  if (slab == nullptr) w.broken("an address that is no slab's", call);
  // Who asks for memory from now on waits for this to be free.
  if (slab->charge.bytes != 0) w.quota.release_begun();
  w.blocking([slab = std::move(slab)]() mutable { slab.reset(); }, [context] {});
}

void handle(Worker& w, Call& call, const msg::SvmTrack& m) {
  auto* context = w.get<Context>(m.context);
  if (context->shared == nullptr || !context->shared->track(m.address, m.size)) {
    w.broken("a range that cannot be tracked", call);
  }
  clear(reinterpret_cast<char*>(m.address), m.size);
}

void handle(Worker& w, Call& call, const msg::SvmUntrack& m) {
  auto* context = w.get<Context>(m.context);
  if (context->shared == nullptr || !context->shared->untrack(m.address)) w.broken("a range that is not tracked", call);
}

void handle(Worker& w, Call& call, const msg::SvmPush& m) {
  auto* context = w.get<Context>(m.context);
  bool good = context->shared != nullptr && apply_changes(m.changes, [&](uint64_t address, uint64_t size) {
                return context->shared->twin(address, size);
              });
  if (!good) w.broken("changes of what is not tracked", call);
}

void handle(Worker& w, Call& call, const msg::SvmFetch& m) {
  auto* context = w.get<Context>(m.context);
  std::vector<uint64_t> changes;
  for (size_t i = 0; i + 1 < m.ranges.size(); i += 2) {
    uint64_t address = m.ranges[i];
    uint64_t size = m.ranges[i + 1];
    char* twin = context->shared == nullptr ? nullptr : context->shared->twin(address, size);
    if (twin == nullptr || size % kDiffPage != 0) w.broken("a range that is not tracked", call);
    find_changes(reinterpret_cast<const char*>(address), twin, size, &changes);
  }
  worker::Bytes body;
  body.bytes(changes.data(), 8 * changes.size());
  w.outbox.reply(call.sequence, CL_SUCCESS, body.data());
}

}  // namespace cenote::opencl
