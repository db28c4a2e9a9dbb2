#include "wire/tcp.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "wire/link.hpp"

namespace cenote::wire {

namespace {

constexpr int kMaxPieces = 32;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool parse_address(const std::string& text, uint16_t port, SocketAddress* result) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result->storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    result->size = sizeof *v4;
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result->storage);
  size_t percent = text.find('%');
  if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  result->size = sizeof *v6;
  if (percent == std::string::npos) return true;
  std::string scope = text.substr(percent + 1);
  v6->sin6_scope_id = if_nametoindex(scope.c_str());
  if (v6->sin6_scope_id == 0) v6->sin6_scope_id = static_cast<uint32_t>(std::strtoul(scope.c_str(), nullptr, 10));
  return v6->sin6_scope_id != 0;
}

class Tcp final : public Transport {
 public:
  explicit Tcp(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  IoResult send(const Piece* pieces, int count) override {
    iovec vectors[kMaxPieces];
    size_t total = 0;
    count = std::min(count, kMaxPieces);
    for (int i = 0; i < count; ++i) {
      vectors[i] = {const_cast<void*>(pieces[i].data), pieces[i].size};
      total += pieces[i].size;
    }
    if (total == 0) return {Io::kOk, 0};
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = static_cast<size_t>(count);
    return result(sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT));
  }

  IoResult receive(void* data, size_t size) override {
    if (size == 0) return {Io::kAgain, 0};
    return result(recv(descriptor_.get(), data, size, MSG_DONTWAIT));
  }

  /// Where the descriptor may block, it does so in the call that receives.
  IoResult receive_waiting(void* data, size_t size) override {
    IoResult r = result(recv(descriptor_.get(), data, size, 0));
    return r.status == Io::kAgain ? Transport::receive_waiting(data, size) : r;
  }

  [[nodiscard]] int descriptor() const override { return descriptor_.get(); }
  [[nodiscard]] bool wants_write() const override { return false; }
  [[nodiscard]] bool has_buffered() const override { return false; }
  void abandon() override { descriptor_.close(); }

 private:
  static IoResult result(ssize_t bytes) {
    if (bytes > 0) return {Io::kOk, static_cast<size_t>(bytes)};
    // An interruption says that the caller should look around, which is what kAgain makes it do.
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {Io::kAgain, 0};
    return {Io::kClosed, 0};
  }

  Descriptor descriptor_;
};

}  // namespace

void tune_tcp(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  keep_link(fd);
}

Descriptor connect_tcp(const std::string& address, uint16_t port, const Deadline& deadline, std::string* error) {
  SocketAddress to;
  std::string place =
      (address.find(':') == std::string::npos ? address : "[" + address + "]") + ":" + std::to_string(port);
  if (!parse_address(address, port, &to)) {
    *error = "“" + address + "” is not a numeric address";
    return {};
  }
  Descriptor fd(socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) {
    *error = std::string("no socket for a connection: ") + std::strerror(errno);
    return {};
  }
  int problem = 0;
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to.storage), to.size) != 0) problem = errno;
  if (problem == EINPROGRESS || problem == EINTR) {
    if (!wait_ready(fd.get(), POLLOUT, deadline)) {
      *error = place + " does not answer";
      return {};
    }
    socklen_t size = sizeof problem;
    getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
  }
  if (problem != 0) {
    *error = "no connection to " + place + ": " + std::strerror(problem);
    return {};
  }
  tune_tcp(fd.get());
  return fd;
}

std::unique_ptr<Transport> make_tcp(Descriptor descriptor) { return std::make_unique<Tcp>(std::move(descriptor)); }

}  // namespace cenote::wire
