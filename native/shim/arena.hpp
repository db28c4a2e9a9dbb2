// Where all API objects of the process live: one reserved range at an unusual address, cut into equal slots. Whether a
// handle names a live object is decided from the address and the slot's own header, without trusting the handle.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace cenote::shim {

class Session;

/// What every API object begins with. `dispatch` must come first: ICD loaders read it.
struct Object {
  const void* dispatch = nullptr;
  std::atomic<uint8_t> type{0};  // 0: the slot is free
  std::atomic<uint32_t> user_references{1};
  std::atomic<uint32_t> references{1};  // of the program (one for all of its own) and of objects made from this one
  Session* session = nullptr;
  uint64_t id = 0;  // on the wire; 0 for what the server does not know
};

inline constexpr size_t kSlotSize = 512;
inline constexpr size_t kSlotCount = size_t{4} << 20;
inline constexpr uintptr_t kArenaHint = 0x5ce0'7e00'0000;

namespace arena {

/// A free slot, or NULL when all are taken or the range cannot be reserved.
void* allocate();
void release(void* slot);
/// In a forked child: makes the handles of all types for which `dies` invalid, without destroying anything.
void forget(bool (*dies)(uint8_t type));

extern std::atomic<uintptr_t> base;  // 0 until first use
extern std::atomic<uintptr_t> end;   // first address never handed out yet

inline bool contains(const void* handle) {
  auto at = reinterpret_cast<uintptr_t>(handle);
  auto from = base.load(std::memory_order_relaxed);
  return from != 0 && at >= from && at < end.load(std::memory_order_acquire) && (at - from) % kSlotSize == 0;
}

}  // namespace arena

/// The live object of class T behind a handle, or NULL.
template <class T>
T* as(const void* handle) {
  if (!arena::contains(handle)) return nullptr;
  auto* object = static_cast<Object*>(const_cast<void*>(handle));
  return object->type.load(std::memory_order_acquire) == static_cast<uint8_t>(T::kType) ? static_cast<T*>(object)
                                                                                        : nullptr;
}

/// The live object of any class behind a handle, or NULL.
inline Object* as_object(const void* handle) {
  if (!arena::contains(handle)) return nullptr;
  auto* object = static_cast<Object*>(const_cast<void*>(handle));
  return object->type.load(std::memory_order_acquire) != 0 ? object : nullptr;
}

template <class T, class... Args>
T* make(Args&&... args) {
  static_assert(sizeof(T) <= kSlotSize);
  static_assert(std::is_base_of_v<Object, T>);
  void* slot = arena::allocate();
  if (slot == nullptr) return nullptr;
  T* object = new (slot) T(std::forward<Args>(args)...);
  object->type.store(static_cast<uint8_t>(T::kType), std::memory_order_release);
  return object;
}

template <class T>
void destroy(T* object) {
  object->type.store(0, std::memory_order_release);
  object->~T();
  arena::release(object);
}

}  // namespace cenote::shim
