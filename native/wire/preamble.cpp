#include "wire/preamble.hpp"

#include <algorithm>
#include <cstring>

namespace cenote::wire {

namespace {

constexpr unsigned char kMagic[8] = {'C', 'E', 'N', 'O', 'T', 'E', '\r', '\n'};
constexpr uint16_t kTlsFlag = 1;

void put(unsigned char* at, uint16_t value) {
  at[0] = static_cast<unsigned char>(value);
  at[1] = static_cast<unsigned char>(value >> 8);
}

void put64(unsigned char* at, uint64_t value) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<unsigned char>(value >> (8 * i));
}

uint64_t get64(const unsigned char* at) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= uint64_t{at[i]} << (8 * i);
  return value;
}

uint16_t get(const unsigned char* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

bool all_zero(const unsigned char* from, const unsigned char* to) {
  return std::all_of(from, to, [](unsigned char byte) { return byte == 0; });
}

}  // namespace

void encode(const Preamble& preamble, unsigned char (&bytes)[kPreambleSize]) {
  std::memset(bytes, 0, sizeof bytes);
  std::memcpy(bytes, kMagic, sizeof kMagic);
  put(bytes + 8, preamble.major);
  put(bytes + 10, preamble.minor);
  put(bytes + 12, static_cast<uint16_t>(preamble.kind));
  put(bytes + 14, preamble.tls ? kTlsFlag : 0);
  std::memcpy(bytes + 16, preamble.id, kIdSize);
  put(bytes + 32, preamble.stream);
  put64(bytes + 34, preamble.build);
}

void encode(const Answer& answer, unsigned char (&bytes)[kAnswerSize]) {
  std::memset(bytes, 0, sizeof bytes);
  std::memcpy(bytes, kMagic, sizeof kMagic);
  put(bytes + 8, answer.major);
  put(bytes + 10, answer.minor);
  put(bytes + 12, static_cast<uint16_t>(answer.status));
  std::memcpy(bytes + 16, answer.session_id, kIdSize);
  std::memcpy(bytes + 32, answer.nonce, kNonceSize);
}

bool decode(const unsigned char (&bytes)[kPreambleSize], Preamble* preamble) {
  if (std::memcmp(bytes, kMagic, sizeof kMagic) != 0) return false;
  *preamble = Preamble{get(bytes + 8), get(bytes + 10)};
  if (preamble->major != kMajor) return true;
  uint16_t kind = get(bytes + 12);
  uint16_t flags = get(bytes + 14);
  if (kind > static_cast<uint16_t>(StreamKind::kFurtherStream) || (flags & ~kTlsFlag) != 0) return false;
  if (!all_zero(bytes + 42, bytes + kPreambleSize)) return false;
  preamble->kind = StreamKind{kind};
  preamble->tls = (flags & kTlsFlag) != 0;
  std::memcpy(preamble->id, bytes + 16, kIdSize);
  preamble->stream = get(bytes + 32);
  preamble->build = get64(bytes + 34);
  if (preamble->kind == StreamKind::kControl && !all_zero(bytes + 16, bytes + 32)) return false;
  return (preamble->kind == StreamKind::kFurtherStream) == (preamble->stream != 0);
}

bool decode(const unsigned char (&bytes)[kAnswerSize], Answer* answer) {
  if (std::memcmp(bytes, kMagic, sizeof kMagic) != 0) return false;
  uint16_t status = get(bytes + 12);
  if (status > static_cast<uint16_t>(Status::kOtherBuild)) return false;
  *answer = Answer{get(bytes + 8), get(bytes + 10), Status{status}};
  if (answer->major != kMajor) return true;
  std::memcpy(answer->session_id, bytes + 16, kIdSize);
  std::memcpy(answer->nonce, bytes + 32, kNonceSize);
  return true;
}

}  // namespace cenote::wire
