#include "wire/tls.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "wire/libssl.hpp"

namespace cenote::wire {

namespace {

// Numbers of OpenSSL's interface.
constexpr int kTls13 = 0x0304;
constexpr int kSetMode = 33;
constexpr int kSetSessionCacheMode = 44;
constexpr int kSetMinVersion = 123;
constexpr int kSetMaxVersion = 124;
constexpr long kModeMovingWriteBuffer = 2;
constexpr uint64_t kOptionNoTicket = uint64_t{1} << 14;
constexpr int kVerifyPeer = 1;
constexpr int kWantWrite = 2;
constexpr int kWantRead = 3;
constexpr int kKeyUpdateNotRequested = 0;
constexpr int kBioSourceSink = 0x0400;
constexpr int kBioControlFlush = 11;
constexpr int kBioRead = 1;
constexpr int kBioWrite = 2;
constexpr int kBioShouldRetry = 8;
constexpr int kBioRetryFlags = 0x0f;
constexpr char kCipherName[] = "TLS_AES_128_GCM_SHA256";
constexpr unsigned char kCipherId[] = {0x13, 0x01};

constexpr size_t kRecord = 16384;               // plaintext of a full record
constexpr size_t kSealedRecord = kRecord + 22;  // header, content type and tag added
constexpr size_t kBatch = 16;                   // records for one system call
constexpr size_t kSmallMessages = 4096;         // room for alerts, key updates and the handshake
constexpr size_t kOutSize = kBatch * kSealedRecord + kSmallMessages;
constexpr size_t kInSize = kBatch * kSealedRecord;

class Tls final : public Transport {
 public:
  Tls(const LibSsl& lib, std::unique_ptr<Transport> below, std::string identity, const Digest& key,
      uint64_t bytes_per_key)
      : lib_(lib), below_(std::move(below)), identity_(std::move(identity)), key_(key), bytes_per_key_(bytes_per_key) {}
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls() override;

  bool start(TlsRole role);
  bool shake_hands(TlsRole role, const Deadline& deadline, std::string* error);

  IoResult send(const Piece* pieces, int count) override;
  IoResult receive(void* data, size_t size) override;
  [[nodiscard]] int descriptor() const override { return below_->descriptor(); }
  [[nodiscard]] bool wants_write() const override { return wants_write_.load(std::memory_order_acquire); }
  [[nodiscard]] bool has_buffered() const override { return has_buffered_.load(std::memory_order_acquire); }
  void abandon() override {
    below_->abandon();
    ssl_ = nullptr;  // leaked: the parent's threads may have been inside it
  }

 private:
  static const bio_method_st* bio_method(const LibSsl& lib);
  static int on_bio_read(bio_st* bio, char* data, size_t size, size_t* bytes);
  static int on_bio_write(bio_st* bio, const char* data, size_t size, size_t* bytes);
  static long on_bio_control(bio_st* bio, int command, long number, void* pointer);
  static int on_use_session(ssl_st* ssl, const evp_md_st* hash, const unsigned char** identity, size_t* identity_size,
                            ssl_session_st** session);
  static int on_find_session(ssl_st* ssl, const unsigned char* identity, size_t identity_size,
                             ssl_session_st** session);
  ssl_session_st* psk_session(ssl_st* ssl) const;

  /// Sends what is sealed, as far as the transport takes it. False when the stream has ended.
  bool flush();
  /// Receives into the empty input buffer.
  Io refill();
  /// With the lock held: seals as much of the pieces as the output buffer has room for. False on failure.
  bool seal(const Piece* pieces, int count, size_t* accepted);
  bool seal_run(const void* data, size_t size);
  void note_state() {
    wants_write_.store(out_begin_ != out_end_, std::memory_order_release);
    has_buffered_.store(in_begin_ != in_end_ || lib_.SSL_pending(ssl_) > 0, std::memory_order_release);
  }

  const LibSsl& lib_;
  std::unique_ptr<Transport> below_;
  std::string identity_;
  Digest key_;
  uint64_t bytes_per_key_;
  uint64_t sealed_with_key_ = 0;

  std::mutex mutex_;  // of the SSL object and the buffers' bounds; never held across system calls
  ssl_st* ssl_ = nullptr;
  std::unique_ptr<char[]> in_ = std::make_unique_for_overwrite<char[]>(kInSize);
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  std::unique_ptr<char[]> out_ = std::make_unique_for_overwrite<char[]>(kOutSize);
  size_t out_begin_ = 0;
  size_t out_end_ = 0;
  std::unique_ptr<char[]> gathered_ = std::make_unique_for_overwrite<char[]>(kRecord);
  std::atomic<bool> wants_write_{false};
  std::atomic<bool> has_buffered_{false};
};

/// Keeps the program's own entries in the thread's error queue, should it share the library with us.
class ErrorMark {
 public:
  explicit ErrorMark(const LibSsl& lib) : lib_(lib) { lib_.ERR_set_mark(); }
  ~ErrorMark() { lib_.ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;

 private:
  const LibSsl& lib_;
};

const bio_method_st* Tls::bio_method(const LibSsl& lib) {
  static const bio_method_st* const method = [&lib] {
    bio_method_st* made = lib.BIO_meth_new(lib.BIO_get_new_index() | kBioSourceSink, "cenote");
    lib.BIO_meth_set_read_ex(made, on_bio_read);
    lib.BIO_meth_set_write_ex(made, on_bio_write);
    lib.BIO_meth_set_ctrl(made, on_bio_control);
    return made;
  }();
  return method;
}

bool Tls::start(TlsRole role) {
  ErrorMark mark(lib_);
  ssl_ctx_st* context = lib_.SSL_CTX_new(lib_.TLS_method());
  if (context == nullptr) return false;
  lib_.SSL_CTX_ctrl(context, kSetMinVersion, kTls13, nullptr);
  lib_.SSL_CTX_ctrl(context, kSetMaxVersion, kTls13, nullptr);
  lib_.SSL_CTX_ctrl(context, kSetSessionCacheMode, 0, nullptr);
  lib_.SSL_CTX_ctrl(context, kSetMode, kModeMovingWriteBuffer, nullptr);
  lib_.SSL_CTX_set_options(context, kOptionNoTicket);
  lib_.SSL_CTX_set_num_tickets(context, 0);
  if (role == TlsRole::kClient) {
    // No certificate is trusted, so that no server gets through with one.
    lib_.SSL_CTX_set_verify(context, kVerifyPeer, nullptr);
    lib_.SSL_CTX_set_psk_use_session_callback(context, on_use_session);
  } else {
    lib_.SSL_CTX_set_psk_find_session_callback(context, on_find_session);
  }
  bool usable = lib_.SSL_CTX_set_ciphersuites(context, kCipherName) == 1;
  if (usable) ssl_ = lib_.SSL_new(context);
  lib_.SSL_CTX_free(context);
  if (ssl_ == nullptr) return false;
  bio_st* bio = lib_.BIO_new(bio_method(lib_));
  if (bio == nullptr) return false;
  lib_.BIO_set_data(bio, this);
  lib_.BIO_set_init(bio, 1);
  lib_.SSL_set_bio(ssl_, bio, bio);
  lib_.SSL_set_ex_data(ssl_, 0, this);
  if (role == TlsRole::kClient) {
    lib_.SSL_set_connect_state(ssl_);
  } else {
    lib_.SSL_set_accept_state(ssl_);
  }
  return true;
}

Tls::~Tls() {
  LibSslInUse use;
  if (use && ssl_ != nullptr) lib_.SSL_free(ssl_);
}

int Tls::on_bio_read(bio_st* bio, char* data, size_t size, size_t* bytes) {
  std::string unused;
  const LibSsl& lib = *libssl(&unused);
  auto* tls = static_cast<Tls*>(lib.BIO_get_data(bio));
  lib.BIO_clear_flags(bio, kBioRetryFlags);
  *bytes = std::min(size, tls->in_end_ - tls->in_begin_);
  if (*bytes == 0) {
    lib.BIO_set_flags(bio, kBioRead | kBioShouldRetry);
    return 0;
  }
  std::memcpy(data, tls->in_.get() + tls->in_begin_, *bytes);
  tls->in_begin_ += *bytes;
  return 1;
}

int Tls::on_bio_write(bio_st* bio, const char* data, size_t size, size_t* bytes) {
  std::string unused;
  const LibSsl& lib = *libssl(&unused);
  auto* tls = static_cast<Tls*>(lib.BIO_get_data(bio));
  lib.BIO_clear_flags(bio, kBioRetryFlags);
  *bytes = std::min(size, kOutSize - tls->out_end_);
  if (*bytes == 0) {
    lib.BIO_set_flags(bio, kBioWrite | kBioShouldRetry);
    return 0;
  }
  std::memcpy(tls->out_.get() + tls->out_end_, data, *bytes);
  tls->out_end_ += *bytes;
  return 1;
}

long Tls::on_bio_control(bio_st* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == kBioControlFlush ? 1 : 0;
}

ssl_session_st* Tls::psk_session(ssl_st* ssl) const {
  ssl_session_st* session = lib_.SSL_SESSION_new();
  if (session == nullptr) return nullptr;
  const ssl_cipher_st* cipher = lib_.SSL_CIPHER_find(ssl, kCipherId);
  if (cipher != nullptr && lib_.SSL_SESSION_set1_master_key(session, key_.data(), key_.size()) == 1 &&
      lib_.SSL_SESSION_set_cipher(session, cipher) == 1 &&
      lib_.SSL_SESSION_set_protocol_version(session, kTls13) == 1) {
    return session;
  }
  lib_.SSL_SESSION_free(session);
  return nullptr;
}

int Tls::on_use_session(ssl_st* ssl, const evp_md_st* /*hash*/, const unsigned char** identity, size_t* identity_size,
                        ssl_session_st** session) {
  std::string unused;
  auto* tls = static_cast<Tls*>(libssl(&unused)->SSL_get_ex_data(ssl, 0));
  *identity = reinterpret_cast<const unsigned char*>(tls->identity_.data());
  *identity_size = tls->identity_.size();
  *session = tls->psk_session(ssl);
  return *session != nullptr ? 1 : 0;
}

int Tls::on_find_session(ssl_st* ssl, const unsigned char* identity, size_t identity_size, ssl_session_st** session) {
  std::string unused;
  auto* tls = static_cast<Tls*>(libssl(&unused)->SSL_get_ex_data(ssl, 0));
  *session = nullptr;
  if (tls->identity_ != std::string(reinterpret_cast<const char*>(identity), identity_size)) return 0;
  *session = tls->psk_session(ssl);
  return *session != nullptr ? 1 : 0;
}

bool Tls::shake_hands(TlsRole role, const Deadline& deadline, std::string* error) {
  const char* peer = role == TlsRole::kClient ? "the server" : "the client";
  const char* refused = role == TlsRole::kClient ? "the server closed the connection during the proof: wrong key?"
                                                 : "the client does not have the secret";
  auto fail = [error](std::string sentence) {
    *error = std::move(sentence);
    return false;
  };
  for (bool done = false; !done || wants_write();) {
    int want = 0;
    {
      ErrorMark mark(lib_);
      done = lib_.SSL_do_handshake(ssl_) == 1;
      want = lib_.SSL_want(ssl_);
      note_state();
    }
    if (!flush()) return fail(refused);
    short awaited = wants_write() ? POLLOUT : POLLIN;
    if (awaited == POLLIN) {
      if (done) break;
      if (want != kWantRead) return fail(refused);
      Io got = refill();
      if (got == Io::kOk) continue;
      if (got == Io::kClosed) {
        return fail(role == TlsRole::kClient ? refused : "the client closed the connection during the proof");
      }
    }
    if (!wait_ready(descriptor(), awaited, deadline)) {
      return fail(std::string(peer) + " did not finish the proof in time");
    }
  }
  if (lib_.SSL_session_reused(ssl_) != 1) return fail(std::string(peer) + " did not use the key");
  note_state();
  return true;
}

bool Tls::flush() {
  for (;;) {
    size_t begin = 0;
    size_t size = 0;
    {
      std::lock_guard lock(mutex_);
      if (out_begin_ == out_end_) out_begin_ = out_end_ = 0;
      begin = out_begin_;
      size = out_end_ - out_begin_;
      wants_write_.store(size != 0, std::memory_order_release);
    }
    if (size == 0) return true;
    Piece piece{out_.get() + begin, size};
    IoResult r = below_->send(&piece, 1);
    if (r.status == Io::kClosed) return false;
    if (r.status == Io::kAgain) return true;
    std::lock_guard lock(mutex_);
    out_begin_ += r.bytes;
  }
}

Io Tls::refill() {
  {
    std::lock_guard lock(mutex_);
    in_begin_ = in_end_ = 0;
  }
  IoResult r = below_->receive(in_.get(), kInSize);
  if (r.status == Io::kOk) {
    std::lock_guard lock(mutex_);
    in_end_ = r.bytes;
  }
  return r.status;
}

bool Tls::seal_run(const void* data, size_t size) {
  size_t written = 0;
  if (lib_.SSL_write_ex(ssl_, data, size, &written) != 1 || written != size) return false;
  sealed_with_key_ += size;
  if (sealed_with_key_ < bytes_per_key_) return true;
  sealed_with_key_ = 0;
  return lib_.SSL_key_update(ssl_, kKeyUpdateNotRequested) == 1;
}

bool Tls::seal(const Piece* pieces, int count, size_t* accepted) {
  size_t records = (kOutSize - kSmallMessages / 2 - out_end_) / kSealedRecord;
  size_t offset = 0;  // within pieces[0]
  while (count > 0 && records > 0) {
    size_t here = pieces->size - offset;
    const auto* from = static_cast<const char*>(pieces->data) + offset;
    size_t size = 0;
    if (here >= kRecord || count == 1) {
      // Sealed in place; the rest of a piece that does not fill a record goes together with the next piece.
      size = std::min(here, records * kRecord);
      if (count > 1) size -= size % kRecord;
      offset += size;
    } else {
      for (from = gathered_.get(); count > 0 && size < kRecord;) {
        size_t n = std::min(kRecord - size, pieces->size - offset);
        if (n != 0) std::memcpy(gathered_.get() + size, static_cast<const char*>(pieces->data) + offset, n);
        size += n;
        offset += n;
        if (offset == pieces->size) {
          offset = 0;
          ++pieces;
          --count;
        }
      }
    }
    if (size != 0) {
      if (!seal_run(from, size)) return false;
      *accepted += size;
      records -= std::min(records, (size + kRecord - 1) / kRecord);
    }
    if (count > 0 && offset == pieces->size) {
      offset = 0;
      ++pieces;
      --count;
    }
  }
  return true;
}

IoResult Tls::send(const Piece* pieces, int count) {
  if (!flush()) return {Io::kClosed, 0};
  if (wants_write()) return {Io::kAgain, 0};
  size_t accepted = 0;
  {
    LibSslInUse use;
    std::lock_guard lock(mutex_);
    if (!use) return {Io::kClosed, 0};
    ErrorMark mark(lib_);
    if (!seal(pieces, count, &accepted)) return {Io::kClosed, 0};
  }
  if (!flush()) return {Io::kClosed, 0};
  return {Io::kOk, accepted};
}

IoResult Tls::receive(void* data, size_t size) {
  if (size == 0) return {Io::kAgain, 0};
  for (;;) {
    size_t got = 0;
    int want = kWantRead;
    {
      LibSslInUse use;
      std::lock_guard lock(mutex_);
      if (!use) return {Io::kClosed, 0};
      ErrorMark mark(lib_);
      while (got < size) {
        size_t n = 0;
        if (lib_.SSL_read_ex(ssl_, static_cast<char*>(data) + got, size - got, &n) != 1) {
          want = lib_.SSL_want(ssl_);
          break;
        }
        got += n;
      }
      note_state();
    }
    if (got != 0) return {Io::kOk, got};
    if (want == kWantWrite) return {Io::kAgain, 0};  // its output buffer is full: the sender has to make room first
    if (want != kWantRead) return {Io::kClosed, 0};
    Io more = refill();
    if (more != Io::kOk) return {more, 0};
  }
}

}  // namespace

std::unique_ptr<Transport> make_tls(std::unique_ptr<Transport> below, TlsRole role, const std::string& identity,
                                    const Digest& key, const Deadline& deadline, std::string* error,
                                    uint64_t bytes_per_key) {
  const LibSsl* lib = libssl(error);
  LibSslInUse use;
  if (lib == nullptr || !use) return nullptr;
  auto tls = std::make_unique<Tls>(*lib, std::move(below), identity, key, bytes_per_key);
  if (!tls->start(role)) {
    *error = "OpenSSL offers no TLS 1.3 with TLS_AES_128_GCM_SHA256 here";
    return nullptr;
  }
  if (!tls->shake_hands(role, deadline, error)) return nullptr;
  return tls;
}

}  // namespace cenote::wire
