#include "shim/session.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "wire/link.hpp"
#include "wire/log.hpp"

namespace cenote::shim {

namespace {

constexpr int kOpenTimeoutMs = 4500;
constexpr int kRetryMs = 100;
constexpr size_t kMaxSearched = 256;  // more transfers than this are not compared one by one

int bulk_streams() {
  const char* asked = std::getenv("CENOTE_STREAMS");
  long count = asked == nullptr ? 1 : std::strtol(asked, nullptr, 10);
  return static_cast<int>(std::clamp(count, 1L, static_cast<long>(wire::kMaxStreams)));
}

/// A server that cannot be reached may be on its way back: whoever started us has found it.
std::unique_ptr<wire::Transport> open_stream(const wire::Endpoint& endpoint, wire::StreamKind kind,
                                             unsigned char (&session_id)[wire::kIdSize], uint16_t stream,
                                             std::string* error) {
  wire::Deadline deadline(kOpenTimeoutMs);
  for (;;) {
    wire::OpenError reason = wire::OpenError::kNone;
    auto opened = wire::open_stream(endpoint, kind, session_id, stream, deadline.left_ms(), error, &reason);
    if (opened != nullptr || reason != wire::OpenError::kUnreachable || deadline.left_ms() <= kRetryMs) return opened;
    usleep(1000 * kRetryMs);
  }
}

}  // namespace

Session::Session(wire::Endpoint endpoint, int32_t lost_status, Listener* listener)
    : endpoint_(std::move(endpoint)), lost_status_(lost_status), listener_(listener) {
  const char* sync = std::getenv("CENOTE_SYNC");
  synchronous_ = sync != nullptr && *sync != '\0' && *sync != '0';
  static std::atomic<int> traced{0};
  if (tracing.load()) {
    trace = std::make_unique<SessionTrace>(endpoint_.address + ":" + std::to_string(endpoint_.port), traced++);
  }
  out_.resize(2 * kFlushAt);
  in_.resize(size_t{256} << 10);
}

bool Session::open(std::string* error) {
  commands_ = open_stream(endpoint_, wire::StreamKind::kNewSession, session_id_, 0, error);
  if (commands_ == nullptr) {
    lost_.store(true);
    return false;
  }
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  io_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  watch_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (wake_fd_ < 0 || io_fd_ < 0 || timer_fd_ < 0 || watch_fd_ < 0) {
    *error = "no file descriptor left";
    lost_.store(true);
    return false;
  }
  // The program's signal handlers must never run on our thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([this] { run_io_thread(); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Now rather than at the first large transfer: whoever started the session may be gone by then.
  if (!open_bulk()) {
    *error = "the server has no room for the session's further streams";
    return false;
  }
  log_info("session with %s:%u open", endpoint_.address.c_str(), endpoint_.port);
  return true;
}

bool Session::open_bulk() {
  if (bulk_count_.load() != 0) return !lost_.load();
  std::lock_guard lock(bulk_mutex_);
  if (bulk_count_.load() != 0) return !lost_.load();
  auto count = static_cast<size_t>(bulk_streams());
  std::string error;
  for (size_t i = 0; i < count; ++i) {
    bulk_[i].transport =
        open_stream(endpoint_, wire::StreamKind::kFurtherStream, session_id_, static_cast<uint16_t>(i + 1), &error);
    if (bulk_[i].transport == nullptr) {
      lose(error);
      return false;
    }
  }
  bulk_count_.store(count);
  wake_pump();
  wake_io();
  return true;
}

char* Session::reserve(size_t size, size_t buffered) {
  if (size > wire::kMaxCall) {
    log_error("a call of %zu bytes is larger than the %zu that a server accepts", size, wire::kMaxCall);
    return nullptr;
  }
  if (sequence_ - acknowledged_.load(std::memory_order_relaxed) > kMaxUnacknowledged) throttle();
  if (out_size_ + buffered > out_.size()) {
    if (out_size_ != 0) flush_locked();
    if (buffered > out_.size()) out_.resize(buffered);
  }
  return lost_.load() ? nullptr : out_.data() + out_size_;
}

void Session::flush() {
  std::lock_guard lock(send_mutex_);
  if (out_size_ != 0) {
    bool prompt = now_us() - burst_since_us_ < kFlushDelayUs;
    int before = prompt_flushes_.load(std::memory_order_relaxed);
    if (before < kPrompt || !prompt) prompt_flushes_.store(prompt ? before + 1 : 0, std::memory_order_relaxed);
  }
  flush_locked();
}

void Session::set_timer(int fd, int64_t us) {
  itimerspec when{};
  when.it_value = {us / 1000000, us % 1000000 * 1000};
  timerfd_settime(fd, 0, &when, nullptr);
}

void Session::flush_by_timer() {
  uint64_t expirations = 0;
  if (read(timer_fd_, &expirations, sizeof expirations) < 0) return;
  std::unique_lock lock(send_mutex_, std::try_to_lock);
  // Who sends at this moment will fill the buffer again, and a burst that has just begun has its time to come.
  if (!lock.owns_lock() || (out_size_ != 0 && now_us() - burst_since_us_ < kFlushDelayUs)) {
    set_timer(timer_fd_, flush_delay_us());
    return;
  }
  timer_armed_.store(false);
  if (out_size_ != 0) prompt_flushes_.store(0, std::memory_order_relaxed);
  flush_locked();
}

void Session::flush_locked(const wire::Blob& tail) {
  static constexpr char kPadding[8] = {};
  wire::Piece pieces[] = {
      {out_.data(), out_size_}, {tail.data, tail.size()}, {kPadding, wire::padded(tail.size()) - tail.size()}};
  wire::Piece* first = pieces;
  while (!lost_.load()) {
    while (first != std::end(pieces) && first->size == 0) ++first;
    if (first == std::end(pieces)) break;
    wire::IoResult r = commands_->send(first, static_cast<int>(std::end(pieces) - first));
    if (r.status == wire::Io::kClosed) {
      end_sending();
    } else if (r.status == wire::Io::kAgain) {
      // The server may be waiting for us to read: drain input while waiting for room.
      pump(Pump::kForRoom);
    } else {
      for (wire::Piece* piece = first; piece != std::end(pieces) && r.bytes != 0; ++piece) {
        size_t sent = std::min(r.bytes, piece->size);
        piece->data = static_cast<const char*>(piece->data) + sent;
        piece->size -= sent;
        r.bytes -= sent;
      }
    }
  }
  out_size_ = 0;
  if (trace != nullptr) trace->left();
  while (commands_ != nullptr && commands_->wants_write() && !lost_.load()) {
    if (commands_->send(nullptr, 0).status == wire::Io::kClosed) end_sending();
    if (commands_->wants_write() && !lost_.load()) pump(Pump::kForRoom);
  }
}

void Session::end_sending() {
  pump(Pump::kForRoom);  // the server may have said why
  lose("the connection was closed");
}

void Session::throttle() {
  flush_locked();
  wait([this] { return sequence_ - acknowledged_.load() <= kMaxUnacknowledged / 2; });
}

void Session::expect_reply(uint64_t sequence, Reply* reply, bool* done) {
  if (trace != nullptr) trace->will_wait(sequence);
  replies_.emplace(sequence, [reply, done](int32_t status, wire::Reader& body) {
    reply->status = status;
    reply->body.resize(body.left());
    if (body.left() != 0) std::memcpy(reply->body.data(), body.at(), body.left());
    *done = true;
  });
}

void Session::expect_transfer(uint64_t sequence, const Region& region, OnDone then, bool to_client) {
  transfers_.emplace(sequence, Transfer{region, region.total(), std::move(then), to_client});
  if (to_client) ++incoming_;
}

bool Session::receiving() {
  std::lock_guard lock(state_mutex_);
  return incoming_ != 0;
}

bool Session::may_write(const Region& region) {
  std::lock_guard lock(state_mutex_);
  if (incoming_ == 0) return false;
  if (incoming_ > kMaxSearched) return true;
  return std::any_of(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
    return entry.second.to_client && entry.second.region.overlaps(region.base, region.extent());
  });
}

void Session::run_later() {
  std::vector<std::function<void()>> now;
  {
    std::lock_guard lock(state_mutex_);
    if (later_.empty()) return;
    now.swap(later_);
  }
  for (auto& then : now) then();
}

void Session::begin_async() {
  if (async_++ == 0 && io_idle_) wake_io();
  watch_link();
}

void Session::update(const std::function<void()>& change) {
  std::lock_guard lock(state_mutex_);
  change();
  changed_.notify_all();
  if (pumping_.load()) wake_pump();
}

uint64_t Session::take_id(uint8_t type) {
  std::lock_guard lock(state_mutex_);
  return ids_.take(type);
}

void Session::wake_io() {
  uint64_t one = 1;
  if (write(io_fd_, &one, sizeof one) < 0) log_debug("the wake-up counter is full");
}

void Session::wake_pump() {
  uint64_t one = 1;
  if (write(wake_fd_, &one, sizeof one) < 0) log_debug("the wake-up counter is full");
}

void Session::lose(const std::string& why) {
  if (lost_.exchange(true)) return;
  // The kernel, too, ends connections to silent hosts: to us that looks like any other end.
  int64_t silence = link_silence_ms();
  bool silent = silence >= wire::link_times().timeout_ms;
  std::string reason = silent ? "no answer for " + std::to_string(silence / 1000) + " s" : why;
  std::lock_guard lock(state_mutex_);
  if (last_word_.empty()) {
    log_error("lost the server %s:%u: %s", endpoint_.address.c_str(), endpoint_.port, reason.c_str());
  } else {
    log_error("%s", last_word_.c_str());
  }
  auto replies = std::move(replies_);
  abandoned_ = std::move(transfers_);
  replies_.clear();
  transfers_.clear();
  incoming_ = 0;
  owed_ = 0;
  jobs_.clear();
  held_.clear();
  wire::Reader nothing(nullptr, 0);
  for (auto& [sequence, then] : replies) then(lost_status_, nothing);
  for (auto& [sequence, transfer] : abandoned_) transfer.done(lost_status_);
  if (listener_ != nullptr) listener_->on_lost();
  changed_.notify_all();
  if (pumping_.load()) wake_pump();
}

void Session::abandon() {
  if (commands_ != nullptr) commands_->abandon();
  for (auto& stream : bulk_) {
    if (stream.transport != nullptr) stream.transport->abandon();
  }
  for (int fd : {wake_fd_, io_fd_, timer_fd_, watch_fd_}) {
    if (fd >= 0) close(fd);
  }
}

void Session::farewell() {
  if (commands_ == nullptr || lost_.load() || !send_mutex_.try_lock()) return;
  wire::Piece piece{out_.data(), out_size_};
  wire::IoResult r = out_size_ != 0 ? commands_->send(&piece, 1) : wire::IoResult{};
  if (r.status == wire::Io::kOk) {  // the timer may come once more before the process is gone
    out_size_ -= r.bytes;
    std::memmove(out_.data(), out_.data() + r.bytes, out_size_);
  }
  send_mutex_.unlock();
}

}  // namespace cenote::shim
