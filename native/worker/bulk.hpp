// Streams 1 and up of a session: large payloads, in both directions, beside the command stream. A thread for each
// direction of each stream; what arrives goes straight into memory that a transfer has set aside for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "wire/frames.hpp"
#include "wire/transport.hpp"

namespace cenote::worker {

class Executor;

/// Bytes from and to the client.
struct Traffic {
  uint64_t received = 0;
  uint64_t sent = 0;
};

class Bulk {
 public:
  void attach(Executor* executor) { executor_ = executor; }
  void add(std::unique_ptr<wire::Transport> stream);

  /// Lets the client's bytes [offset, offset + length) of call `sequence` come into `to`; `then` runs on the completion
  /// thread when they are there.
  void expect(uint64_t sequence, uint64_t offset, uint64_t length, char* to, std::function<void()> then);
  /// Sends bytes to the client; `then` runs on the completion thread when they have left `from`.
  void send(const wire::BulkHeader& header, const char* from, std::function<void()> then);
  /// Payload that has begun to come, and to leave.
  Traffic traffic();

 private:
  struct Expected {
    uint64_t length;
    char* to;
    std::function<void()> then;
  };
  struct Outgoing {
    wire::BulkHeader header;
    const char* from;
    std::function<void()> then;
  };
  struct Key {
    uint64_t sequence;
    uint64_t offset;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& k) const { return k.sequence * 0x9e3779b97f4a7c15ULL ^ k.offset; }
  };

  void receive_all(wire::Transport* stream);
  void send_all(wire::Transport* stream);

  Executor* executor_ = nullptr;
  std::mutex mutex_;
  std::condition_variable outgoing_work_;
  std::unordered_map<Key, Expected, Hash> expected_;
  std::deque<Outgoing> outgoing_;
  Traffic traffic_;
  std::vector<std::unique_ptr<wire::Transport>> streams_;
};

}  // namespace cenote::worker
