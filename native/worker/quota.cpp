#include "worker/quota.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "wire/frames.hpp"

namespace cenote::worker {

namespace {

constexpr size_t kStep = size_t{64} << 20;
constexpr auto kAnswerTime = std::chrono::seconds(5);
constexpr auto kReleaseTime = std::chrono::seconds(2);

size_t in_steps(size_t bytes) { return (bytes + kStep - 1) / kStep * kStep; }

}  // namespace

void Quota::attach(Control* control) { control_ = control; }

void Quota::granted(uint32_t device, size_t bytes) {
  std::lock_guard lock(mutex_);
  Account& account = accounts_[device];
  account.granted += bytes;
  if (!account.asked.empty()) {
    *account.asked.front() = {true, bytes};
    account.asked.pop_front();
  }
  changed_.notify_all();
}

void Quota::alone() {
  std::lock_guard lock(mutex_);
  alone_ = true;
  changed_.notify_all();
}

bool Quota::ask(std::unique_lock<std::mutex>& lock, uint32_t device, size_t bytes) {
  if (alone_) return true;
  auto answer = std::make_shared<Answer>();
  accounts_[device].asked.push_back(answer);
  control_->send("want " + std::to_string(device) + " " + std::to_string(bytes));
  changed_.wait_for(lock, kAnswerTime, [&] { return answer->here || alone_; });
  return alone_ || answer->bytes >= bytes;
}

void Quota::set_aside(const std::vector<uint32_t>& devices) {
  if (control_ == nullptr) return;
  std::unique_lock lock(mutex_);
  for (uint32_t device : devices) {
    Account& account = accounts_[device];
    if (std::exchange(account.began, true)) {
      changed_.wait_for(lock, kAnswerTime, [&] { return account.ready || alone_; });
      continue;
    }
    ask(lock, device, wire::kOneWayGrant);
    account.set_aside = std::min(account.granted, wire::kOneWayGrant);
    account.ready = true;
    changed_.notify_all();
  }
}

size_t Quota::needed(const Account& account, const Charge& charge) {
  size_t spare = account.set_aside - std::min(account.set_aside, account.one_way_used);
  return account.used + charge.bytes + (charge.one_way ? 0 : spare);
}

bool Quota::take_locked(const std::vector<uint32_t>& devices, Charge* charge) {
  for (uint32_t device : devices) {
    Account& account = accounts_[device];
    if (needed(account, *charge) > account.granted && !alone_) continue;
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
  auto give_up = std::chrono::steady_clock::now() + kReleaseTime;
  for (;;) {
    for (uint32_t device : devices) {
      Account& account = accounts_[device];
      account.awaited += charge->bytes;
      bool taken = take_locked({device}, charge);
      // What was granted may be taken by another thread before this one wakes.
      for (bool more = true; !taken && more; taken = take_locked({device}, charge)) {
        more = ask(lock, device, in_steps(needed(account, *charge) - account.granted));
      }
      account.awaited -= charge->bytes;
      if (taken) return true;
      return_surplus(device, account, 0);
    }
    if (dying_ == 0 || std::chrono::steady_clock::now() >= give_up) return false;
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
  return_surplus(charge.device, account, kStep);
  changed_.notify_all();
}

void Quota::return_surplus(uint32_t device, Account& account, size_t keep) {
  size_t wanted = needed(account, {device, keep, false}) + account.awaited;
  if (alone_ || account.granted <= wanted + (keep == 0 ? 0 : kStep)) return;
  size_t surplus = account.granted - wanted;
  account.granted -= surplus;
  control_->send("giveback " + std::to_string(device) + " " + std::to_string(surplus));
}

}  // namespace cenote::worker
