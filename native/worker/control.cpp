#include "worker/control.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <sstream>

#include "wire/log.hpp"

namespace cenote::worker {

bool Control::receive(Packet* packet) {
  char bytes[4097];
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))];
  iovec part{bytes, sizeof bytes - 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t n = 0;
  do {
    n = recvmsg(descriptor_, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  *packet = {};
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
      std::memcpy(&packet->descriptor, CMSG_DATA(c), sizeof(int));
    }
  }
  std::istringstream words(std::string(bytes, static_cast<size_t>(n)));
  for (std::string word; words >> word;) packet->words.push_back(word);
  return true;
}

void Control::send(const std::string& packet) {
  if (::send(descriptor_, packet.data(), packet.size(), MSG_NOSIGNAL) < 0) log_debug("the supervisor is gone");
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
