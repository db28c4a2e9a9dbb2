// The worker's side of memory grants: with a supervisor, without one, and with the next.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "worker/control.hpp"
#include "worker/quota.hpp"

using cenote::worker::Charge;
using cenote::worker::Control;
using cenote::worker::Packet;
using cenote::worker::Quota;

namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kMemory = 1024 * kMiB;
constexpr size_t kOverhead = 100 * kMiB;
constexpr size_t kAside = 64 * kMiB;
const std::string kSession = "0123456789abcdef";

/// The supervisor's end of a control socket.
class Supervisor {
 public:
  explicit Supervisor(int fd) : fd_(fd) {}
  ~Supervisor() {
    if (fd_ >= 0) close(fd_);
  }
  Supervisor(const Supervisor&) = delete;

  std::string hear() const {
    char bytes[4096];
    ssize_t n = recv(fd_, bytes, sizeof bytes, 0);
    return n > 0 ? std::string(bytes, static_cast<size_t>(n)) : "";
  }
  void say(const std::string& packet) const { send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL); }
  void grant(size_t bytes) const { say("grant 0 " + std::to_string(bytes)); }

 private:
  int fd_;
};

std::string want(size_t bytes) { return "want 0 " + std::to_string(bytes); }
size_t number(const std::string& packet, char before) {
  return std::strtoull(packet.c_str() + packet.rfind(before) + 1, nullptr, 10);
}

std::string giveback(size_t bytes) { return "giveback 0 " + std::to_string(bytes); }

/// A worker's control thread and quota, without the rest of it. Lives as long as the process, as in a worker.
struct Worker {
  Worker() {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    supervisor = std::make_unique<Supervisor>(pair[0]);
    control = new Control(pair[1]);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    address.sun_family = AF_UNIX;
    static int count = 0;
    std::string name = "cenote-test-" + std::to_string(getpid()) + "-" + std::to_string(count++);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    CHECK(bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0);
    control->listen(listener);
    quota = new Quota;
    quota->lend(0, kMemory, kOverhead);
    quota->attach(control);
    std::thread([control = control, quota = quota] {
      for (;;) {
        Packet packet;
        while (control->receive(&packet)) {
          if (packet.words[0] == "grant") quota->granted(0, std::stoull(packet.words[2]));
        }
        quota->unsupervised();
        int next = control->wait_for_next();
        if (next < 0) return;
        quota->supervised_again(next, kSession);
      }
    }).detach();
  }

  /// The next supervisor, once the last one is gone.
  void succeed() {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    CHECK(connect(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
    supervisor = std::make_unique<Supervisor>(fd);
  }

  /// With a context on the device.
  void begin() {
    std::thread maker([this] { CHECK(quota->make_room({0})); });
    CHECK(supervisor->hear() == want(kOverhead + kAside));
    supervisor->grant(kOverhead + kAside);
    maker.join();
  }

  std::unique_ptr<Supervisor> supervisor;
  Control* control;
  Quota* quota;
  sockaddr_un address{};
  socklen_t length = 0;
};

void contexts_need_room() {
  Worker worker;
  std::thread maker([&] { CHECK(!worker.quota->make_room({0})); });
  CHECK(worker.supervisor->hear() == want(kOverhead + kAside));
  worker.supervisor->grant(kOverhead - 1);
  CHECK(worker.supervisor->hear() == giveback(kOverhead - 1));
  maker.join();
  worker.begin();
  CHECK(worker.quota->make_room({0}));
}

void all_but_what_is_set_aside() {
  Worker worker;
  worker.begin();
  Charge small{0, kMiB, true};
  CHECK(worker.quota->take({0}, &small));
  Charge large{0, 10 * kMiB, false};
  CHECK(!worker.quota->take({0}, &large));
  std::thread maker([&] { CHECK(worker.quota->obtain({0}, &large)); });
  CHECK(worker.supervisor->hear() == want(kAside));
  worker.supervisor->grant(10 * kMiB);  // all that is left
  maker.join();
  Charge more{0, 1, false};
  std::thread refused([&] { CHECK(!worker.quota->obtain({0}, &more)); });
  CHECK(worker.supervisor->hear() == want(kAside));
  worker.supervisor->grant(0);
  refused.join();
}

void the_next_supervisor_is_told() {
  Worker worker;
  worker.begin();
  Charge first{0, 64 * kMiB, false};
  std::thread maker([&] { CHECK(worker.quota->obtain({0}, &first)); });
  CHECK(worker.supervisor->hear() == want(64 * kMiB));
  worker.supervisor->grant(64 * kMiB);  // its last word still counts
  worker.succeed();
  maker.join();
  std::string held = std::to_string(kOverhead + kAside + 64 * kMiB);
  CHECK(worker.supervisor->hear() == "serving " + kSession + " 0:" + held);
  Charge second{0, 64 * kMiB, false};
  std::thread waiter([&] { CHECK(worker.quota->obtain({0}, &second)); });
  CHECK(worker.supervisor->hear() == want(64 * kMiB));
  worker.succeed();  // without an answer
  CHECK(worker.supervisor->hear() == "serving " + kSession + " 0:" + held);
  CHECK(worker.supervisor->hear() == want(64 * kMiB));
  worker.supervisor->grant(64 * kMiB);
  waiter.join();
}

void nobody_is_waited_for_for_ever() {
  Worker worker;
  worker.begin();
  worker.supervisor.reset();
  Charge large{0, 64 * kMiB, false};
  CHECK(!worker.quota->obtain({0}, &large));
  worker.succeed();
  CHECK(worker.supervisor->hear() == "serving " + kSession + " 0:" + std::to_string(kOverhead + kAside));
  std::thread again([&] { CHECK(worker.quota->obtain({0}, &large)); });
  CHECK(worker.supervisor->hear() == want(64 * kMiB));  // what was given up is not asked for any more
  worker.supervisor->grant(64 * kMiB);
  again.join();
}

/// Threads that take and give back while supervisors come and go; in the end little is held but what was at first.
void many_at_once() {
  constexpr size_t kThreads = 4;
  constexpr int kTurns = 200;
  constexpr int kPackets = 50;  // that a supervisor lives for
  Worker worker;
  worker.begin();
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int turn = 0; turn < kTurns; ++turn) {
        Charge charge{0, (i + 1) * 200 * kMiB, false};
        if (!CHECK(worker.quota->obtain({0}, &charge))) break;
        worker.quota->release_begun();
        worker.quota->give_back(charge);
      }
    });
  }
  std::atomic<bool> over{false};
  std::thread supervising([&] {
    for (int packets = 1;; ++packets) {
      std::string heard = worker.supervisor->hear();
      if (heard == "end") break;
      if (heard.starts_with("want")) worker.supervisor->grant(number(heard, ' '));
      if (packets % kPackets != 0) continue;
      worker.succeed();
      CHECK(worker.supervisor->hear().starts_with("serving " + kSession + " 0:"));
    }
    over = true;
  });
  for (auto& thread : threads) thread.join();
  while (!over) {  // between two supervisors nobody hears it
    worker.control->send("end");
    usleep(10'000);
  }
  supervising.join();
  worker.succeed();
  size_t left = number(worker.supervisor->hear(), ':');
  CHECK(left >= kOverhead + kAside);
  CHECK(left <= kOverhead + kAside + 2 * 64 * kMiB);
}

}  // namespace

int main() {
  setenv("CENOTE_LINK_TIMEOUT", "5", 1);
  contexts_need_room();
  all_but_what_is_set_aside();
  the_next_supervisor_is_told();
  many_at_once();
  nobody_is_waited_for_for_ever();
  return cenote::test::result();
}
