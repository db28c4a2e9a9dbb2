// SHA-256 (RFC 6234), HMAC and HKDF (RFC 5869), so that a plain connection needs no cryptographic library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cenote::wire {

using Digest = std::array<unsigned char, 32>;

class Sha256 {
 public:
  void update(const void* data, size_t size);
  Digest finish();

 private:
  void block(const unsigned char* bytes);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  unsigned char pending_[64] = {};
  uint64_t size_ = 0;
};

class Hmac {
 public:
  Hmac(const void* key, size_t size);
  Hmac& update(const void* data, size_t size) {
    inner_.update(data, size);
    return *this;
  }
  Digest finish();

 private:
  Sha256 inner_;
  Sha256 outer_;
};

/// Fills `out`; at most 255 * 32 bytes.
void hkdf(const void* secret, size_t secret_size, const void* salt, size_t salt_size, const void* info,
          size_t info_size, void* out, size_t out_size);

/// Compares in a time that does not depend on the contents.
bool equal_secrets(const void* a, const void* b, size_t size);

}  // namespace cenote::wire
