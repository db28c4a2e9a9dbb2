// A link with a stated delay and rate between two interfaces, in user space: netem is not in every kernel.
//   delaylink INTERFACE INTERFACE ONE_WAY_MICROSECONDS GBITS_PER_SECOND
// Each direction is a line of its own: a frame waits its turn at the rate, then travels for the delay. The queue ahead
// of the line holds one bandwidth-delay product (at least kLeastQueue); what does not fit is dropped, as a switch
// would. Segments that the kernel has not cut yet pass whole (PACKET_VNET_HDR), so one process can fill a fast link.
// SIGTERM or SIGINT ends it; it then prints the frames carried and dropped by each direction.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

namespace {

constexpr size_t kMostFrame = 65536 + 64;      // a whole segment with its headers
constexpr int64_t kLeastQueue = 1 << 20;       // bytes; a burst of segments is larger than a short link's product
constexpr ssize_t kSegmentHeader = 10;         // virtio_net_hdr, whose own header is not C++
constexpr int64_t kLongestWait = 100'000'000;  // a signal between the check and the wait is noticed after this
constexpr int kBurst = 16;                     // frames taken from one side before the other has its turn

volatile std::sig_atomic_t stopped = 0;

int64_t now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A descriptor that carries the frames that arrive at an interface, and sends others out of it.
int open_interface(const char* name) {
  unsigned index = if_nametoindex(name);
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (fd < 0 || index == 0) fail(name);
  int one = 1;
  int buffer = 32 << 20;
  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = static_cast<int>(index);
  promiscuous.mr_type = PACKET_MR_PROMISC;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0 ||
      bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail(name);
  return fd;
}

/// One direction of the link. Frames lie one after the other in a ring that holds what the line and its queue can.
class Line {
 public:
  Line(int from, int to, int64_t delay, double gbits)
      : from_(from), to_(to), delay_(delay), nanoseconds_per_byte_(8 / gbits) {
    auto product = static_cast<int64_t>(2 * static_cast<double>(delay) / nanoseconds_per_byte_);
    queue_ = std::max(kLeastQueue, product);
    ring_size_ = static_cast<size_t>(product / 2 + queue_) + 2 * kMostFrame;
    ring_ = std::make_unique_for_overwrite<char[]>(ring_size_);
  }

  /// Takes frames that have arrived; false when there were none.
  bool receive() {
    for (int i = 0; i < kBurst; i++) {
      char* place = reserve();
      ssize_t size = recv(from_, place == nullptr ? spill_.data() : place, kMostFrame, 0);
      if (size <= 0) return i > 0;
      int64_t start = std::max(now(), free_at_);
      auto waiting = static_cast<int64_t>(static_cast<double>(start - now()) / nanoseconds_per_byte_);
      if (place == nullptr || waiting > queue_) {
        dropped_++;
        continue;
      }
      free_at_ = start + static_cast<int64_t>(nanoseconds_per_byte_ * static_cast<double>(size - kSegmentHeader));
      frames_.push_back({free_at_ + delay_, place, static_cast<size_t>(size)});
    }
    return true;
  }

  /// Sends the frames whose time has come; false when there were none.
  bool deliver() {
    bool any = false;
    for (; !frames_.empty() && frames_.front().due <= now(); frames_.pop_front()) {
      if (send(to_, frames_.front().bytes, frames_.front().size, 0) < 0) dropped_++;
      carried_++;
      any = true;
    }
    return any;
  }

  [[nodiscard]] int64_t next_due() const { return frames_.empty() ? INT64_MAX : frames_.front().due; }
  [[nodiscard]] long carried() const { return carried_; }
  [[nodiscard]] long dropped() const { return dropped_; }

 private:
  struct Frame {
    int64_t due;
    char* bytes;
    size_t size;
  };

  /// Where the next frame may lie, or null when the ring is full.
  char* reserve() {
    char* begin = ring_.get();
    if (frames_.empty()) return begin;
    char* first = frames_.front().bytes;
    char* next = frames_.back().bytes + frames_.back().size;
    if (next > first) {
      if (next + kMostFrame <= begin + ring_size_) return next;
      next = begin;
    }
    return next + kMostFrame <= first ? next : nullptr;
  }

  int from_;
  int to_;
  int64_t delay_;
  double nanoseconds_per_byte_;
  int64_t queue_ = 0;
  int64_t free_at_ = 0;
  size_t ring_size_ = 0;
  std::unique_ptr<char[]> ring_;
  std::deque<Frame> frames_;
  std::array<char, kMostFrame> spill_{};
  long carried_ = 0;
  long dropped_ = 0;
};

void carry(std::array<Line, 2>& lines, std::array<pollfd, 2>& sides) {
  while (stopped == 0) {
    bool worked = false;
    for (Line& line : lines) {
      worked |= line.receive();
      worked |= line.deliver();
    }
    if (worked) continue;
    int64_t due = std::min(lines[0].next_due(), lines[1].next_due());
    int64_t wait = std::clamp<int64_t>(due - now(), 0, kLongestWait);
    timespec timeout{.tv_sec = 0, .tv_nsec = wait};
    if (ppoll(sides.data(), sides.size(), &timeout, nullptr) < 0 && errno != EINTR) fail("ppoll");
  }
}

}  // namespace

int main(int argc, char** argv) {
  double delay = argc == 5 ? std::atof(argv[3]) : -1;
  double gbits = argc == 5 ? std::atof(argv[4]) : 0;
  if (delay < 0 || gbits <= 0) {
    std::fprintf(stderr, "usage: delaylink INTERFACE INTERFACE ONE_WAY_MICROSECONDS GBITS_PER_SECOND\n");
    return 2;
  }
  struct sigaction action{};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  prctl(PR_SET_TIMERSLACK, 1);
  int a = open_interface(argv[1]);
  int b = open_interface(argv[2]);
  auto nanoseconds = static_cast<int64_t>(1000 * delay);
  std::array<Line, 2> lines{Line(a, b, nanoseconds, gbits), Line(b, a, nanoseconds, gbits)};
  std::array<pollfd, 2> sides{pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
  std::printf("ready\n");
  std::fflush(stdout);
  carry(lines, sides);
  std::printf("carried %ld %ld dropped %ld %ld\n", lines[0].carried(), lines[1].carried(), lines[0].dropped(),
              lines[1].dropped());
}
