// The socket to the supervisor: packets of words, with descriptors beside them (docs/protocol.md). Another supervisor
// may take the place of one that is gone.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace cenote::worker {

/// A packet: its words, and the descriptors that came with it, or -1.
struct Packet {
  std::vector<std::string> words;
  int descriptor = -1;
  int listener = -1;
};

class Control {
 public:
  explicit Control(int descriptor) : descriptor_(descriptor) {}
  /// False when the supervisor has closed the socket.
  bool receive(Packet* packet);
  void send(const std::string& packet);

  /// A bound socket at which supervisors to come can connect.
  void listen(int listener);
  /// Waits for the next supervisor of the same user; its descriptor, or -1 where none can come.
  int wait_for_next();
  void switch_to(int descriptor);

 private:
  std::mutex mutex_;  // over the descriptor, which only the thread that receives changes
  int descriptor_;
  int listener_ = -1;
};

/// Decodes hexadecimal text of exactly `size` bytes.
bool from_hex(const std::string& text, unsigned char* bytes, size_t size);

}  // namespace cenote::worker
