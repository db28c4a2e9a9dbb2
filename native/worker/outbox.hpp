// Notices on their way to the client on stream 0. Never blocks: what the socket does not take is kept, and a thread of
// the outbox's own sends it as the client reads. Bounded, because a client may have only so many calls outstanding.
#pragma once

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "wire/codec.hpp"
#include "wire/frames.hpp"
#include "wire/transport.hpp"
#include "worker/watch.hpp"

namespace cenote::worker {

class Outbox {
 public:
  void start(wire::Transport* transport, Watch* watch);

  /// Appends a notice of `body_size` bytes (a multiple of 8); `fill(writer)` writes exactly these.
  template <class Fill>
  void add(wire::Notice kind, uint64_t sequence, size_t body_size, Fill&& fill) {
    std::lock_guard lock(mutex_);
    append(kind, sequence, body_size, body_size, fill);
  }
  /// The bytes that a read has brought, sent from where they are; `owner` keeps them until then.
  void data(uint64_t sequence, const wire::Blob& bytes, std::shared_ptr<const void> owner) {
    std::lock_guard lock(mutex_);
    size_t size = wire::padded(bytes.size());
    append(wire::Notice::kData, sequence, 16 + size, 16, [&](wire::Writer& w) {
      w.word(0);
      w.word(bytes.count);
    });
    tail_ = {static_cast<const char*>(bytes.data), size};
    tail_owner_ = std::move(owner);
  }
  void reply(uint64_t sequence, int32_t status) {
    add(wire::Notice::kReply, sequence, 8, [&](wire::Writer& w) { w.word(static_cast<uint64_t>(int64_t{status})); });
  }
  /// A reply with an encoded body.
  void reply(uint64_t sequence, int32_t status, const std::vector<char>& body) {
    add(wire::Notice::kReply, sequence, 8 + body.size(), [&](wire::Writer& w) {
      w.word(static_cast<uint64_t>(int64_t{status}));
      if (!body.empty()) std::memcpy(w.at(), body.data(), body.size());
    });
  }
  void words(wire::Notice kind, uint64_t sequence, std::initializer_list<uint64_t> values) {
    add(kind, sequence, 8 * values.size(), [&](wire::Writer& w) {
      for (uint64_t v : values) w.word(v);
    });
  }
  void flush();
  /// Flushes if there is anything that the client may be waiting for: to wake it for less would only cost the
  /// processor that the driver is about to need. False when something is kept back.
  bool flush_urgent();
  /// Bytes that have left.
  uint64_t sent() {
    std::lock_guard lock(mutex_);
    return all_sent_;
  }

 private:
  /// A notice of which `here` bytes of its body are buffered. With the lock held.
  template <class Fill>
  void append(wire::Notice kind, uint64_t sequence, size_t body_size, size_t here, Fill&& fill) {
    if (kind != wire::Notice::kDestroyed && kind != wire::Notice::kCredit) urgent_ = true;
    if (!tail_.empty()) take_in_tail();
    size_t at = out_.size();
    out_.resize(at + sizeof(wire::NoticeHeader) + here);
    wire::NoticeHeader header{static_cast<uint32_t>(sizeof header + body_size), kind, 0, sequence};
    std::memcpy(out_.data() + at, &header, sizeof header);
    wire::Writer writer(out_.data() + at + sizeof header);
    fill(writer);
  }
  void take_in_tail();
  void run();
  bool send_some();  // with the lock held: whether all is gone

  wire::Transport* transport_ = nullptr;
  Watch* watch_ = nullptr;
  std::mutex mutex_;
  std::condition_variable stuck_;
  std::vector<char> out_;
  std::span<const char> tail_;  // comes after out_, padding included
  std::shared_ptr<const void> tail_owner_;
  size_t sent_ = 0;  // of both
  uint64_t all_sent_ = 0;
  bool urgent_ = false;   // among what is not sent yet
  bool writing_ = false;  // the outbox's thread has taken over
};

}  // namespace cenote::worker
