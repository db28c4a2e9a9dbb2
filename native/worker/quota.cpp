#include "worker/quota.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "wire/frames.hpp"
#include "wire/link.hpp"

namespace cenote::worker {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLargestStep = size_t{64} << 20;
constexpr size_t kSmallestStep = size_t{64} << 10;
constexpr auto kAnswerTime = std::chrono::milliseconds(5000);
constexpr auto kReleaseTime = std::chrono::seconds(2);

size_t rounded_up(size_t bytes, size_t step) { return (bytes + step - 1) / step * step; }

}  // namespace

void Quota::attach(Control* control) { control_ = control; }

void Quota::lend(uint32_t device, size_t memory, size_t overhead) {
  accounts_[device].memory = memory;
  accounts_[device].overhead = overhead;
}

void Quota::granted(uint32_t device, size_t bytes) {
  std::lock_guard lock(mutex_);
  Account& account = accounts_[device];
  account.granted += bytes;
  if (!account.asked.empty()) {
    account.asked.front()->here = true;
    account.asked.front()->bytes = bytes;
    account.asked.pop_front();
  }
  changed_.notify_all();
}

void Quota::unsupervised() {
  std::lock_guard lock(mutex_);
  supervised_ = false;
  since_ = Clock::now();
  changed_.notify_all();
}

void Quota::supervised_again(int descriptor, const std::string& session) {
  std::lock_guard lock(mutex_);
  control_->switch_to(descriptor);
  std::string held;
  for (const auto& [device, account] : accounts_) {
    held += (held.empty() ? "" : ",") + std::to_string(device) + ":" + std::to_string(account.granted);
  }
  control_->send("serving " + session + " " + held);
  for (auto& [device, account] : accounts_) {
    std::erase_if(account.asked, [](const auto& answer) { return answer->given_up; });
    for (const auto& answer : account.asked) send_want(device, answer->wanted);
  }
  supervised_ = true;
  since_ = Clock::now();
  changed_.notify_all();
}

void Quota::send_want(uint32_t device, size_t bytes) {
  control_->send("want " + std::to_string(device) + " " + std::to_string(bytes));
}

bool Quota::ask(std::unique_lock<std::mutex>& lock, uint32_t device, size_t bytes) {
  auto answer = std::make_shared<Answer>(Answer{.wanted = bytes});
  accounts_[device].asked.push_back(answer);
  send_want(device, bytes);
  auto asked_at = Clock::now();
  while (!answer->here && !answer->given_up) {
    // A supervisor answers at once; one that is gone comes back, or does not.
    auto patience = supervised_ ? kAnswerTime : std::chrono::milliseconds(wire::link_times().timeout_ms);
    auto until = std::max(asked_at, since_) + patience;
    answer->given_up = changed_.wait_until(lock, until) == std::cv_status::timeout && !answer->here;
  }
  return answer->bytes >= bytes;
}

bool Quota::make_room(const std::vector<uint32_t>& devices) {
  if (control_ == nullptr) return true;
  std::unique_lock lock(mutex_);
  return std::all_of(devices.begin(), devices.end(), [&](uint32_t device) { return make_room_locked(lock, device); });
}

bool Quota::make_room_locked(std::unique_lock<std::mutex>& lock, uint32_t device) {
  Account& account = accounts_[device];
  changed_.wait(lock, [&] { return account.state != State::kAsking; });
  if (account.state == State::kInUse) return true;
  account.state = State::kAsking;
  size_t aside = wire::one_way_grant(account.memory);
  ask(lock, device, account.overhead + aside);
  bool room = account.granted >= account.overhead;
  account.state = room ? State::kInUse : State::kUnused;
  if (room) {
    account.used += account.overhead;
    account.set_aside = std::min(account.granted - account.overhead, aside);
  } else {
    return_surplus(device, account, 0);
  }
  changed_.notify_all();
  return room;
}

/// Smaller on a small device, so that the processes of an allocation do not keep much of it from each other.
size_t Quota::step(const Account& account) {
  return std::clamp(account.memory / 16 / kSmallestStep * kSmallestStep, kSmallestStep, kLargestStep);
}

size_t Quota::needed(const Account& account, const Charge& charge) {
  size_t spare = account.set_aside - std::min(account.set_aside, account.one_way_used);
  return account.used + charge.bytes + (charge.one_way ? 0 : spare);
}

bool Quota::take_locked(const std::vector<uint32_t>& devices, Charge* charge) {
  for (uint32_t device : devices) {
    Account& account = accounts_[device];
    if (needed(account, *charge) > account.granted) continue;
    charge->device = device;
    account.used += charge->bytes;
    if (charge->one_way) account.one_way_used += charge->bytes;
    return true;
  }
  return false;
}

bool Quota::take(const std::vector<uint32_t>& devices, Charge* charge) {
  if (control_ == nullptr) return true;
  std::lock_guard lock(mutex_);
  return take_locked(devices, charge);
}

bool Quota::obtain(const std::vector<uint32_t>& devices, Charge* charge) {
  if (control_ == nullptr) return true;
  std::unique_lock lock(mutex_);
  auto give_up = Clock::now() + kReleaseTime;
  for (;;) {
    for (uint32_t device : devices) {
      Account& account = accounts_[device];
      account.awaited += charge->bytes;
      bool taken = take_locked({device}, charge);
      // What was granted may be taken by another thread before this one wakes.
      for (bool more = true; !taken && more; taken = take_locked({device}, charge)) {
        more = ask(lock, device, rounded_up(needed(account, *charge) - account.granted, step(account)));
      }
      account.awaited -= charge->bytes;
      if (taken) return true;
      return_surplus(device, account, 0);
    }
    if (dying_ == 0 || Clock::now() >= give_up) return false;
    changed_.wait_until(lock, give_up);
  }
}

void Quota::release_begun() {
  std::lock_guard lock(mutex_);
  ++dying_;
}

void Quota::give_back(const Charge& charge) {
  if (control_ == nullptr) return;
  std::lock_guard lock(mutex_);
  --dying_;
  put_back(charge);
}

void Quota::cancel(const Charge& charge) {
  if (control_ == nullptr) return;
  std::lock_guard lock(mutex_);
  put_back(charge);
}

void Quota::put_back(const Charge& charge) {
  Account& account = accounts_[charge.device];
  account.used -= charge.bytes;
  if (charge.one_way) account.one_way_used -= charge.bytes;
  return_surplus(charge.device, account, step(account));
  changed_.notify_all();
}

void Quota::return_surplus(uint32_t device, Account& account, size_t keep) {
  size_t wanted = needed(account, {device, keep, false}) + account.awaited;
  if (account.granted <= wanted + keep) return;
  size_t surplus = account.granted - wanted;
  account.granted -= surplus;
  control_->send("giveback " + std::to_string(device) + " " + std::to_string(surplus));
}

}  // namespace cenote::worker
