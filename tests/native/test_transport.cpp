// Both transports move whatever they are given, in whatever portions it goes and comes; and how fast.
#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "sockets.hpp"
#include "wire/link.hpp"

using namespace cenote;
using namespace cenote::test;
using wire::Io;

namespace {

constexpr wire::Digest kKey = {1, 2, 3};

void wait_for(const wire::Transport& transport, short events) {
  pollfd entry{transport.descriptor(), events, 0};
  CHECK(poll(&entry, 1, 20000) == 1);
}

/// Sends everything, in up to five pieces a call and with long and short calls mixed.
void send_all(wire::Transport& transport, const std::vector<char>& data, unsigned seed) {
  std::mt19937 random(seed);
  for (size_t sent = 0; sent < data.size() || transport.wants_write();) {
    wire::Piece pieces[5];
    int count = 0;
    for (size_t at = sent; count < 5 && at < data.size(); ++count) {
      size_t limit = random() % 3 == 0 ? 400000 : random() % 2 == 0 ? 60 : 20000;
      size_t size = std::min<size_t>(random() % limit, data.size() - at);
      pieces[count] = {data.data() + at, size};
      at += size;
    }
    wire::IoResult r = transport.send(pieces, count);
    if (!CHECK(r.status != Io::kClosed)) return;
    CHECK(r.status == Io::kOk || r.bytes == 0);
    sent += r.bytes;
    if (r.status == Io::kAgain || (sent == data.size() && transport.wants_write())) wait_for(transport, POLLOUT);
  }
}

void receive_all(wire::Transport& transport, const std::vector<char>& expected, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<char> got(expected.size());
  for (size_t have = 0; have < got.size();) {
    size_t limit = random() % 2 == 0 ? 500 : 300000;
    size_t room = std::min<size_t>(1 + random() % limit, got.size() - have);
    wire::IoResult r = transport.receive(got.data() + have, room);
    if (!CHECK(r.status != Io::kClosed)) return;
    if (r.status == Io::kAgain) {
      CHECK(!transport.has_buffered());
      wait_for(transport, POLLIN);
    } else {
      CHECK(r.bytes > 0 && r.bytes <= room);
    }
    have += r.bytes;
  }
  CHECK(got == expected);
}

std::vector<char> noise(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<char> bytes(size);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// Both directions at once: one sender and one receiver on each end.
void exchange(TransportPair pair, unsigned seed, size_t size) {
  REQUIRE(pair.first != nullptr && pair.second != nullptr);
  std::vector<char> there = noise(size, seed);
  std::vector<char> back = noise(size / 2, seed + 1);
  std::thread a([&] { send_all(*pair.first, there, seed); });
  std::thread b([&] { receive_all(*pair.second, there, seed + 2); });
  std::thread c([&] { send_all(*pair.second, back, seed + 3); });
  receive_all(*pair.first, back, seed + 4);
  for (std::thread* thread : {&a, &b, &c}) thread->join();
  char byte = 0;
  CHECK(pair.first->receive(&byte, 1).status == Io::kAgain);
  pair.second.reset();
  CHECK(pair.first->receive(&byte, 1).status == Io::kClosed);
}

TransportPair with_tls(TransportPair below, uint64_t bytes_per_key = wire::kBytesPerKey) {
  TlsErrors errors;
  TransportPair pair = tls_pair(std::move(below), kKey, kKey, &errors, "abc:1", bytes_per_key);
  CHECK(errors.client.empty() && errors.server.empty());
  return pair;
}

void all_exchanges() {
  constexpr size_t kSize = 6000000;
  exchange(unix_pair(), 10, kSize);
  exchange(unix_pair(4096), 20, kSize / 4);
  exchange(tcp_pair(), 30, kSize);
  exchange(with_tls(unix_pair()), 40, kSize);
  exchange(with_tls(unix_pair(4096)), 50, kSize / 4);
  exchange(with_tls(tcp_pair()), 60, kSize);
  exchange(with_tls(tcp_pair(), 100000), 70, kSize);  // many changes of the key
}

void a_reset_is_an_end() {
  for (bool tls : {false, true}) {
    TransportPair pair = tls ? with_tls(tcp_pair()) : tcp_pair();
    REQUIRE(pair.first != nullptr && pair.second != nullptr);
    linger now{1, 0};
    setsockopt(pair.second->descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    pair.second.reset();
    wait_for(*pair.first, POLLIN);
    char byte = 0;
    CHECK(pair.first->receive(&byte, 1).status == Io::kClosed);
    wire::Piece piece{&byte, 1};
    CHECK(pair.first->send(&piece, 1).status == Io::kClosed);  // and no SIGPIPE
  }
}

/// Bytes of an attacker in the middle of a TLS stream end it.
void garbage_in_tls() {
  TransportPair below = tcp_pair();
  int raw = dup(below.second->descriptor());
  TransportPair pair = with_tls(std::move(below));
  REQUIRE(pair.first != nullptr);
  char garbage[100] = {23, 3, 3, 0, 50};
  CHECK(write(raw, garbage, sizeof garbage) == sizeof garbage);
  wait_for(*pair.first, POLLIN);
  char byte = 0;
  CHECK(pair.first->receive(&byte, 1).status == Io::kClosed);
  close(raw);
}

void wrong_keys() {
  TlsErrors errors;
  TransportPair pair = tls_pair(tcp_pair(), kKey, {9}, &errors);
  CHECK(pair.first == nullptr && pair.second == nullptr);
  CHECK(errors.client == "the server closed the connection during the proof: wrong key?");
  CHECK(errors.server == "the client does not have the secret");
  errors = {};
  pair = tls_pair(tcp_pair(), kKey, kKey, &errors, "abc:2");
  CHECK(pair.first == nullptr && pair.second == nullptr);
  CHECK(!errors.client.empty() && !errors.server.empty());
}

void silence_in_the_handshake() {
  TransportPair pair = tcp_pair();
  std::string error;
  auto tls = wire::make_tls(std::move(pair.first), wire::TlsRole::kClient, "abc:1", kKey, wire::Deadline(100), &error);
  CHECK(tls == nullptr && error == "the server did not finish the proof in time");
}

void descriptors() {
  TransportPair pair = unix_pair();
  int fd = pair.first->descriptor();
  CHECK(fd >= 200);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(wire::link_silence_ms(fd) == -1);
  pair.first->abandon();
  CHECK(fcntl(fd, F_GETFD) == -1);
  // The program closes what it did not open, and uses the number for something of its own.
  fd = pair.second->descriptor();
  int theirs = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(dup2(theirs, fd) == fd);
  pair.second.reset();
  CHECK(fcntl(fd, F_GETFD) != -1);
  close(fd);
  close(theirs);
}

void addresses() {
  std::string error;
  CHECK(wire::connect_tcp("localhost", 1, wire::Deadline(1000), &error).get() == -1);
  CHECK(error == "“localhost” is not a numeric address");
  CHECK(wire::connect_tcp("127.0.0.1", 1, wire::Deadline(1000), &error).get() == -1);
  CHECK(error == "no connection to 127.0.0.1:1: Connection refused");
  CHECK(wire::connect_tcp("::1", 1, wire::Deadline(1000), &error).get() == -1);
  CHECK(error.starts_with("no connection to [::1]:1: "));
  CHECK(wire::connect_tcp("fe80::1%nothing", 1, wire::Deadline(1000), &error).get() == -1);
  CHECK(error == "“fe80::1%nothing” is not a numeric address");
  TransportPair pair = tcp_pair();
  int64_t silence = wire::link_silence_ms(pair.first->descriptor());
  CHECK(silence >= 0 && silence < 1000);
}

void throughput(const char* name, TransportPair pair) {
  REQUIRE(pair.first != nullptr && pair.second != nullptr);
  const char* asked = std::getenv("CENOTE_TEST_MIB");
  size_t total = (asked == nullptr ? 64 : std::strtoul(asked, nullptr, 10)) << 20;
  constexpr size_t kChunk = size_t{512} << 10;
  std::vector<char> from(kChunk);
  std::vector<char> to(kChunk);
  auto begin = std::chrono::steady_clock::now();
  std::thread sender([&] {
    for (size_t sent = 0; sent < total || pair.first->wants_write();) {
      wire::Piece piece{from.data(), std::min(kChunk, total - sent)};
      wire::IoResult r = pair.first->send(&piece, 1);
      sent += r.bytes;
      if (r.status == Io::kAgain || (sent == total && pair.first->wants_write())) wait_for(*pair.first, POLLOUT);
    }
  });
  for (size_t have = 0; have < total;) {
    wire::IoResult r = pair.second->receive(to.data(), kChunk);
    if (!CHECK(r.status != Io::kClosed)) break;
    have += r.bytes;
    if (r.status == Io::kAgain) wait_for(*pair.second, POLLIN);
  }
  sender.join();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%-14s %6.2f GiB/s\n", name, static_cast<double>(total) / seconds / (1 << 30));
}

void round_trips(const char* name, TransportPair pair) {
  REQUIRE(pair.first != nullptr && pair.second != nullptr);
  constexpr int kRounds = 5000;
  auto relay = [](wire::Transport& transport, bool send_first) {
    char message[64] = {};
    for (int i = 0; i < kRounds; ++i) {
      for (bool send : {send_first, !send_first}) {
        if (send) {
          wire::Piece piece{message, sizeof message};
          transport.send(&piece, 1);
        } else {
          while (transport.receive(message, sizeof message).status == Io::kAgain) wait_for(transport, POLLIN);
        }
      }
    }
  };
  std::thread echo([&] { relay(*pair.second, false); });
  auto begin = std::chrono::steady_clock::now();
  relay(*pair.first, true);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  echo.join();
  std::printf("%-14s %6.1f us a round trip of 64 bytes\n", name, seconds / kRounds * 1e6);
}

}  // namespace

int main() {
  all_exchanges();
  a_reset_is_an_end();
  garbage_in_tls();
  wrong_keys();
  silence_in_the_handshake();
  descriptors();
  addresses();
  throughput("plain", tcp_pair());
  throughput("TLS", with_tls(tcp_pair()));
  round_trips("plain", tcp_pair());
  round_trips("TLS", with_tls(tcp_pair()));
  return result();
}
