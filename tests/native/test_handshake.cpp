// Streams opened by a client and accepted by a worker behind a gate: proper ones, and everything that can be wrong.
#include <poll.h>

#include <chrono>
#include <cstring>
#include <functional>

#include "sockets.hpp"
#include "wire/frames.hpp"
#include "wire/handshake.hpp"

using namespace cenote;
using namespace cenote::test;
using namespace cenote::wire;

namespace {

constexpr int kTimeoutMs = 400;

/// What happens when a client opens a stream of a session and a worker accepts it.
struct Scene {
  bool tls = false;
  StreamKind kind = StreamKind::kNewSession;
  uint16_t stream = 0;
  bool same_secret = true;
  uint16_t worker_stream = 0;
  bool worker_tls = false;
  bool same_session = true;
};

struct Outcome {
  std::unique_ptr<Transport> client;
  std::unique_ptr<Transport> worker;
  OpenError reason = OpenError::kNone;
  std::string client_error;
  std::string worker_error;
  unsigned char session_id[kIdSize] = {};
};

constexpr unsigned char kSession[kIdSize] = {0x5e, 0x55, 1};
constexpr unsigned char kSecret[kSecretSize] = {42, 43, 44};

Endpoint endpoint(uint16_t port, bool tls) {
  Endpoint to{"127.0.0.1", port, tls};
  to.allocation_id[0] = 0xa1;
  std::memcpy(to.secret, kSecret, sizeof kSecret);
  return to;
}

/// A server for one connection: `serve` gets it with the preamble that came on it.
Outcome with_server(const Scene& scene, const std::function<void(int, const unsigned char (&)[kPreambleSize])>& serve) {
  Outcome outcome;
  Listener listener;
  std::thread server([&] {
    int fd = listener.accept();
    unsigned char preamble[kPreambleSize];
    if (CHECK(recv(fd, preamble, sizeof preamble, MSG_WAITALL) == kPreambleSize)) serve(fd, preamble);
  });
  if (scene.kind == StreamKind::kFurtherStream) std::memcpy(outcome.session_id, kSession, kIdSize);
  outcome.client = open_stream(endpoint(listener.port(), scene.tls), scene.kind, outcome.session_id, scene.stream,
                               kTimeoutMs, &outcome.client_error, &outcome.reason);
  server.join();
  CHECK((outcome.client == nullptr) == (outcome.reason != OpenError::kNone));
  CHECK((outcome.client == nullptr) == !outcome.client_error.empty());
  return outcome;
}

Outcome play(const Scene& scene) {
  std::unique_ptr<Transport> worker;
  std::string error;
  Outcome outcome = with_server(scene, [&](int fd, const unsigned char (&preamble)[kPreambleSize]) {
    unsigned char secret[kSecretSize];
    std::memcpy(secret, kSecret, sizeof secret);
    if (!scene.same_secret) secret[31] ^= 1;
    unsigned char session[kIdSize];
    std::memcpy(session, kSession, sizeof session);
    if (!scene.same_session) session[5] ^= 1;
    worker = accept_stream(fd, preamble, session, scene.worker_stream, secret, scene.worker_tls, kTimeoutMs, &error);
  });
  CHECK((worker == nullptr) == !error.empty());
  outcome.worker = std::move(worker);
  outcome.worker_error = error;
  return outcome;
}

bool passes_bytes(Transport& from, Transport& to) {
  Piece pieces[] = {{"fourteen", 8}, {" bytes", 6}};
  IoResult sent = from.send(pieces, 2);
  char got[15] = {};
  for (size_t have = 0; have < 14;) {
    pollfd entry{to.descriptor(), POLLIN, 0};
    if (!to.has_buffered() && poll(&entry, 1, 2000) != 1) return false;
    IoResult r = to.receive(got + have, 14 - have);
    if (r.status == Io::kClosed) return false;
    have += r.bytes;
  }
  return sent.bytes == 14 && std::strcmp(got, "fourteen bytes") == 0;
}

void good() {
  for (bool tls : {false, true}) {
    for (uint16_t stream : {uint16_t{0}, uint16_t{1}, static_cast<uint16_t>(kMaxStreams)}) {
      StreamKind kind = stream == 0 ? StreamKind::kNewSession : StreamKind::kFurtherStream;
      Outcome outcome = play({tls, kind, stream, true, stream, tls});
      CHECK(outcome.client_error.empty() && outcome.worker_error.empty());
      REQUIRE(outcome.client != nullptr && outcome.worker != nullptr);
      CHECK(std::memcmp(outcome.session_id, kSession, kIdSize) == 0);
      CHECK(passes_bytes(*outcome.client, *outcome.worker));
      CHECK(passes_bytes(*outcome.worker, *outcome.client));
    }
  }
}

void wrong_secret() {
  for (bool tls : {false, true}) {
    Scene scene;
    scene.tls = scene.worker_tls = tls;
    scene.same_secret = false;
    Outcome outcome = play(scene);
    CHECK(outcome.reason == OpenError::kProof && outcome.worker == nullptr);
    CHECK(outcome.client_error == "the server closed the connection during the proof: wrong key?");
    CHECK(outcome.worker_error == "the client does not have the secret");
  }
}

void wrong_stream() {
  const char* sentence = "the preamble is not that of this stream";
  CHECK(play({false, StreamKind::kFurtherStream, 1, true, 2}).worker_error == sentence);
  CHECK(play({false, StreamKind::kNewSession, 0, true, 1}).worker_error == sentence);
  CHECK(play({false, StreamKind::kFurtherStream, 1, true, 1, false, false}).worker_error == sentence);
  CHECK(play({true, StreamKind::kNewSession, 0, true, 0, false}).worker_error == sentence);
  Outcome outcome = play({false, StreamKind::kControl});
  CHECK(outcome.worker_error == sentence);
  CHECK(outcome.reason == OpenError::kUnreachable);
  CHECK(outcome.client_error == "the server closed the connection unanswered");
}

void reply_with(int fd, const void* bytes, size_t size) {
  CHECK(send(fd, bytes, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
}

void refusals() {
  struct Case {
    Status status;
    StreamKind kind;
    OpenError reason;
    const char* sentence;
  };
  static constexpr Case kCases[] = {
      {Status::kWrongVersion, StreamKind::kNewSession, OpenError::kVersion,
       "server answered: wrong protocol version (server 3.7, client 1.0)"},
      {Status::kUnknown, StreamKind::kNewSession, OpenError::kUnknown,
       "server answered: unknown allocation; it may have ended"},
      {Status::kUnknown, StreamKind::kFurtherStream, OpenError::kUnknown, "server answered: the session has ended"},
      {Status::kBusy, StreamKind::kNewSession, OpenError::kBusy,
       "server answered: busy; too many sessions are being opened at once"},
      {Status::kTlsRequired, StreamKind::kNewSession, OpenError::kTlsRequired,
       "server answered: connections from other machines must use TLS"},
      {Status::kMalformed, StreamKind::kNewSession, OpenError::kProtocol, "server answered: malformed preamble"},
      {Status::kOtherBuild, StreamKind::kNewSession, OpenError::kVersion,
       "client and server are from different builds of Cenote, and protocol 1.0 is still being developed: run the same "
       "build on both"},
  };
  for (const Case& one : kCases) {
    Scene scene;
    scene.kind = one.kind;
    scene.stream = one.kind == StreamKind::kFurtherStream ? 1 : 0;
    Outcome outcome = with_server(scene, [&](int fd, const unsigned char (&)[kPreambleSize]) {
      Answer answer;
      answer.status = one.status;
      if (one.status == Status::kWrongVersion) answer.major = 3;
      if (one.status == Status::kWrongVersion) answer.minor = 7;
      unsigned char bytes[kAnswerSize];
      encode(answer, bytes);
      reply_with(fd, bytes, sizeof bytes);
      close(fd);
    });
    CHECK(outcome.reason == one.reason);
    if (!CHECK(outcome.client_error == one.sentence)) std::fprintf(stderr, "%s\n", outcome.client_error.c_str());
  }
}

/// Answers that stop short, and everything that a stranger on that port may say.
void strangers() {
  unsigned char good[kAnswerSize];
  Answer answer;
  std::memcpy(answer.session_id, kSession, kIdSize);
  encode(answer, good);
  for (size_t size : {size_t{0}, size_t{1}, size_t{63}}) {
    Outcome outcome = with_server({}, [&](int fd, const unsigned char (&)[kPreambleSize]) {
      reply_with(fd, good, size);
      close(fd);
    });
    CHECK(outcome.reason == OpenError::kUnreachable);
  }
  Outcome http = with_server({}, [&](int fd, const unsigned char (&)[kPreambleSize]) {
    std::string text = "HTTP/1.1 400 Bad Request\r\n" + std::string(100, 'x');
    reply_with(fd, text.data(), text.size());
    close(fd);
  });
  CHECK(http.reason == OpenError::kProtocol && http.client_error == "what answers there is no Cenote server");

  // Of another session than the one asked for.
  Scene further{false, StreamKind::kFurtherStream, 1};
  Outcome other = with_server(further, [&](int fd, const unsigned char (&)[kPreambleSize]) {
    unsigned char bytes[kAnswerSize];
    std::memcpy(bytes, good, sizeof bytes);
    bytes[20] ^= 1;
    reply_with(fd, bytes, sizeof bytes);
    close(fd);
  });
  CHECK(other.reason == OpenError::kProtocol);

  // Goes on without knowing the secret: sends a proof of nothing, or TLS of nothing.
  for (bool tls : {false, true}) {
    Scene scene;
    scene.tls = tls;
    Outcome liar = with_server(scene, [&](int fd, const unsigned char (&)[kPreambleSize]) {
      reply_with(fd, good, sizeof good);
      char shown[64];
      CHECK(recv(fd, shown, sizeof shown, MSG_WAITALL) == 64);
      reply_with(fd, good, 32);
      shutdown(fd, SHUT_WR);
      while (recv(fd, shown, sizeof shown, 0) > 0) {
      }
      close(fd);
    });
    CHECK(liar.reason == OpenError::kProof);
  }
}

void silence() {
  unsigned char good[kAnswerSize];
  Answer answer;
  encode(answer, good);
  for (bool tls : {false, true}) {
    for (size_t size : {size_t{0}, size_t{30}, sizeof good}) {
      Scene scene;
      scene.tls = tls;
      auto begin = std::chrono::steady_clock::now();
      Outcome outcome = with_server(scene, [&](int fd, const unsigned char (&)[kPreambleSize]) {
        reply_with(fd, good, size);
        char byte = 0;
        while (recv(fd, &byte, 1, 0) > 0) {
        }
        close(fd);
      });
      auto took = std::chrono::steady_clock::now() - begin;
      CHECK(took >= std::chrono::milliseconds(kTimeoutMs) && took < std::chrono::milliseconds(kTimeoutMs * 4));
      CHECK(outcome.client_error == (size == sizeof good ? "the server did not finish the proof in time"
                                                         : "the server is connected but does not answer"));
    }
  }
}

/// Clients that send less than a proof, something else, or nothing at all.
void bad_clients() {
  for (bool tls : {false, true}) {
    for (int size : {0, 1, 63, 64, 1000}) {
      for (bool leave : {false, true}) {
        if (size >= 64 && !leave) continue;
        int fds[2];
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
        std::string noise(static_cast<size_t>(size), 'n');
        reply_with(fds[1], noise.data(), noise.size());
        if (leave) shutdown(fds[1], SHUT_WR);
        Preamble asked;
        asked.kind = StreamKind::kNewSession;
        asked.tls = tls;
        unsigned char preamble[kPreambleSize];
        encode(asked, preamble);
        std::string error;
        CHECK(accept_stream(fds[0], preamble, kSession, 0, kSecret, tls, 50, &error) == nullptr);
        CHECK(error == "the client does not have the secret" ||
              error == "the client did not prove the secret in time" ||
              error == "the client did not finish the proof in time" ||
              error == "the client closed the connection during the proof");
        close(fds[1]);
      }
    }
  }
}

/// A proof holds for its own connection only: the preamble and the answer are part of it.
void tampering() {
  for (bool tls : {false, true}) {
    Scene scene{tls, StreamKind::kNewSession, 0, true, 0, tls};
    std::string error;
    std::unique_ptr<Transport> worker;
    Outcome outcome = with_server(scene, [&](int fd, const unsigned char (&preamble)[kPreambleSize]) {
      unsigned char changed[kPreambleSize];
      std::memcpy(changed, preamble, sizeof changed);
      changed[10] ^= 1;  // another minor version
      worker = accept_stream(fd, changed, kSession, 0, kSecret, tls, kTimeoutMs, &error);
    });
    CHECK(outcome.client == nullptr && worker == nullptr);
    CHECK(error == "the client does not have the secret");
  }
}

/// While the protocol is being developed, a client with other messages is told so; one that is released is let in.
void other_builds() {
  for (uint64_t build : {kBuild, uint64_t{0}, kBuild + 1}) {
    std::string error;
    std::unique_ptr<Transport> worker;
    Outcome outcome = with_server({}, [&](int fd, const unsigned char (&preamble)[kPreambleSize]) {
      Preamble asked;
      CHECK(decode(preamble, &asked) && asked.build == kBuild);
      asked.build = build;
      unsigned char changed[kPreambleSize];
      encode(asked, changed);
      worker = accept_stream(fd, changed, kSession, 0, kSecret, false, kTimeoutMs, &error);
    });
    bool told = outcome.reason == OpenError::kVersion && error.starts_with("the client is from another build");
    CHECK(told == (kBuild != 0 && build == kBuild + 1));
    CHECK((worker != nullptr) == (build == kBuild));
  }
}

void nobody_there() {
  Endpoint to = endpoint(1, false);
  unsigned char session[kIdSize];
  std::string error;
  OpenError reason = OpenError::kNone;
  CHECK(open_stream(to, StreamKind::kNewSession, session, 0, kTimeoutMs, &error, &reason) == nullptr);
  CHECK(reason == OpenError::kUnreachable && error == "no connection to 127.0.0.1:1: Connection refused");
  to.address = "a.name.example";
  CHECK(open_stream(to, StreamKind::kNewSession, session, 0, kTimeoutMs, &error, &reason) == nullptr);
  CHECK(reason == OpenError::kUnreachable);
}

void duration() {
  for (bool tls : {false, true}) {
    constexpr int kRounds = 20;
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) CHECK(play({tls, StreamKind::kNewSession, 0, true, 0, tls}).client != nullptr);
    double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() / kRounds;
    std::printf("%-6s %5.2f ms to open a stream\n", tls ? "TLS" : "plain", ms);
  }
}

}  // namespace

int main() {
  good();
  wrong_secret();
  wrong_stream();
  refusals();
  strangers();
  silence();
  bad_clients();
  tampering();
  other_builds();
  nobody_there();
  duration();
  return result();
}
