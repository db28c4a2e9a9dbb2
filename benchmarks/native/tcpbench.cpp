// What plain blocking TCP does on the same path: the yardstick beside every remote figure.
//   tcpbench serve ADDRESS             prints its port, serves connections until it is ended
//   tcpbench run ADDRESS PORT [BLOCK]  prints JSON; BLOCK: bytes of one send or receive of a large transfer
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "figures.hpp"

namespace {

using bench::now;

constexpr size_t kLarge = size_t{64} << 20;
constexpr size_t kMessage = 64;
constexpr size_t kBatch = 64;

/// The client's order: the server receives `in` bytes and then sends `out`, both in blocks of `block`.
struct Order {
  uint64_t in, out, block, times;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

bool receive(int fd, char* to, size_t bytes, size_t block) {
  while (bytes > 0) {
    ssize_t n = recv(fd, to, std::min(bytes, block), 0);
    if (n <= 0) return false;
    to += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

bool transmit(int fd, const char* from, size_t bytes, size_t block) {
  while (bytes > 0) {
    ssize_t n = send(fd, from, std::min(bytes, block), MSG_NOSIGNAL);
    if (n <= 0) return false;
    from += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

void no_delay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

sockaddr_in address(const char* host, int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, host, &a.sin_addr) != 1) fail(host);
  return a;
}

int serve(const char* host) {
  sockaddr_in a = address(host, 0);
  socklen_t length = sizeof a;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0 || listen(listener, 4) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&a), &length) != 0)
    fail("listen");
  std::printf("%d\n", ntohs(a.sin_port));
  std::fflush(stdout);
  std::vector<char> bytes(kLarge, 1);
  for (;;) {
    int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) fail("accept");
    no_delay(fd);
    Order order{};
    while (receive(fd, reinterpret_cast<char*>(&order), sizeof order, sizeof order)) {
      if (order.in > kLarge || order.out > kLarge || order.block == 0) break;
      for (uint64_t i = 0; i < order.times; i++)
        if (!receive(fd, bytes.data(), order.in, order.block) || !transmit(fd, bytes.data(), order.out, order.block))
          break;
    }
    close(fd);
  }
}

int run(const char* host, int port, size_t block) {
  sockaddr_in a = address(host, port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0) fail("connect");
  no_delay(fd);
  std::vector<char> out = bench::random_bytes(kLarge);
  std::vector<char> in(kLarge, 1);
  auto exchange = [&](size_t to, size_t from, size_t piece, uint64_t times) {
    Order order{to, from, piece, times};
    if (!transmit(fd, reinterpret_cast<char*>(&order), sizeof order, sizeof order)) fail("send");
    double start = now();
    for (uint64_t i = 0; i < times; i++)
      if (!transmit(fd, out.data(), to, piece) || !receive(fd, in.data(), from, piece)) fail("exchange");
    return now() - start;
  };
  bench::Figures figures("", 0.4);
  figures.take("round_trip_64", 1, [&] { return exchange(kMessage, kMessage, kMessage, 10) / 10; });
  figures.take("round_trip_64k", 1, [&] { return exchange(65536, 65536, 65536, 4) / 4; });
  figures.take("message_64", 1, [&] {
    // Only the sending counts; a byte back afterwards keeps the batches from piling up in the socket.
    Order order{kBatch * kMessage * 64, 1, kLarge, 1};
    if (!transmit(fd, reinterpret_cast<char*>(&order), sizeof order, sizeof order)) fail("send");
    double start = now();
    if (!transmit(fd, out.data(), order.in, kBatch * kMessage)) fail("send");
    double took = now() - start;
    if (!receive(fd, in.data(), 1, 1)) fail("receive");
    return took / (64 * kBatch);
  });
  figures.take("write_64m", 1, [&] { return exchange(kLarge, 1, block, 1); });
  figures.take("read_64m", 1, [&] { return exchange(0, kLarge, block, 1); });
  figures.print("tcp");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "serve") == 0) return serve(argv[2]);
  if (argc >= 4 && std::strcmp(argv[1], "run") == 0)
    return run(argv[2], std::atoi(argv[3]), argc > 4 ? std::strtoul(argv[4], nullptr, 10) : size_t{512} << 10);
  std::fprintf(stderr, "usage: tcpbench serve ADDRESS | tcpbench run ADDRESS PORT [BLOCK]\n");
  return 2;
}
