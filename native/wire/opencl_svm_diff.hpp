// What one side has changed in memory that both sides hold a copy of. Each side also keeps a twin: the contents that
// both knew last. Changes are found by comparing with it, byte by byte, so that two sides may write neighbouring bytes.
//
// In words: address, number of blocks, and for each block a mask of its changed bytes and its 64 bytes.
#pragma once

#include <cstring>
#include <vector>

#include "wire/codec.hpp"

namespace cenote::opencl {

inline constexpr size_t kDiffBlock = 64;
inline constexpr size_t kDiffPage = 4096;

/// Appends what differs from the twin, and brings the twin up to date. `size` is a multiple of kDiffPage.
inline void find_changes(const char* at, char* twin, size_t size, std::vector<uint64_t>* out) {
  constexpr size_t kWords = kDiffBlock / 8;
  size_t count_at = 0;  // where the running piece counts its blocks; 0 for none
  for (size_t page = 0; page < size; page += kDiffPage) {
    if (std::memcmp(at + page, twin + page, kDiffPage) == 0) {
      count_at = 0;
      continue;
    }
    for (size_t i = page; i < page + kDiffPage; i += kDiffBlock) {
      uint64_t now[kWords];  // read once: the program may be writing
      uint64_t before[kWords];
      std::memcpy(now, at + i, kDiffBlock);
      std::memcpy(before, twin + i, kDiffBlock);
      uint64_t mask = 0;
      for (size_t w = 0; w < kWords; ++w) {
        uint64_t changed = now[w] ^ before[w];
        for (size_t b = 0; changed != 0; ++b, changed >>= 8) {
          if ((changed & 0xff) != 0) mask |= uint64_t{1} << (8 * w + b);
        }
      }
      if (mask == 0) {
        count_at = 0;
        continue;
      }
      std::memcpy(twin + i, now, kDiffBlock);
      if (count_at == 0) {
        out->push_back(reinterpret_cast<uint64_t>(at + i));
        count_at = out->size();
        out->push_back(0);
      }
      ++(*out)[count_at];
      out->push_back(mask);
      out->insert(out->end(), now, now + kWords);
    }
  }
}

/// Makes the other side's changes here and in the twin. `twin_of(address, size)` is NULL where there is no such range;
/// then, and where the bytes are no changes, false.
template <class TwinOf>
bool apply_changes(const wire::Blob& changes, TwinOf&& twin_of) {
  constexpr size_t kWords = kDiffBlock / 8;
  if (changes.size() % 8 != 0) return false;
  wire::Reader in(changes.data, changes.size());
  while (in.left() != 0) {
    uint64_t address = in.word();
    uint64_t blocks = in.word();
    if (!in.ok() || blocks > in.left() / (8 + kDiffBlock)) return false;
    char* twin = twin_of(address, blocks * kDiffBlock);
    if (twin == nullptr) return false;
    auto* at = reinterpret_cast<char*>(address);
    for (; blocks != 0; --blocks, at += kDiffBlock, twin += kDiffBlock) {
      uint64_t mask = in.word();
      char bytes[kDiffBlock];
      for (size_t w = 0; w < kWords; ++w) {
        uint64_t word = in.word();
        std::memcpy(bytes + 8 * w, &word, 8);
      }
      if (mask == ~uint64_t{0}) {
        std::memcpy(at, bytes, kDiffBlock);
        std::memcpy(twin, bytes, kDiffBlock);
        continue;
      }
      for (size_t b = 0; b < kDiffBlock; ++b) {
        if ((mask >> b & 1) != 0) at[b] = twin[b] = bytes[b];
      }
    }
  }
  return true;
}

}  // namespace cenote::opencl
