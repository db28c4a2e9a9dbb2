// The worker's engine, the same for every API: takes calls off stream 0 in order, parks those that must wait for
// others, and never blocks on one of them.
//
// Leader and followers: one thread at a time leads, that is, reads calls and carries them out with the lock held.
// Before it blocks in the driver on behalf of a call it gives up the lead and arms the socket; only if a further call
// comes meanwhile does a follower wake and lead on. So a round trip costs no thread switch, and no call holds up
// another.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "wire/spin.hpp"
#include "wire/transport.hpp"
#include "worker/object.hpp"
#include "worker/outbox.hpp"

namespace cenote::worker {

/// A call as it came off the stream. `data` is valid until the handler returns or blocks.
struct Call {
  uint64_t sequence = 0;
  uint16_t opcode = 0;
  bool wants_reply = false;
  bool wants_receipt = false;  // is content with a reply when it is parked
  const char* data = nullptr;
  size_t size = 0;
  Parked* parked = nullptr;  // set when the call was parked before, or holds objects now
  bool held = false;         // release() will be called later
};

/// A call that waits for others, or that others wait for.
struct Parked {
  Call call;
  std::vector<uint64_t> bytes;
  size_t weight = 0;  // of a call that the client has sent, in memory
  std::vector<Ref<Object>> pins;
  std::vector<Ref<Object>> locked;  // objects whose later calls come after this one
  std::vector<Parked*> next;
  uint32_t unmet = 0;
  bool admitted = false;                      // to the device: it has waited for its turn
  std::vector<Parked*>* member_of = nullptr;  // a list to be taken off at release
  Ref<Object> substitute;                     // a private copy of an object that the client may change meanwhile
};

class Executor {
 public:
  explicit Executor(std::unique_ptr<wire::Transport> transport);
  virtual ~Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Serves the session on this thread. Returns never: the process ends with the session.
  [[noreturn]] void run();

  /// Runs `work` without the lock and then `after` with it; other calls go on meanwhile. `work` must not touch a
  /// call's bytes. With the lock held.
  void blocking(std::function<void()> work, std::function<void()> after);

  /// Runs `then` with the lock held on the completion thread. From any thread, without blocking.
  void post(std::function<void()> then);

  /// Makes later calls that name these objects wait until release(). The call need not have been parked before.
  Parked* hold(Call& call, std::initializer_list<Object*> objects);
  void release(Parked* parked);
  /// One less of what the call waits for is missing.
  void resume(Parked* parked);
  /// A call that others wait for and that is never carried out itself (a user event).
  Parked* make_gate(Object* object);

  /// Keeps bytes of the call that is being carried out until the result is given up, with the lock held. They may be
  /// copied: `data` is made to point to where they are.
  std::shared_ptr<const void> keep(const Call& call, const void** data, size_t size);

  /// Frees an id at the client's wish, once no parked call names it any more.
  void destroy(uint64_t id, const Call& call);

  /// What has come on stream 0 so far, and whether calls wait or are being carried out. From any thread, now and then.
  struct Served {
    uint64_t calls;
    uint64_t bytes;
    bool unfinished;
  };
  Served served();
  /// To be called, without the lock, when the client has ended.
  std::function<void()> last_words;

  /// Ends the session: the client broke the protocol.
  [[noreturn]] void broken(const char* why, const Call& call);

  /// The client records when its calls are carried out: it is told. With the lock held.
  bool tracing = false;
  void trace(wire::TraceRecord what, uint64_t sequence, uint64_t where, uint64_t begin, uint64_t end,
             std::string_view name);
  /// Nanoseconds of the clock that the records name.
  static uint64_t clock();

  Watch watch;
  Outbox outbox;
  ObjectTable objects;
  std::mutex& mutex() { return mutex_; }

 protected:
  /// Carries out a call, or parks it through park() and says false. With the lock held.
  virtual bool execute(Call& call) = 0;
  virtual const char* name_of(uint16_t opcode) const = 0;
  /// Whether calls are parked that will go on by themselves: no more are taken off the stream while there are many.
  virtual bool is_pressed() const = 0;

  Parked* park(Call& call, const std::vector<Parked*>& after, std::vector<Ref<Object>> pins,
               std::vector<Ref<Object>> locked);
  void run_ready();

 private:
  void serve();
  void unpin(Object* object);
  void remove(Object* object);
  void lead(std::unique_lock<std::mutex>& lock);
  bool process_input(uint64_t epoch);
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  [[noreturn]] void end(std::unique_lock<std::mutex>& lock);
  bool receive(std::unique_lock<std::mutex>& lock);
  void run_call(Call& call);
  void run_traced(Call& call);
  void trace_call(const Call& call, uint64_t begin);
  void arm(bool active);
  void complete();
  void run_lane();

  std::unique_ptr<wire::Transport> transport_;
  std::mutex mutex_;
  wire::Spin spin_;
  std::vector<char> in_;
  std::vector<std::vector<char>> spare_inputs_;
  int kept_inputs_ = 0;
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  uint64_t sequence_ = 0;
  uint64_t received_ = 0;  // bytes of calls
  uint64_t acknowledged_ = 0;

  int epoll_ = -1;
  int nudge_ = -1;   // wakes a follower when calls are left in the input buffer
  int linger_ = -1;  // when notices that are not urgent have waited long enough
  bool lingering_ = false;
  bool led_ = false;
  uint64_t epoch_ = 0;
  int idle_ = 0;
  int threads_ = 1;

  std::deque<Parked*> ready_;
  bool running_ready_ = false;
  size_t parked_bytes_ = 0;
  std::condition_variable room_;

  std::mutex posted_mutex_;
  std::condition_variable posted_something_;
  std::vector<std::function<void()>> posted_;

  std::condition_variable lane_work_;
  std::deque<std::function<void()>> lane_jobs_;
  int idle_lanes_ = 0;
  int lanes_ = 0;
  int blocked_ = 0;  // calls that wait in the driver
};

}  // namespace cenote::worker
