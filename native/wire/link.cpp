#include "wire/link.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

namespace cenote::wire {

namespace {

constexpr int kTimeoutSeconds = 60;
constexpr int kLeastSeconds = 5;  // signs of life come once a second at most
constexpr int kMostSeconds = 600;
constexpr int kLooks = 12;          // within the time-out
constexpr int kMostProbeMs = 5000;  // but a user wants to know soon
constexpr int kMostProbes = 127;    // of the kernel
// The longest pause between repetitions, and between probes of a window that is full: TCP_RTO_MAX_MS, of Linux 6.15.
constexpr int kTcpRtoMaxMs = 44;
constexpr int kUsualRtoMaxMs = 120000;
constexpr int kPauses = 8;  // within the time-out; the kernel gives up after more than these

void set_option(int fd, int name, int value) { setsockopt(fd, IPPROTO_TCP, name, &value, sizeof value); }

}  // namespace

const LinkTimes& link_times() {
  static const LinkTimes times = [] {
    const char* asked = std::getenv("CENOTE_LINK_TIMEOUT");
    auto seconds = asked == nullptr ? 0 : static_cast<int>(std::strtol(asked, nullptr, 10));
    if (seconds <= 0) seconds = kTimeoutSeconds;
    int timeout = 1000 * std::clamp(seconds, kLeastSeconds, kMostSeconds);
    return LinkTimes{timeout, std::clamp(timeout / kLooks / 1000 * 1000, 1000, kMostProbeMs)};
  }();
  return times;
}

void keep_link(int fd) {
  const LinkTimes& times = link_times();
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  set_option(fd, TCP_KEEPIDLE, times.probe_ms / 1000);
  set_option(fd, TCP_KEEPINTVL, times.probe_ms / 1000);
  set_option(fd, TCP_KEEPCNT, std::min(times.timeout_ms / times.probe_ms, kMostProbes));
  set_option(fd, kTcpRtoMaxMs, std::max(times.probe_ms, times.timeout_ms / kPauses));
}

int64_t link_silence_ms(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
  // On data alone the kernel's fast path does not count an acknowledgement that says nothing new.
  int64_t age = std::min(info.tcpi_last_ack_recv, info.tcpi_last_data_recv);
  int64_t normal = 2 * int64_t{link_times().probe_ms};
  int64_t due = normal;
  if (info.tcpi_state != TCP_ESTABLISHED || info.tcpi_unacked != 0 || info.tcpi_probes > 1) {
    due = 0;
  } else if (link_owes(fd)) {
    // The peer has no room, as when it is stopped. One unanswered probe of it says nothing: the rate of answers is
    // limited.
    int pause = kUsualRtoMaxMs;
    size = sizeof pause;
    getsockopt(fd, IPPROTO_TCP, kTcpRtoMaxMs, &pause, &size);
    due = 2 * int64_t{pause};
  }
  return age <= due ? std::min(age, normal) : age;
}

bool link_owes(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes != 0;
}

}  // namespace cenote::wire
