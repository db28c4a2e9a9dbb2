#include "worker/control.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include "wire/log.hpp"

namespace cenote::worker {

namespace {
constexpr int kBacklog = 8;
}

bool Control::receive(Packet* packet) {
  char bytes[4097];
  alignas(cmsghdr) char space[CMSG_SPACE(2 * sizeof(int))];
  iovec part{bytes, sizeof bytes - 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t n = 0;
  do {
    n = recvmsg(descriptor_, &message, MSG_CMSG_CLOEXEC);
    // A supervisor that was killed before it read all of ours: what it had said before is still to come.
  } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
  if (n <= 0) return false;
  *packet = {};
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int found[2] = {-1, -1};
    std::memcpy(found, CMSG_DATA(c), std::min(c->cmsg_len - CMSG_LEN(0), sizeof found));
    packet->descriptor = found[0];
    packet->listener = found[1];
  }
  std::istringstream words(std::string(bytes, static_cast<size_t>(n)));
  for (std::string word; words >> word;) packet->words.push_back(word);
  return true;
}

void Control::send(const std::string& packet) {
  std::lock_guard lock(mutex_);
  if (::send(descriptor_, packet.data(), packet.size(), MSG_NOSIGNAL) < 0) log_debug("the supervisor is gone");
}

void Control::listen(int listener) {
  if (::listen(listener, kBacklog) != 0) return log_error("the next supervisor will not find this worker");
  listener_ = listener;
}

int Control::wait_for_next() {
  while (listener_ >= 0) {
    int found = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (found < 0 && errno != EINTR && errno != ECONNABORTED) break;
    if (found < 0) continue;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(found, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid()) return found;
    close(found);
  }
  return -1;
}

void Control::switch_to(int descriptor) {
  std::lock_guard lock(mutex_);
  close(std::exchange(descriptor_, descriptor));
}

bool from_hex(const std::string& text, unsigned char* bytes, size_t size) {
  if (text.size() != 2 * size) return false;
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (size_t i = 0; i < size; ++i) {
    int high = digit(text[2 * i]);
    int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

}  // namespace cenote::worker
