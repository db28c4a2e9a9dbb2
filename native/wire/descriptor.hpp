// Descriptors inside programs that we know nothing about.
#pragma once

#include <sys/types.h>

#include <chrono>

namespace cenote::wire {

/// Owns a descriptor, with a number out of the way of programs that expect low ones or close what they did not open.
class Descriptor {
 public:
  Descriptor() = default;
  /// Takes `fd` over: moves it high, close-on-exec.
  explicit Descriptor(int fd);
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  /// Closes it, unless the program has done so and the number names something else by now.
  void close();

 private:
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// A point in time that several steps together must not pass.
class Deadline {
 public:
  explicit Deadline(int timeout_ms) : at_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}
  /// Milliseconds left, rounded up; 0 when it has passed.
  [[nodiscard]] int left_ms() const;

 private:
  std::chrono::steady_clock::time_point at_;
};

/// Waits until the descriptor is ready for `events` (of poll). False when the deadline has passed.
bool wait_ready(int fd, short events, const Deadline& deadline);

}  // namespace cenote::wire
