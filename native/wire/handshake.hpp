// How a stream of a session begins: preamble, answer, and the proof on both sides that they share the secret.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "wire/preamble.hpp"
#include "wire/transport.hpp"

namespace cenote::wire {

inline constexpr size_t kSecretSize = 32;

/// One server of an allocation.
struct Endpoint {
  std::string address;
  uint16_t port = 0;
  bool tls = false;
  unsigned char allocation_id[kIdSize] = {};
  unsigned char secret[kSecretSize] = {};
};

/// Why a stream could not be opened, for callers that act on it.
enum class OpenError {
  kNone,
  kUnreachable,  // no connection, or it ended or went silent before the answer
  kVersion,      // client and server are of versions that do not speak with each other
  kUnknown,      // the allocation or session has ended
  kBusy,         // worth another try
  kTlsRequired,
  kNoTls,     // TLS is wanted, and no usable libssl is here
  kProof,     // one side could not show that it has the secret
  kProtocol,  // the other side speaks something else
};

/// Client: opens a stream of a session within `timeout_ms`. For kNewSession `session_id` is written, for
/// kFurtherStream read. NULL and a sentence for the user in `error` when it fails.
std::unique_ptr<Transport> open_stream(const Endpoint& endpoint, StreamKind kind, unsigned char (&session_id)[kIdSize],
                                       uint16_t stream, int timeout_ms, std::string* error,
                                       OpenError* reason = nullptr);

/// Worker: takes over a connection whose preamble the gate has read, answers it and asks for the proof. The
/// descriptor is closed when that fails.
std::unique_ptr<Transport> accept_stream(int fd, const unsigned char (&preamble)[kPreambleSize],
                                         const unsigned char (&session_id)[kIdSize], uint16_t stream,
                                         const unsigned char (&secret)[kSecretSize], bool tls, int timeout_ms,
                                         std::string* error);

}  // namespace cenote::wire
