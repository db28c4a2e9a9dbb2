// The plain transport: a stream socket as it is. TCP, or AF_UNIX between processes of one host.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "wire/descriptor.hpp"
#include "wire/transport.hpp"

namespace cenote::wire {

/// A connected socket, or -1 descriptor and a sentence in `error`. `address` is numeric, IPv6 with or without a %scope.
Descriptor connect_tcp(const std::string& address, uint16_t port, const Deadline& deadline, std::string* error);

/// Small messages leave at once, and the peer's kernel is asked for a sign of life while the connection is idle.
void tune_tcp(int fd);

std::unique_ptr<Transport> make_tcp(Descriptor descriptor);

/// How long the peer's kernel has been heard nothing of, be it acknowledgement or data; -1 where the descriptor is no
/// TCP connection. Up to twice kProbeSeconds is normal, because only then a sign of life is overdue.
int64_t link_silence_ms(int fd);
inline constexpr int kProbeSeconds = 5;

}  // namespace cenote::wire
