#include "worker/outbox.hpp"

#include <poll.h>

#include <algorithm>

namespace cenote::worker {

void Outbox::start(wire::Transport* transport, Watch* watch) {
  transport_ = transport;
  watch_ = watch;
  std::thread([this] { run(); }).detach();
}

void Outbox::take_in_tail() {
  out_.insert(out_.end(), tail_.begin(), tail_.end());
  tail_ = {};
  tail_owner_.reset();
}

bool Outbox::send_some() {
  size_t total = out_.size() + tail_.size();
  while (sent_ < total || transport_->wants_write()) {
    wire::Piece pieces[2];
    int count = 0;
    if (sent_ < out_.size()) pieces[count++] = {out_.data() + sent_, out_.size() - sent_};
    size_t of_tail = sent_ - std::min(sent_, out_.size());
    if (of_tail < tail_.size()) pieces[count++] = {tail_.data() + of_tail, tail_.size() - of_tail};
    wire::IoResult r = transport_->send(pieces, count);
    if (r.status == wire::Io::kClosed) break;  // the reader sees the same end of the stream and ends the worker
    if (r.status == wire::Io::kAgain) return false;
    sent_ += r.bytes;
    if (sent_ == total && transport_->wants_write()) return false;
  }
  all_sent_ += sent_;
  out_.clear();
  tail_ = {};
  tail_owner_.reset();
  sent_ = 0;
  urgent_ = false;
  return true;
}

void Outbox::flush() {
  std::lock_guard lock(mutex_);
  if (writing_ || out_.empty()) return;
  watch_->sent();
  if (send_some()) return;
  writing_ = true;
  stuck_.notify_one();
}

bool Outbox::flush_urgent() {
  {
    std::lock_guard lock(mutex_);
    if (out_.empty()) return true;
    if (!urgent_) return false;
  }
  flush();
  return true;
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    stuck_.wait(lock, [this] { return writing_; });
    while (!send_some()) {
      pollfd fd{transport_->descriptor(), POLLOUT, 0};
      lock.unlock();
      poll(&fd, 1, 1000);
      lock.lock();
    }
    writing_ = false;
  }
}

}  // namespace cenote::worker
