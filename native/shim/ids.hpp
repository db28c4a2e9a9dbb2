// Ids that a session gives to its objects: dense slots with generations, reused only after the server's destroy notice.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/frames.hpp"

namespace cenote::shim {

class Ids {
 public:
  /// A new id of this type, or 0 when `kMax` objects are alive.
  uint64_t take(uint8_t type) {
    uint32_t slot = 0;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else {
      if (generations_.size() == kMax) return 0;
      slot = static_cast<uint32_t>(generations_.size());
      generations_.push_back(1);
    }
    return wire::make_id(type, generations_[slot], slot);
  }
  /// False where this id was not taken, or was given back before.
  bool give_back(uint64_t id) {
    uint32_t slot = wire::id_slot(id);
    if (slot >= generations_.size() || (generations_[slot] & 0xffffff) != wire::id_generation(id)) return false;
    ++generations_[slot];
    free_.push_back(slot);
    return true;
  }

  static constexpr size_t kMax = size_t{4} << 20;

 private:
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> free_;
};

}  // namespace cenote::shim
