// One client process on one server: sequence-numbered calls out, notices and bulk data in.
//
// Locks: send_mutex_ (the send buffer and sequence numbers) before state_mutex_ (all else). The I/O role, held by at
// most one thread at a time, is the right to receive on every stream and to send on the bulk streams; a thread that
// waits takes the role when it is free, and the I/O thread takes it while asynchronous work is outstanding.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "shim/ids.hpp"
#include "shim/region.hpp"
#include "shim/session_trace.hpp"
#include "wire/codec.hpp"
#include "wire/descriptor.hpp"
#include "wire/frames.hpp"
#include "wire/handshake.hpp"
#include "wire/spin.hpp"
#include "wire/transport.hpp"

namespace cenote::shim {

/// What a call that waited brought back.
struct Reply {
  int32_t status = 0;
  std::vector<char> body;
  [[nodiscard]] wire::Reader reader() const { return {body.data(), body.size()}; }
};

class Session {
 public:
  /// What an API hears from its server. Called by whichever thread has the I/O role, with the state lock held.
  struct Listener {
    virtual ~Listener() = default;
    virtual void on_events(wire::Reader& records) = 0;
    virtual void on_failed(wire::Reader& words) = 0;
    virtual void on_lost() = 0;
  };

  /// Status that every outstanding and later call gets once the server is lost.
  Session(wire::Endpoint endpoint, int32_t lost_status, Listener* listener);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool open(std::string* error);

  /// Sends a call and does not wait. Returns its sequence number, 0 when the session is lost.
  template <class M>
  uint64_t post(const M& m, uint16_t flags = 0) {
    std::lock_guard lock(send_mutex_);
    return append(m, flags);
  }
  /// Sends a call that something will follow up: `expect(sequence)` runs with both locks held, before the call can
  /// leave.
  template <class M, class Expect>
  uint64_t post_expecting(const M& m, uint16_t flags, Expect&& expect) {
    std::lock_guard lock(send_mutex_);
    if (lost_.load()) return 0;
    {
      std::lock_guard state(state_mutex_);
      expect(sequence_ + 1);
    }
    return append(m, flags);
  }
  /// Sends a call and waits for its reply.
  template <class M>
  Reply call(const M& m) {
    Reply reply;
    bool done = false;
    uint64_t sequence = post_expecting(m, wire::kWantsReply, [&](uint64_t s) { expect_reply(s, &reply, &done); });
    if (sequence == 0) return Reply{lost_status_, {}};
    flush();
    wait([&] { return done; });
    if (trace != nullptr) trace->replied(sequence);
    return reply;
  }
  /// The same, but for a limited time; what the reply says is not asked for.
  template <class M>
  void call_within(const M& m, int milliseconds) {
    auto done = std::make_shared<std::atomic<bool>>(false);
    uint64_t sequence = post_expecting(m, wire::kWantsReply, [&](uint64_t s) {
      replies_.emplace(s, [done](int32_t, wire::Reader&) { done->store(true); });
    });
    if (sequence == 0) return;
    flush();
    wire::Deadline deadline(milliseconds);
    while (!done->load() && !lost_.load() && deadline.left_ms() != 0) {
      poll();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  /// What became of a call that nobody need wait for.
  struct Delivery {
    uint64_t sequence;  // 0 when the session is lost
    int32_t status;     // as far as it is known already
  };
  /// Sends a call and waits until the server has carried it out or, because it comes after something that has not
  /// happened yet, put it aside. `expect` is as above.
  template <class M, class Expect>
  Delivery hand_over(const M& m, Expect&& expect) {
    Reply reply;
    bool done = false;
    uint64_t sequence = post_expecting(m, wire::kWantsReceipt, [&](uint64_t s) {
      expect(s);
      expect_reply(s, &reply, &done);
    });
    if (sequence == 0) return {0, lost_status_};
    flush();
    wait([&] { return done; });
    if (trace != nullptr) trace->replied(sequence);
    return {sequence, reply.status};
  }
  template <class M>
  Delivery hand_over(const M& m) {
    return hand_over(m, [](uint64_t) {});
  }
  /// Sends a call and does not wait; but with CENOTE_SYNC=1 it is handed over.
  template <class M, class Expect>
  Delivery deliver(const M& m, Expect&& expect) {
    if (synchronous_) return hand_over(m, expect);
    uint64_t sequence = post_expecting(m, 0, expect);
    return {sequence, sequence == 0 ? lost_status_ : 0};
  }
  template <class M>
  Delivery deliver(const M& m) {
    if (synchronous_) return hand_over(m);
    uint64_t sequence = post(m);
    return {sequence, sequence == 0 ? lost_status_ : 0};
  }

  using OnReply = std::function<void(int32_t status, wire::Reader& body)>;
  using OnDone = std::function<void(int32_t status)>;

  /// Only inside `expect`: what to do with the reply to, or the data of, call `sequence`.
  void expect_reply(uint64_t sequence, OnReply then) { replies_.emplace(sequence, std::move(then)); }
  void expect_transfer(uint64_t sequence, const Region& region, OnDone then, bool to_client);
  /// Whether anything is on its way to the program's memory.
  bool receiving();

  /// Hands what is buffered to the network.
  void flush();
  /// Lets the I/O thread flush soon unless somebody does so before: within 50 µs, or within 4 ms while the program
  /// has been flushing promptly by itself. To set a timer so near that the clock's hardware must be programmed can
  /// cost more than a round trip, on virtual machines above all.
  void flush_soon() {
    if (!timer_armed_.load(std::memory_order_relaxed) && !timer_armed_.exchange(true)) {
      set_timer(timer_fd_, flush_delay_us());
    }
  }
  /// Opens the bulk streams, if that has not happened yet. False when the session is lost.
  bool open_bulk();

  /// Waits until `done` (called with the state lock held) is true, reading meanwhile. False when the session is lost.
  bool wait(const std::function<bool()>& done);
  /// Takes in what has arrived, without waiting.
  void poll();
  /// Runs `change` under the state lock and wakes all waiters.
  void update(const std::function<void()>& change);
  std::mutex& state_mutex() { return state_mutex_; }

  /// While something asynchronous is outstanding, the I/O thread reads. With the state lock held.
  void begin_async();
  void end_async() { --async_; }
  /// Runs `then` soon on the thread that reads, without any lock. With the state lock held.
  void later(std::function<void()> then) { later_.push_back(std::move(then)); }
  /// Whether data that is still to come may be written into this part of the program's memory.
  bool may_write(const Region& region);

  /// Takes bytes that the server has set aside for objects made without waiting; false when too few are left.
  bool take_grant(size_t bytes) {
    if (synchronous_) return false;
    size_t left = grant_.load(std::memory_order_relaxed);
    do {
      if (left < bytes) return false;
    } while (!grant_.compare_exchange_weak(left, left - bytes));
    return true;
  }
  void return_grant(size_t bytes) { grant_.fetch_add(bytes, std::memory_order_relaxed); }

  /// Whether a payload of this size may ride on the command stream now; if so it is counted.
  bool take_push(size_t bytes) {
    if (pushed_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= wire::kMaxPushed) return true;
    pushed_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

  uint64_t take_id(uint8_t type);
  [[nodiscard]] bool lost() const { return lost_.load(); }
  [[nodiscard]] int32_t lost_status() const { return lost_status_; }
  [[nodiscard]] const wire::Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] bool synchronous() const { return synchronous_; }

  /// In a forked child: closes the descriptors and forgets everything, sending nothing.
  void abandon();
  /// At exit: one best-effort flush.
  void farewell();

  /// NULL where nothing is recorded.
  std::unique_ptr<SessionTrace> trace;

 private:
  struct Transfer {
    Region region;
    uint64_t left;
    OnDone done;
    bool to_client;
    bool ended = false;  // by the device
  };
  struct Stream {
    std::unique_ptr<wire::Transport> transport;
    wire::BulkHeader header{};  // of the piece being received
    size_t header_bytes = 0;    // received of it
    uint64_t received = 0;      // of the piece's bytes
    Region* target = nullptr;   // of the piece; valid while its transfer is registered
    std::vector<char> discard;  // for data that nobody waits for any more
  };
  struct BulkJob {
    uint64_t sequence;
    uint64_t offset;
    uint64_t length;
    uint64_t sent;  // bytes of the body
    size_t header_sent;
    Region* region;
    std::vector<uint64_t> not_after = {};  // reads that come later, although they were called for before
  };

  void expect_reply(uint64_t sequence, Reply* reply, bool* done);
  template <class M>
  uint64_t append(const M& m, uint16_t flags) {
    if (lost_.load(std::memory_order_relaxed)) return 0;
    size_t size = sizeof(wire::CallHeader) + m.wire_bytes();
    wire::Blob in_place;  // what leaves at once, from the program's own memory
    if constexpr (requires { m.tail(); }) {
      if (m.tail().size() >= kInPlaceFrom) in_place = m.tail();
    }
    size_t buffered = size - wire::padded(in_place.size());
    char* at = reserve(size, buffered);
    if (at == nullptr) return 0;
    if (out_size_ == 0) burst_since_us_ = now_us();
    wire::CallHeader header{static_cast<uint32_t>(size), static_cast<uint16_t>(M::kOp), flags};
    std::memcpy(at, &header, sizeof header);
    wire::Writer writer(at + sizeof header);
    if constexpr (requires { m.tail(); }) {
      if (in_place.null()) {
        m.encode(writer);
      } else {
        m.encode_head(writer);
      }
    } else {
      m.encode(writer);
    }
    out_size_ += buffered;
    uint64_t sequence = ++sequence_;
    if (trace != nullptr) trace->called(sequence);
    if (out_size_ >= kFlushAt || !in_place.null()) flush_locked(in_place);
    return sequence;
  }
  /// Room in the buffer for `buffered` bytes of a call of `size` bytes; NULL when it can't be sent.
  char* reserve(size_t size, size_t buffered);
  /// Sends the buffer, and then these bytes and their padding.
  void flush_locked(const wire::Blob& tail = {});
  void end_sending();
  void throttle();

  static int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  [[nodiscard]] int flush_delay_us() const {
    return prompt_flushes_.load(std::memory_order_relaxed) >= kPrompt ? kFlushLateUs : kFlushDelayUs;
  }
  static void set_timer(int fd, int64_t us);
  void flush_by_timer();
  void run_io_thread();
  void wait_for_io_work(std::unique_lock<std::mutex>& state);
  void hear_the_end();
  void wake_io();
  void watch_link();
  void look_at_link();
  [[nodiscard]] int64_t link_silence_ms() const;
  bool take_role(std::unique_lock<std::mutex>& state);
  void leave_role(std::unique_lock<std::mutex>& state);
  enum class Pump { kWait, kPoll, kForRoom, kIoThread };
  void pump(Pump how);
  void receive_notices();
  bool dispatch(const wire::NoticeHeader& header, wire::Reader body);
  bool receive_bulk(Stream& stream);
  bool send_bulk(Stream& stream);
  bool take_notices();
  bool must_wait(const BulkJob& job) const;
  void finish_transfer(uint64_t sequence, int32_t status);
  void lose(const std::string& why);
  void run_later();
  void wake_pump();

  static constexpr size_t kFlushAt = size_t{16} << 10;
  static constexpr size_t kInPlaceFrom = size_t{8} << 10;
  static constexpr uint64_t kMaxUnacknowledged = 1 << 16;
  static constexpr int kFlushDelayUs = 50;
  static constexpr int kFlushLateUs = 4000;
  static constexpr int kPrompt = 8;

  wire::Endpoint endpoint_;
  int32_t lost_status_;
  Listener* listener_;
  bool synchronous_;
  unsigned char session_id_[16] = {};

  std::mutex send_mutex_;
  std::vector<char> out_;
  size_t out_size_ = 0;
  uint64_t sequence_ = 0;
  std::atomic<uint64_t> acknowledged_{0};
  std::atomic<bool> timer_armed_{false};
  int64_t burst_since_us_ = 0;          // when the oldest call in the buffer was made
  std::atomic<int> prompt_flushes_{0};  // in a row, of bursts younger than kFlushDelayUs
  std::atomic<size_t> pushed_{0};
  std::atomic<size_t> grant_{0};

  std::mutex state_mutex_;
  std::condition_variable changed_;
  bool role_taken_ = false;
  bool io_has_role_ = false;
  bool io_idle_ = false;
  int role_wanted_ = 0;
  int waiters_ = 0;
  int async_ = 0;
  std::atomic<bool> lost_{false};
  std::unordered_map<uint64_t, OnReply> replies_;
  std::unordered_map<uint64_t, Transfer> transfers_;
  std::unordered_map<uint64_t, Transfer> abandoned_;  // of a lost session: a reader may still look at them
  std::deque<BulkJob> jobs_;
  std::deque<BulkJob> held_;  // asked for, but their bytes are still to come from the server
  std::vector<std::function<void()>> later_;
  size_t incoming_ = 0;  // transfers to the client under way
  size_t owed_ = 0;      // of these, ended by the device: no notice counts before their bytes have come
  Ids ids_;

  std::unique_ptr<wire::Transport> commands_;
  std::mutex bulk_mutex_;
  std::array<Stream, wire::kMaxStreams> bulk_;
  std::atomic<size_t> bulk_count_{0};
  std::vector<char> in_;
  size_t in_size_ = 0;
  bool put_off_ = false;   // notices, until the bytes that are owed have come
  std::string last_word_;  // why the server takes back what it has lent, for people
  int wake_fd_ = -1;       // stirs who waits with the role
  int io_fd_ = -1;         // stirs the I/O thread
  int timer_fd_ = -1;      // when to flush
  int watch_fd_ = -1;      // when to look at the link
  std::atomic<bool> watching_{false};
  bool silent_ = false;  // the user has been told
  std::atomic<bool> pumping_{false};
  wire::Spin spin_;  // of who waits with the role
};

}  // namespace cenote::shim
