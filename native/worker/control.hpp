// The socket to the supervisor: packets of words, with descriptors beside them (docs/protocol.md).
#pragma once

#include <string>
#include <vector>

namespace cenote::worker {

/// A packet: its words, and the descriptor that came with it, or -1.
struct Packet {
  std::vector<std::string> words;
  int descriptor = -1;
};

class Control {
 public:
  explicit Control(int descriptor) : descriptor_(descriptor) {}
  /// False when the supervisor has closed the socket.
  bool receive(Packet* packet);
  void send(const std::string& packet);

 private:
  int descriptor_;
};

/// Decodes hexadecimal text of exactly `size` bytes.
bool from_hex(const std::string& text, unsigned char* bytes, size_t size);

}  // namespace cenote::worker
