// Places for objects: a handle is checked without touching memory that may not be there.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "api/opencl_api.hpp"

namespace cenote::null {

/// All objects of one type. They lie in one reserved range of addresses, so any pointer can be asked about.
template <class T>
class Pool {
 public:
  static constexpr size_t kCapacity = size_t{1} << 20;

  static Pool& instance() {
    static Pool* pool = new Pool;  // never destroyed: programs call us from their own static destructors
    return *pool;
  }

  /// A new object with one handle, or NULL where there is no more room.
  template <class... Args>
  T* make(Args&&... args) {
    Slot* slot = take();
    if (slot == nullptr) return nullptr;
    T* object = new (slot->object) T(std::forward<Args>(args)...);
    slot->uses.store(1, std::memory_order_relaxed);
    slot->handles.store(1, std::memory_order_release);
    return object;
  }

  /// Whether this is a handle that the program holds.
  bool has(const T* object) const {
    auto offset = reinterpret_cast<uintptr_t>(object) - reinterpret_cast<uintptr_t>(slots_);
    return slots_ != nullptr && offset < kCapacity * sizeof(Slot) && offset % sizeof(Slot) == 0 &&
           slots_[offset / sizeof(Slot)].handles.load(std::memory_order_acquire) != 0;
  }

  uint32_t handles(const T* object) const { return slot_of(object).handles.load(); }
  void retain(const T* object) { slot_of(object).handles.fetch_add(1); }
  /// Takes one handle away; with the last one the object goes as soon as nothing inside uses it.
  void release(const T* object) {
    if (slot_of(object).handles.fetch_sub(1) == 1) unuse(object);
  }

  void use(const T* object) { slot_of(object).uses.fetch_add(1, std::memory_order_relaxed); }
  void unuse(const T* object) {
    Slot& slot = slot_of(object);
    if (slot.uses.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::launder(reinterpret_cast<T*>(slot.object))->~T();
    std::lock_guard lock(mutex_);
    free_.push_back(static_cast<uint32_t>(&slot - slots_));
  }

 private:
  struct Slot {
    alignas(T) std::byte object[sizeof(T)];
    std::atomic<uint32_t> handles;  // references that the program counts
    std::atomic<uint32_t> uses;     // all handles together are one
  };

  Pool() {
    void* range = mmap(nullptr, kCapacity * sizeof(Slot), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range != MAP_FAILED) slots_ = static_cast<Slot*>(range);
  }

  Slot& slot_of(const T* object) const { return *reinterpret_cast<Slot*>(const_cast<T*>(object)); }

  Slot* take() {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      uint32_t index = free_.back();
      free_.pop_back();
      return &slots_[index];
    }
    return slots_ != nullptr && used_ < kCapacity ? &slots_[used_++] : nullptr;
  }

  std::mutex mutex_;
  std::vector<uint32_t> free_;
  size_t used_ = 0;
  Slot* slots_ = nullptr;
};

/// Keeps an object alive whatever the program releases.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) Pool<T>::instance().use(object_);
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) Pool<T>::instance().unuse(object_);
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }

 private:
  T* object_ = nullptr;
};

template <class T>
bool valid(const T* handle) {
  return Pool<T>::instance().has(handle);
}

template <class T>
cl_int retain(T* handle, cl_int invalid) {
  if (!valid(handle)) return invalid;
  Pool<T>::instance().retain(handle);
  return 0;
}

template <class T>
cl_int release(T* handle, cl_int invalid) {
  if (!valid(handle)) return invalid;
  Pool<T>::instance().release(handle);
  return 0;
}

}  // namespace cenote::null
