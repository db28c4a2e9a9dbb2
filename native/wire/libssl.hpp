// OpenSSL, opened at run time: nothing of it is linked, and a program that uses no TLS never loads it. The prototypes
// are ours and name only what tls.cpp needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" {
struct ssl_st;
struct ssl_ctx_st;
struct ssl_method_st;
struct ssl_session_st;
struct ssl_cipher_st;
struct bio_st;
struct bio_method_st;
struct evp_md_st;
}

namespace cenote::wire {

/// name, return type, parameters
#define CENOTE_LIBSSL_FUNCTIONS(F)                                                                       \
  F(OPENSSL_init_ssl, int, (uint64_t options, const void* settings))                                     \
  F(TLS_method, const ssl_method_st*, ())                                                                \
  F(SSL_CTX_new, ssl_ctx_st*, (const ssl_method_st*))                                                    \
  F(SSL_CTX_free, void, (ssl_ctx_st*))                                                                   \
  F(SSL_CTX_ctrl, long, (ssl_ctx_st*, int command, long number, void* pointer))                          \
  F(SSL_CTX_set_options, uint64_t, (ssl_ctx_st*, uint64_t))                                              \
  F(SSL_CTX_set_ciphersuites, int, (ssl_ctx_st*, const char*))                                           \
  F(SSL_CTX_set_num_tickets, int, (ssl_ctx_st*, size_t))                                                 \
  F(SSL_CTX_set_verify, void, (ssl_ctx_st*, int mode, int (*)(int, void*)))                              \
  F(SSL_CTX_set_psk_use_session_callback, void,                                                          \
    (ssl_ctx_st*, int (*)(ssl_st*, const evp_md_st*, const unsigned char**, size_t*, ssl_session_st**))) \
  F(SSL_CTX_set_psk_find_session_callback, void,                                                         \
    (ssl_ctx_st*, int (*)(ssl_st*, const unsigned char*, size_t, ssl_session_st**)))                     \
  F(SSL_new, ssl_st*, (ssl_ctx_st*))                                                                     \
  F(SSL_free, void, (ssl_st*))                                                                           \
  F(SSL_set_bio, void, (ssl_st*, bio_st * from, bio_st * to))                                            \
  F(SSL_set_ex_data, int, (ssl_st*, int index, void*))                                                   \
  F(SSL_get_ex_data, void*, (const ssl_st*, int index))                                                  \
  F(SSL_set_connect_state, void, (ssl_st*))                                                              \
  F(SSL_set_accept_state, void, (ssl_st*))                                                               \
  F(SSL_do_handshake, int, (ssl_st*))                                                                    \
  F(SSL_session_reused, int, (const ssl_st*))                                                            \
  F(SSL_read_ex, int, (ssl_st*, void*, size_t, size_t*))                                                 \
  F(SSL_write_ex, int, (ssl_st*, const void*, size_t, size_t*))                                          \
  F(SSL_want, int, (const ssl_st*))                                                                      \
  F(SSL_pending, int, (const ssl_st*))                                                                   \
  F(SSL_key_update, int, (ssl_st*, int type))                                                            \
  F(SSL_CIPHER_find, const ssl_cipher_st*, (ssl_st*, const unsigned char* id))                           \
  F(SSL_SESSION_new, ssl_session_st*, ())                                                                \
  F(SSL_SESSION_free, void, (ssl_session_st*))                                                           \
  F(SSL_SESSION_set1_master_key, int, (ssl_session_st*, const unsigned char*, size_t))                   \
  F(SSL_SESSION_set_cipher, int, (ssl_session_st*, const ssl_cipher_st*))                                \
  F(SSL_SESSION_set_protocol_version, int, (ssl_session_st*, int))

/// The part that libssl's own dependency libcrypto defines.
#define CENOTE_LIBCRYPTO_FUNCTIONS(F)                                                             \
  F(OPENSSL_atexit, int, (void (*)()))                                                            \
  F(BIO_get_new_index, int, ())                                                                   \
  F(BIO_meth_new, bio_method_st*, (int type, const char* name))                                   \
  F(BIO_meth_set_read_ex, int, (bio_method_st*, int (*)(bio_st*, char*, size_t, size_t*)))        \
  F(BIO_meth_set_write_ex, int, (bio_method_st*, int (*)(bio_st*, const char*, size_t, size_t*))) \
  F(BIO_meth_set_ctrl, int, (bio_method_st*, long (*)(bio_st*, int, long, void*)))                \
  F(BIO_new, bio_st*, (const bio_method_st*))                                                     \
  F(BIO_set_data, void, (bio_st*, void*))                                                         \
  F(BIO_get_data, void*, (bio_st*))                                                               \
  F(BIO_set_init, void, (bio_st*, int))                                                           \
  F(BIO_set_flags, void, (bio_st*, int))                                                          \
  F(BIO_clear_flags, void, (bio_st*, int))                                                        \
  F(ERR_set_mark, int, ())                                                                        \
  F(ERR_pop_to_mark, int, ())

struct LibSsl {
#define CENOTE_MEMBER(name, result, parameters) result(*name) parameters = nullptr;
  CENOTE_LIBSSL_FUNCTIONS(CENOTE_MEMBER)
  CENOTE_LIBCRYPTO_FUNCTIONS(CENOTE_MEMBER)
#undef CENOTE_MEMBER
};

/// The opened library, or NULL and a sentence in `error`. It is opened once and stays. One in the folder lib/openssl of
/// this installation goes before the system's.
const LibSsl* libssl(std::string* error);

/// Held around calls into the library: false once the program's own OpenSSL has been torn down at exit, after which it
/// must not be called any more.
class LibSslInUse {
 public:
  LibSslInUse();
  ~LibSslInUse();
  LibSslInUse(const LibSslInUse&) = delete;
  LibSslInUse& operator=(const LibSslInUse&) = delete;
  explicit operator bool() const { return usable_; }

 private:
  bool usable_;
};

}  // namespace cenote::wire
