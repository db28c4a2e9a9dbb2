#include "wire/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cenote::wire {

namespace {

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t big_endian(const unsigned char* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
}

void put_big_endian(unsigned char* at, uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<unsigned char>(value >> (24 - 8 * i));
}

}  // namespace

void Sha256::block(const unsigned char* bytes) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) w[i] = big_endian(bytes + 4 * i);
  for (int i = 16; i < 64; ++i) {
    uint32_t a = w[i - 15];
    uint32_t b = w[i - 2];
    w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[i - 7] +
           (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    uint32_t t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const uint32_t result[8] = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state_[i] += result[i];
}

void Sha256::update(const void* data, size_t size) {
  if (size == 0) return;
  const auto* bytes = static_cast<const unsigned char*>(data);
  size_t held = size_ % 64;
  size_ += size;
  if (held != 0) {
    size_t n = std::min(size, 64 - held);
    std::memcpy(pending_ + held, bytes, n);
    if (held + n < 64) return;
    block(pending_);
    bytes += n;
    size -= n;
  }
  for (; size >= 64; bytes += 64, size -= 64) block(bytes);
  if (size != 0) std::memcpy(pending_, bytes, size);
}

Digest Sha256::finish() {
  size_t held = size_ % 64;
  uint64_t bits = size_ * 8;
  pending_[held++] = 0x80;
  if (held > 56) {
    std::memset(pending_ + held, 0, 64 - held);
    block(pending_);
    held = 0;
  }
  std::memset(pending_ + held, 0, 56 - held);
  put_big_endian(pending_ + 56, static_cast<uint32_t>(bits >> 32));
  put_big_endian(pending_ + 60, static_cast<uint32_t>(bits));
  block(pending_);
  Digest digest;
  for (size_t i = 0; i < 8; ++i) put_big_endian(digest.data() + 4 * i, state_[i]);
  return digest;
}

Hmac::Hmac(const void* key, size_t size) {
  unsigned char pad[64] = {};
  if (size > sizeof pad) {
    Sha256 hash;
    hash.update(key, size);
    Digest digest = hash.finish();
    std::memcpy(pad, digest.data(), digest.size());
  } else if (size != 0) {
    std::memcpy(pad, key, size);
  }
  for (auto& byte : pad) byte ^= 0x36;
  inner_.update(pad, sizeof pad);
  for (auto& byte : pad) byte ^= 0x36 ^ 0x5c;
  outer_.update(pad, sizeof pad);
}

Digest Hmac::finish() {
  Digest digest = inner_.finish();
  outer_.update(digest.data(), digest.size());
  return outer_.finish();
}

void hkdf(const void* secret, size_t secret_size, const void* salt, size_t salt_size, const void* info,
          size_t info_size, void* out, size_t out_size) {
  Digest key = Hmac(salt, salt_size).update(secret, secret_size).finish();
  auto* at = static_cast<unsigned char*>(out);
  Digest last{};
  for (unsigned char counter = 1; out_size != 0; ++counter) {
    Hmac step(key.data(), key.size());
    if (counter != 1) step.update(last.data(), last.size());
    last = step.update(info, info_size).update(&counter, 1).finish();
    size_t n = std::min(out_size, last.size());
    std::memcpy(at, last.data(), n);
    at += n;
    out_size -= n;
  }
}

bool equal_secrets(const void* a, const void* b, size_t size) {
  const auto* x = static_cast<const volatile unsigned char*>(a);
  const auto* y = static_cast<const volatile unsigned char*>(b);
  unsigned difference = 0;
  for (size_t i = 0; i < size; ++i) difference |= static_cast<unsigned>(x[i] ^ y[i]);
  return difference == 0;
}

}  // namespace cenote::wire
