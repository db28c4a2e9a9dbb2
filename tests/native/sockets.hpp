// Connected pairs of sockets and of transports, for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "check.hpp"
#include "wire/tcp.hpp"
#include "wire/tls.hpp"

namespace cenote::test {

using TransportPair = std::pair<std::unique_ptr<wire::Transport>, std::unique_ptr<wire::Transport>>;

/// A listening socket on a free port of 127.0.0.1.
class Listener {
 public:
  Listener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(listen(fd_, 8) == 0);
    CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(fd_); }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] int accept() const { return accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
};

inline TransportPair tcp_pair() {
  Listener listener;
  std::string error;
  wire::Descriptor client = wire::connect_tcp("127.0.0.1", listener.port(), wire::Deadline(2000), &error);
  CHECK(client.get() >= 0);
  wire::Descriptor server(listener.accept());
  return {wire::make_tcp(std::move(client)), wire::make_tcp(std::move(server))};
}

/// AF_UNIX, with buffers of `buffer` bytes (0: the system's choice) so that sends come up short.
inline TransportPair unix_pair(int buffer = 0) {
  int fds[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
  for (int fd : fds) {
    if (buffer != 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  }
  return {wire::make_tcp(wire::Descriptor(fds[0])), wire::make_tcp(wire::Descriptor(fds[1]))};
}

struct TlsErrors {
  std::string client;
  std::string server;
};

/// Puts TLS over both ends; either is NULL where its handshake failed.
inline TransportPair tls_pair(TransportPair below, const wire::Digest& client_key, const wire::Digest& server_key,
                              TlsErrors* errors, const std::string& client_identity = "abc:1",
                              uint64_t bytes_per_key = wire::kBytesPerKey) {
  TransportPair result;
  std::thread server([&] {
    result.second = wire::make_tls(std::move(below.second), wire::TlsRole::kServer, "abc:1", server_key,
                                   wire::Deadline(3000), &errors->server, bytes_per_key);
  });
  result.first = wire::make_tls(std::move(below.first), wire::TlsRole::kClient, client_identity, client_key,
                                wire::Deadline(3000), &errors->client, bytes_per_key);
  server.join();
  return result;
}

}  // namespace cenote::test
