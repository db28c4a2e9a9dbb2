// One stream of a session, whatever carries it. Everything above this interface is the same for every transport.
#pragma once

#include <cstddef>

namespace cenote::wire {

struct Piece {
  const void* data;
  size_t size;
};

enum class Io {
  kOk,
  kAgain,   // nothing now: poll the descriptor
  kClosed,  // end of the stream, reset, or bytes that break the transport's own protocol
};

struct IoResult {
  Io status;
  size_t bytes;
};

/// Never raises SIGPIPE, and blocks in receive_waiting() alone. One thread may send while another receives, no more
/// than one of each.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Sends the pieces one after the other; may be short. `bytes` counts what was accepted: it arrives, provided that
  /// send is called (with count 0, if there is nothing new) until wants_write() is false.
  virtual IoResult send(const Piece* pieces, int count) = 0;
  /// Receives at least one byte, or says why not.
  virtual IoResult receive(void* data, size_t size) = 0;
  /// As receive(), but waits until there is something to say.
  virtual IoResult receive_waiting(void* data, size_t size);
  [[nodiscard]] virtual int descriptor() const = 0;
  /// Accepted bytes are still held: poll for POLLOUT and call send.
  [[nodiscard]] virtual bool wants_write() const = 0;
  /// Received bytes are held that polling knows nothing of: call receive before polling.
  [[nodiscard]] virtual bool has_buffered() const = 0;
  /// In a forked child: closes the descriptor, sends nothing and takes no lock. The object must not be used afterwards.
  virtual void abandon() = 0;
};

}  // namespace cenote::wire
