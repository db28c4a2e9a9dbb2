// A box in the program's memory, and how its bytes, packed one after the other, map onto it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cenote::shim {

struct Region {
  char* base = nullptr;
  uint64_t row = 0;  // bytes in a row; a plain range is one row
  uint64_t rows = 1;
  uint64_t slices = 1;
  uint64_t row_pitch = 0;
  uint64_t slice_pitch = 0;

  static Region plain(const void* at, uint64_t size) {
    return {static_cast<char*>(const_cast<void*>(at)), size, 1, 1, size, size};
  }
  [[nodiscard]] uint64_t total() const { return row * rows * slices; }

  struct Run {
    char* at;
    uint64_t size;
  };
  /// The longest stretch without a gap that starts at packed offset `offset`.
  [[nodiscard]] Run run(uint64_t offset) const {
    if (row_pitch == row && (slices == 1 || slice_pitch == row * rows)) return {base + offset, total() - offset};
    uint64_t column = offset % row;
    uint64_t line = offset / row;
    char* at = base + (line / rows) * slice_pitch + (line % rows) * row_pitch + column;
    if (row_pitch == row) return {at, row * (rows - line % rows) - column};
    return {at, row - column};
  }
  /// Bytes from the first to the last, gaps included.
  [[nodiscard]] uint64_t extent() const { return (slices - 1) * slice_pitch + (rows - 1) * row_pitch + row; }
  /// Whether any byte of [from, from + size) belongs to the box's extent.
  [[nodiscard]] bool overlaps(const void* from, uint64_t size) const {
    const char* begin = static_cast<const char*>(from);
    return begin < base + extent() && base < begin + size;
  }
};

}  // namespace cenote::shim
