#include "shim/arena.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <mutex>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace cenote::shim::arena {

std::atomic<uintptr_t> base{0};
std::atomic<uintptr_t> end{0};

namespace {

std::mutex& lock = *new std::mutex;
void* free_list = nullptr;  // linked through the word after the header, which stays zeroed

void** link_of(void* slot) { return reinterpret_cast<void**>(static_cast<char*>(slot) + sizeof(Object)); }

bool reserve() {
  size_t size = kSlotSize * kSlotCount;
  void* at = mmap(reinterpret_cast<void*>(kArenaHint), size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return false;
  madvise(at, size, MADV_NOHUGEPAGE);
  end.store(reinterpret_cast<uintptr_t>(at));
  base.store(reinterpret_cast<uintptr_t>(at));
  return true;
}

}  // namespace

void* allocate() {
  std::lock_guard guard(lock);
  if (free_list != nullptr) {
    void* slot = free_list;
    free_list = *link_of(slot);
    return slot;
  }
  if (base.load() == 0 && !reserve()) return nullptr;
  uintptr_t slot = end.load(std::memory_order_relaxed);
  if (slot == base.load() + kSlotSize * kSlotCount) return nullptr;
  new (reinterpret_cast<void*>(slot)) Object;
  end.store(slot + kSlotSize, std::memory_order_release);
  return reinterpret_cast<void*>(slot);
}

void release(void* slot) {
#ifdef __SANITIZE_ADDRESS__
  // Never used again, and nobody may look at more of it than as() does.
  size_t seen = offsetof(Object, session);
  __asan_poison_memory_region(static_cast<char*>(slot) + seen, kSlotSize - seen);
#else
  std::lock_guard guard(lock);
  *link_of(slot) = free_list;
  free_list = slot;
#endif
}

void forget(bool (*dies)(uint8_t type)) {
  new (&lock) std::mutex;  // a thread of the parent may have held it
  for (uintptr_t slot = base.load(); slot != end.load(); slot += kSlotSize) {
    auto* object = reinterpret_cast<Object*>(slot);
    if (object->type.load() != 0 && dies(object->type.load())) object->type.store(0);
  }
}

}  // namespace cenote::shim::arena
