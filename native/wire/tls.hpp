// TLS 1.3 with an external pre-shared key over another transport: no certificates, no tickets, no early data, always
// with an ephemeral key exchange.
#pragma once

#include <memory>
#include <string>

#include "wire/descriptor.hpp"
#include "wire/sha256.hpp"
#include "wire/transport.hpp"

namespace cenote::wire {

enum class TlsRole { kClient, kServer };

/// A fresh sending key is taken after so many bytes, well before AES-GCM's limit of 2^24.5 full records.
inline constexpr uint64_t kBytesPerKey = uint64_t{1} << 36;

/// Shakes hands over `below` until the deadline; NULL and a sentence in `error` when the peer has not the same identity
/// and key.
std::unique_ptr<Transport> make_tls(std::unique_ptr<Transport> below, TlsRole role, const std::string& identity,
                                    const Digest& key, const Deadline& deadline, std::string* error,
                                    uint64_t bytes_per_key = kBytesPerKey);

}  // namespace cenote::wire
