// Device memory that this worker may give out. The supervisor grants it in steps over the control socket and keeps the
// count, so that what a client or a driver does here cannot falsify it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "worker/control.hpp"

namespace cenote::worker {

/// Memory taken for one object.
struct Charge {
  uint32_t device = 0;
  size_t bytes = 0;
  bool one_way = false;  // made without the client waiting, from what is set aside for that
};

/// From any thread.
class Quota {
 public:
  /// Without this, as in tests of the worker alone, everything is granted.
  void attach(Control* control);
  /// What the allocation has of a device, and what the driver takes of it itself once it has a context there.
  void lend(uint32_t device, size_t memory, size_t overhead);
  /// Takes in a packet of the supervisor's.
  void granted(uint32_t device, size_t bytes);
  /// The supervisor is gone: who needs more memory than is granted waits for the next one, which is told what this
  /// worker holds and what it wants.
  void unsupervised();
  void supervised_again(int descriptor, const std::string& session);

  /// Before a context is made: takes the driver's own memory, and what the client may use without waiting, once for
  /// each device. False where there is no room for the former. Waits; not with the executor's lock.
  bool make_room(const std::vector<uint32_t>& devices);

  /// Takes bytes of one of the devices from what is granted already; false where that does not suffice.
  bool take(const std::vector<uint32_t>& devices, Charge* charge);
  /// The same, asking the supervisor, and waiting for memory whose release has begun. Not with the executor's lock.
  bool obtain(const std::vector<uint32_t>& devices, Charge* charge);

  /// The object is being released; its memory comes back when the driver has really freed it.
  void release_begun();
  void give_back(const Charge& charge);
  /// Gives back what was taken for an object that was then not made.
  void cancel(const Charge& charge);

 private:
  struct Answer {
    size_t wanted = 0;
    bool here = false;
    bool given_up = false;
    size_t bytes = 0;
  };
  enum class State : uint8_t { kUnused, kAsking, kInUse };
  struct Account {
    size_t memory = 0;
    size_t overhead = 0;
    size_t granted = 0;
    size_t used = 0;
    size_t one_way_used = 0;
    size_t set_aside = 0;  // of what is granted, for objects made without waiting
    size_t awaited = 0;    // by those in obtain(): no surplus, however much of it is there already
    std::deque<std::shared_ptr<Answer>> asked;
    State state = State::kUnused;
  };

  static size_t step(const Account& account);
  static size_t needed(const Account& account, const Charge& charge);
  bool take_locked(const std::vector<uint32_t>& devices, Charge* charge);
  bool make_room_locked(std::unique_lock<std::mutex>& lock, uint32_t device);
  void send_want(uint32_t device, size_t bytes);
  /// Waits for the supervisor's answer; false where it is less than asked for.
  bool ask(std::unique_lock<std::mutex>& lock, uint32_t device, size_t bytes);
  void put_back(const Charge& charge);
  void return_surplus(uint32_t device, Account& account, size_t keep);

  Control* control_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint32_t, Account> accounts_;
  int dying_ = 0;
  bool supervised_ = true;
  std::chrono::steady_clock::time_point since_;  // when that changed last
};

}  // namespace cenote::worker
