// Reply bodies of a size not known beforehand, in the encoding of the command stream.
#pragma once

#include <cstring>
#include <vector>

#include "wire/codec.hpp"

namespace cenote::worker {

class Bytes {
 public:
  void word(uint64_t v) {
    wire::Writer w(grow(8));
    w.word(v);
  }
  void bytes(const wire::Blob& b) {
    wire::Writer w(grow(wire::wire_size(b)));
    w.bytes(b);
  }
  void bytes(const void* data, size_t size) { bytes(wire::Blob{data, size}); }
  void text(std::string_view t) { bytes(wire::blob(t)); }
  std::vector<char> take() { return std::move(data_); }
  [[nodiscard]] const std::vector<char>& data() const { return data_; }

 private:
  char* grow(size_t n) {
    data_.resize(data_.size() + n);
    return data_.data() + data_.size() - n;
  }
  std::vector<char> data_;
};

}  // namespace cenote::worker
