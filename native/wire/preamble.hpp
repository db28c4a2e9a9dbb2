// The fixed first bytes of every connection, and the answer to them. See docs/protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "api/protocol.hpp"

namespace cenote::wire {

inline constexpr uint16_t kOldestMinor = kMinor < 2 ? 0 : kMinor - 2;

inline constexpr size_t kPreambleSize = 48;
inline constexpr size_t kAnswerSize = 64;
inline constexpr size_t kIdSize = 16;
inline constexpr size_t kNonceSize = 32;

enum class StreamKind : uint16_t { kControl = 0, kNewSession = 1, kFurtherStream = 2 };

enum class Status : uint16_t {
  kGoOn = 0,
  kWrongVersion = 1,
  kUnknown = 2,
  kBusy = 3,
  kTlsRequired = 4,
  kMalformed = 5,
  kOtherBuild = 6,
};

struct Preamble {
  uint16_t major = kMajor;
  uint16_t minor = kMinor;
  StreamKind kind = StreamKind::kControl;
  bool tls = false;
  unsigned char id[kIdSize] = {};
  uint16_t stream = 0;
  uint64_t build = 0;  // of a shim; 0 where its protocol is a released one
};

struct Answer {
  uint16_t major = kMajor;
  uint16_t minor = kMinor;
  Status status = Status::kGoOn;
  unsigned char session_id[kIdSize] = {};
  unsigned char nonce[kNonceSize] = {};
};

void encode(const Preamble& preamble, unsigned char (&bytes)[kPreambleSize]);
void encode(const Answer& answer, unsigned char (&bytes)[kAnswerSize]);

/// False when the bytes are not what a client or server of some version could have sent. Of another major version
/// only the version (and an answer's status) is read.
bool decode(const unsigned char (&bytes)[kPreambleSize], Preamble* preamble);
bool decode(const unsigned char (&bytes)[kAnswerSize], Answer* answer);

}  // namespace cenote::wire
