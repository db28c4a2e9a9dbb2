// How values lie on the command stream: every field takes whole 64-bit little-endian words, so that both ends read in
// place. Arrays are a count (kNull for a NULL pointer) and their elements, bytes are padded with zeros to a whole word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cenote::wire {

inline constexpr uint64_t kNull = ~uint64_t{0};

constexpr size_t padded(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

/// A view of 64-bit words: handles' ids, sizes, or scalars widened to a word each.
struct Words {
  const uint64_t* data = nullptr;
  uint64_t count = kNull;
  [[nodiscard]] bool null() const { return count == kNull; }
  [[nodiscard]] uint64_t size() const { return null() ? 0 : count; }
  uint64_t operator[](size_t i) const { return data[i]; }
  [[nodiscard]] const uint64_t* begin() const { return data; }
  [[nodiscard]] const uint64_t* end() const { return data + size(); }
};

/// A view of untyped bytes.
struct Blob {
  const void* data = nullptr;
  uint64_t count = kNull;
  [[nodiscard]] bool null() const { return count == kNull; }
  [[nodiscard]] uint64_t size() const { return null() ? 0 : count; }
  [[nodiscard]] std::string_view text() const { return {static_cast<const char*>(data), static_cast<size_t>(size())}; }
};

inline Blob blob(std::string_view text) { return {text.data(), text.size()}; }

/// Bytes that a field takes on the wire.
inline size_t wire_size(const Words& w) { return 8 + 8 * w.size(); }
inline size_t wire_size(const Blob& b) { return 8 + padded(b.size()); }

/// Writes fields into memory that is known to be large enough.
class Writer {
 public:
  explicit Writer(void* to) : at_(static_cast<char*>(to)) {}
  void word(uint64_t v) {
    std::memcpy(at_, &v, 8);
    at_ += 8;
  }
  void words(const Words& w) {
    word(w.count);
    if (w.size() != 0) std::memcpy(at_, w.data, 8 * w.size());
    at_ += 8 * w.size();
  }
  void bytes(const Blob& b) {
    word(b.count);
    padded_bytes(b);
  }
  /// Those of a field whose count has been written.
  void padded_bytes(const Blob& b) {
    size_t n = b.size();
    if (n == 0) return;
    if (n % 8 != 0) std::memset(at_ + padded(n) - 8, 0, 8);
    std::memcpy(at_, b.data, n);
    at_ += padded(n);
  }
  [[nodiscard]] char* at() const { return at_; }

 private:
  char* at_;
};

/// Reads fields; after the first one that does not fit, ok() is false and everything reads as zero.
class Reader {
 public:
  Reader(const void* data, size_t size) : at_(static_cast<const char*>(data)), end_(at_ + size) {}
  uint64_t word() {
    uint64_t v = 0;
    if (!take(8)) return 0;
    std::memcpy(&v, at_ - 8, 8);
    return v;
  }
  Words words() {
    uint64_t count = word();
    if (!ok_ || count == kNull) return {};
    if (count > left() / 8) return fail<Words>();
    Words w{reinterpret_cast<const uint64_t*>(at_), count};
    at_ += 8 * count;
    return w;
  }
  Blob bytes() {
    uint64_t count = word();
    if (!ok_ || count == kNull) return {};
    if (count > left() || padded(count) > left()) return fail<Blob>();
    Blob b{at_, count};
    at_ += padded(count);
    return b;
  }
  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - at_); }
  [[nodiscard]] const char* at() const { return at_; }
  [[nodiscard]] bool ok() const { return ok_; }
  /// Whether everything was read and nothing is left over.
  [[nodiscard]] bool finished() const { return ok_ && at_ == end_; }

 private:
  bool take(size_t n) {
    if (!ok_ || left() < n) {
      ok_ = false;
      return false;
    }
    at_ += n;
    return true;
  }
  template <class T>
  T fail() {
    ok_ = false;
    return {};
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace cenote::wire
