// The worker's side of the client's objects: found by id, checked for type and generation, counted under the executor's
// lock.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "wire/frames.hpp"

namespace cenote::worker {

struct Parked;

/// What stands behind an id. Released natively by the subclass's destructor, when nothing refers to it any more.
struct Object {
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  uint64_t id = 0;
  const void* home = nullptr;  // the driver that it is of: all objects in one call are of the same
  int references = 0;
  int32_t error = 0;           // a failed create: every use answers with this
  Parked* tail = nullptr;      // calls that name this object come after this one
  int pins = 0;                // parked calls that name it: its id stays until they are done
  bool doomed = false;         // the client has let go of it
  uint64_t destroy_reply = 0;  // the call to be answered when it is gone
};

/// Counted reference; to be touched under the executor's lock only.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(T* object) : object_(object) {  // NOLINT: a reference is made wherever an object is handed over
    if (object_ != nullptr) ++object_->references;
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr && --object_->references == 0) delete object_;
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

/// Objects by the slot in their id.
class ObjectTable {
 public:
  static constexpr uint32_t kMaxSlots = 4 << 20;

  /// The object, or NULL where no living object has exactly this id.
  [[nodiscard]] Object* find(uint64_t id) const {
    uint32_t slot = wire::id_slot(id);
    if (slot >= slots_.size()) return nullptr;
    Object* object = slots_[slot].get();
    return object != nullptr && object->id == id ? object : nullptr;
  }
  /// Takes the object in. False where the slot is taken or out of range: the client is broken.
  bool insert(uint64_t id, Object* object) {
    uint32_t slot = wire::id_slot(id);
    // Slots are dense: the client reuses free ones, so a gap larger than this is no honest client's.
    if (slot >= kMaxSlots || slot > slots_.size() + kMaxGap) return false;
    if (slot >= slots_.size()) slots_.resize(slot + 1);
    if (slots_[slot]) return false;
    object->id = id;
    slots_[slot] = Ref<Object>(object);
    return true;
  }
  bool remove(uint64_t id) {
    if (find(id) == nullptr) return false;
    slots_[wire::id_slot(id)] = {};
    return true;
  }

 private:
  static constexpr size_t kMaxGap = 1 << 16;
  std::vector<Ref<Object>> slots_;
};

}  // namespace cenote::worker
