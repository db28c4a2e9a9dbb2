#include "wire/handshake.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "wire/descriptor.hpp"
#include "wire/frames.hpp"
#include "wire/libssl.hpp"
#include "wire/sha256.hpp"
#include "wire/tcp.hpp"
#include "wire/tls.hpp"

namespace cenote::wire {

namespace {

enum class Exchange { kDone, kLate, kClosed };

bool fill_random(void* data, size_t size) {
  ssize_t n = 0;
  do {
    n = getrandom(data, size, 0);
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(size);
}

Exchange send_all(Transport& transport, const void* data, size_t size, const Deadline& deadline) {
  const auto* at = static_cast<const char*>(data);
  while (size != 0) {
    Piece piece{at, size};
    IoResult r = transport.send(&piece, 1);
    if (r.status == Io::kClosed) return Exchange::kClosed;
    if (r.status == Io::kAgain && !wait_ready(transport.descriptor(), POLLOUT, deadline)) return Exchange::kLate;
    at += r.bytes;
    size -= r.bytes;
  }
  return Exchange::kDone;
}

Exchange receive_all(Transport& transport, void* data, size_t size, const Deadline& deadline) {
  auto* at = static_cast<char*>(data);
  while (size != 0) {
    IoResult r = transport.receive(at, size);
    if (r.status == Io::kClosed) return Exchange::kClosed;
    if (r.status == Io::kAgain && !wait_ready(transport.descriptor(), POLLIN, deadline)) return Exchange::kLate;
    at += r.bytes;
    size -= r.bytes;
  }
  return Exchange::kDone;
}

/// What both sides know once the preamble has been answered, and derive the proofs from.
struct Beginning {
  unsigned char preamble[kPreambleSize];
  unsigned char answer[kAnswerSize];
  Digest key;

  void derive_key(const unsigned char (&secret)[kSecretSize], const unsigned char (&session_id)[kIdSize],
                  uint16_t stream) {
    std::string info = "cenote stream ";
    info += static_cast<char>(stream & 0xff);
    info += static_cast<char>(stream >> 8);
    hkdf(secret, kSecretSize, session_id, kIdSize, info.data(), info.size(), key.data(), key.size());
  }

  [[nodiscard]] Digest proof(std::string_view label, std::string_view nonce = {}) const {
    Hmac hmac(key.data(), key.size());
    hmac.update(label.data(), label.size()).update(preamble, sizeof preamble).update(answer, sizeof answer);
    return hmac.update(nonce.data(), nonce.size()).finish();
  }
};

std::string tls_identity(const unsigned char (&session_id)[kIdSize], uint16_t stream) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : session_id) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text + ":" + std::to_string(stream);
}

std::string version(uint16_t major, uint16_t minor) { return std::to_string(major) + "." + std::to_string(minor); }

/// The sentence and the reason for an answer that is no kGoOn.
OpenError explain(const Answer& answer, StreamKind kind, std::string* error) {
  *error = "server answered: ";
  switch (answer.status) {
    case Status::kUnknown:
      *error += kind == StreamKind::kNewSession ? "unknown allocation; it may have ended" : "the session has ended";
      return OpenError::kUnknown;
    case Status::kBusy:
      *error += "busy; too many sessions are being opened at once";
      return OpenError::kBusy;
    case Status::kTlsRequired:
      *error += "connections from other machines must use TLS";
      return OpenError::kTlsRequired;
    case Status::kMalformed:
      *error += "malformed preamble";
      return OpenError::kProtocol;
    case Status::kOtherBuild:
      *error = "client and server are from different builds of Cenote, and protocol " + version(kMajor, kMinor) +
               " is still being developed: run the same build on both";
      return OpenError::kVersion;
    case Status::kWrongVersion:
    case Status::kGoOn:
      break;
  }
  *error += "wrong protocol version (server " + version(answer.major, answer.minor) + ", client " +
            version(kMajor, kMinor) + ")";
  return OpenError::kVersion;
}

class Opening {
 public:
  Opening(std::unique_ptr<Transport> transport, const Deadline& deadline, std::string* error)
      : transport_(std::move(transport)), deadline_(deadline), error_(error) {}

  /// Sends the preamble and reads the answer; leaves the session's id in `session_id`.
  OpenError ask(const Endpoint& endpoint, StreamKind kind, unsigned char (&session_id)[kIdSize], uint16_t stream) {
    Preamble preamble;
    preamble.kind = kind;
    preamble.tls = endpoint.tls;
    preamble.stream = stream;
    preamble.build = kBuild;
    std::memcpy(preamble.id, kind == StreamKind::kNewSession ? endpoint.allocation_id : session_id, kIdSize);
    encode(preamble, beginning_.preamble);
    Exchange step = send_all(*transport_, beginning_.preamble, sizeof beginning_.preamble, deadline_);
    if (step == Exchange::kDone) {
      step = receive_all(*transport_, beginning_.answer, sizeof beginning_.answer, deadline_);
    }
    if (step != Exchange::kDone) {
      return fail(OpenError::kUnreachable, step == Exchange::kLate ? "the server is connected but does not answer"
                                                                   : "the server closed the connection unanswered");
    }
    Answer answer;
    if (!decode(beginning_.answer, &answer)) {
      return fail(OpenError::kProtocol, "what answers there is no Cenote server");
    }
    if (answer.status != Status::kGoOn || answer.major != kMajor) return explain(answer, kind, error_);
    if (kind == StreamKind::kFurtherStream && std::memcmp(answer.session_id, session_id, kIdSize) != 0) {
      return fail(OpenError::kProtocol, "server answered for another session");
    }
    std::memcpy(session_id, answer.session_id, kIdSize);
    beginning_.derive_key(endpoint.secret, session_id, stream);
    return OpenError::kNone;
  }

  OpenError prove_plain() {
    unsigned char shown[kNonceSize + sizeof(Digest)];
    std::string_view nonce{reinterpret_cast<char*>(shown), kNonceSize};
    if (!fill_random(shown, kNonceSize)) return fail(OpenError::kProof, "the system gave no random bytes");
    Digest ours = beginning_.proof("client", nonce);
    std::memcpy(shown + kNonceSize, ours.data(), ours.size());
    Digest theirs;
    Exchange step = send_all(*transport_, shown, sizeof shown, deadline_);
    if (step == Exchange::kDone) step = receive_all(*transport_, theirs.data(), theirs.size(), deadline_);
    if (step == Exchange::kLate) return fail(OpenError::kProof, "the server did not finish the proof in time");
    if (step == Exchange::kClosed) {
      return fail(OpenError::kProof, "the server closed the connection during the proof: wrong key?");
    }
    if (!equal_secrets(theirs.data(), beginning_.proof("server", nonce).data(), theirs.size())) {
      return fail(OpenError::kProof, "the server does not have the key of this allocation");
    }
    return OpenError::kNone;
  }

  OpenError prove_tls(const unsigned char (&session_id)[kIdSize], uint16_t stream) {
    if (libssl(error_) == nullptr) return OpenError::kNoTls;
    transport_ = make_tls(std::move(transport_), TlsRole::kClient, tls_identity(session_id, stream),
                          beginning_.proof("tls"), deadline_, error_);
    return transport_ == nullptr ? OpenError::kProof : OpenError::kNone;
  }

  std::unique_ptr<Transport> take() { return std::move(transport_); }

 private:
  OpenError fail(OpenError reason, const char* sentence) {
    *error_ = sentence;
    return reason;
  }

  std::unique_ptr<Transport> transport_;
  Beginning beginning_{};
  const Deadline& deadline_;
  std::string* error_;
};

}  // namespace

std::unique_ptr<Transport> open_stream(const Endpoint& endpoint, StreamKind kind, unsigned char (&session_id)[kIdSize],
                                       uint16_t stream, int timeout_ms, std::string* error, OpenError* reason) {
  OpenError ignored = OpenError::kNone;
  OpenError& result = reason == nullptr ? ignored : *reason;
  Deadline deadline(timeout_ms);
  Descriptor fd = connect_tcp(endpoint.address, endpoint.port, deadline, error);
  if (fd.get() < 0) {
    result = OpenError::kUnreachable;
    return nullptr;
  }
  Opening opening(make_tcp(std::move(fd)), deadline, error);
  result = opening.ask(endpoint, kind, session_id, stream);
  if (result != OpenError::kNone) return nullptr;
  result = endpoint.tls ? opening.prove_tls(session_id, stream) : opening.prove_plain();
  return result == OpenError::kNone ? opening.take() : nullptr;
}

std::unique_ptr<Transport> accept_stream(int fd, const unsigned char (&preamble)[kPreambleSize],
                                         const unsigned char (&session_id)[kIdSize], uint16_t stream,
                                         const unsigned char (&secret)[kSecretSize], bool tls, int timeout_ms,
                                         std::string* error) {
  Deadline deadline(timeout_ms);
  auto transport = make_tcp(Descriptor(fd));
  tune_tcp(transport->descriptor());
  // Whoever waits for nothing but this stream waits in the receiving call itself.
  int flags = fcntl(transport->descriptor(), F_GETFL);
  if (flags >= 0) fcntl(transport->descriptor(), F_SETFL, flags & ~O_NONBLOCK);
  auto fail = [error](const char* sentence) {
    *error = sentence;
    return nullptr;
  };
  Preamble asked;
  bool fits = decode(preamble, &asked) && asked.major == kMajor && asked.tls == tls && asked.stream == stream;
  if (fits && stream != 0) fits = std::memcmp(asked.id, session_id, kIdSize) == 0;
  if (!fits || asked.kind == StreamKind::kControl) return fail("the preamble is not that of this stream");
  if (stream > kMaxStreams) return fail("a session has no stream of this number");

  Beginning beginning;
  std::memcpy(beginning.preamble, preamble, kPreambleSize);
  Answer answer;
  std::memcpy(answer.session_id, session_id, kIdSize);
  if (!fill_random(answer.nonce, kNonceSize)) return fail("the system gave no random bytes");
  bool other_build = asked.minor == kMinor && asked.build != kBuild && asked.build != 0 && kBuild != 0;
  if (other_build) answer.status = Status::kOtherBuild;
  encode(answer, beginning.answer);
  beginning.derive_key(secret, session_id, stream);
  Exchange step = send_all(*transport, beginning.answer, sizeof beginning.answer, deadline);
  if (other_build) return fail("the client is from another build, whose messages are not ours");
  if (step == Exchange::kDone && tls) {
    return make_tls(std::move(transport), TlsRole::kServer, tls_identity(session_id, stream), beginning.proof("tls"),
                    deadline, error);
  }
  unsigned char shown[kNonceSize + sizeof(Digest)];
  if (step == Exchange::kDone) step = receive_all(*transport, shown, sizeof shown, deadline);
  if (step == Exchange::kLate) return fail("the client did not prove the secret in time");
  if (step == Exchange::kClosed) return fail("the client closed the connection during the proof");
  std::string_view nonce{reinterpret_cast<char*>(shown), kNonceSize};
  if (!equal_secrets(shown + kNonceSize, beginning.proof("client", nonce).data(), sizeof(Digest))) {
    return fail("the client does not have the secret");
  }
  Digest ours = beginning.proof("server", nonce);
  if (send_all(*transport, ours.data(), ours.size(), deadline) != Exchange::kDone) {
    return fail("the client closed the connection during the proof");
  }
  return transport;
}

}  // namespace cenote::wire
