#include "worker/outbox.hpp"

#include <poll.h>

namespace cenote::worker {

void Outbox::start(wire::Transport* transport) {
  transport_ = transport;
  std::thread([this] { run(); }).detach();
}

bool Outbox::send_some() {
  while (sent_ < out_.size() || transport_->wants_write()) {
    wire::Piece piece{out_.data() + sent_, out_.size() - sent_};
    wire::IoResult r = transport_->send(&piece, sent_ < out_.size() ? 1 : 0);
    if (r.status == wire::Io::kClosed) {
      // The reader sees the same end of the stream and ends the worker.
      sent_ = out_.size();
      break;
    }
    if (r.status == wire::Io::kAgain) return false;
    sent_ += r.bytes;
    if (sent_ == out_.size() && transport_->wants_write()) return false;
  }
  out_.clear();
  sent_ = 0;
  urgent_ = false;
  return true;
}

void Outbox::flush() {
  std::lock_guard lock(mutex_);
  if (writing_ || out_.empty() || send_some()) return;
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
