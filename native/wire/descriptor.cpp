#include "wire/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace cenote::wire {

namespace {

constexpr rlim_t kHighNumber = 768;

int moved_high(int fd) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  return fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(std::min(kHighNumber, limit.rlim_cur / 4 * 3)));
}

}  // namespace

Descriptor::Descriptor(int fd) : fd_(fd) {
  if (fd < 0) return;
  int high = moved_high(fd);
  if (high >= 0) {
    ::close(fd);
    fd_ = high;
  } else {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  struct stat status{};
  if (fstat(fd_, &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), device_(other.device_), inode_(other.inode_) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void Descriptor::close() {
  int fd = std::exchange(fd_, -1);
  if (fd < 0) return;
  struct stat status{};
  if (fstat(fd, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) ::close(fd);
}

int Deadline::left_ms() const {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

bool wait_ready(int fd, short events, const Deadline& deadline) {
  for (;;) {
    int left = deadline.left_ms();
    if (left == 0) return false;
    pollfd entry{fd, events, 0};
    int ready = poll(&entry, 1, left);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace cenote::wire
