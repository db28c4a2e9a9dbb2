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

/// Small messages leave at once, and the peer's kernel is asked for a sign of life while the connection is idle: see
/// wire/link.hpp.
void tune_tcp(int fd);

std::unique_ptr<Transport> make_tcp(Descriptor descriptor);

}  // namespace cenote::wire
