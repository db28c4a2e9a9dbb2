// Receiving and bulk sending: the part of a session that only the holder of the I/O role runs.
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>

#include "shim/output.hpp"
#include "shim/session.hpp"
#include "wire/log.hpp"

namespace cenote::shim {

namespace {
constexpr int kRoomTimeoutMs = 1000;
constexpr useconds_t kEndRetryUs = 10000;
constexpr size_t kMaxWord = 300;
char kNothing[4096];  // sent in the place of bytes that are not the server's to have any more

/// Of what a server says, what may stand in a line on somebody's terminal.
std::string printable(std::string_view text) {
  std::string kept;
  for (char c : text.substr(0, kMaxWord)) {
    if (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) kept += c;
  }
  return kept;
}

}  // namespace

bool Session::take_role(std::unique_lock<std::mutex>& /*state*/) {
  if (role_taken_) return false;
  role_taken_ = true;
  return true;
}

void Session::leave_role(std::unique_lock<std::mutex>& /*state*/) {
  role_taken_ = false;
  if (waiters_ != 0) changed_.notify_all();
  if (role_wanted_ == 0 && io_idle_ && async_ > 0) wake_io();
}

bool Session::wait(const std::function<bool()>& done) {
  std::unique_lock state(state_mutex_);
  bool asked = false;
  while (!done() && !lost_.load()) {
    if (take_role(state)) {
      watch_link();
      state.unlock();
      pump(Pump::kWait);
      state.lock();
      leave_role(state);
      continue;
    }
    if (io_has_role_ && !asked) {
      asked = true;
      ++role_wanted_;
      wake_io();
    }
    ++waiters_;
    watch_link();
    changed_.wait(state);
    --waiters_;
  }
  if (asked) --role_wanted_;
  if (async_ > 0 && io_idle_ && !role_taken_) wake_io();
  return !lost_.load() || done();
}

void Session::poll() {
  std::unique_lock state(state_mutex_);
  if (lost_.load() || !take_role(state)) return;
  state.unlock();
  pump(Pump::kPoll);
  state.lock();
  leave_role(state);
}

void Session::run_io_thread() {
  prctl(PR_SET_NAME, "cenote-io");
  prctl(PR_SET_TIMERSLACK, 1000UL);
  std::unique_lock state(state_mutex_);
  while (!lost_.load()) {
    if (async_ > 0 && role_wanted_ == 0 && take_role(state)) {
      io_has_role_ = true;
      state.unlock();
      pump(Pump::kIoThread);
      state.lock();
      io_has_role_ = false;
      leave_role(state);
    } else {
      wait_for_io_work(state);
    }
  }
}

void Session::wait_for_io_work(std::unique_lock<std::mutex>& state) {
  io_idle_ = true;
  state.unlock();
  pollfd fds[] = {
      {io_fd_, POLLIN, 0}, {timer_fd_, POLLIN, 0}, {watch_fd_, POLLIN, 0}, {commands_->descriptor(), POLLRDHUP, 0}};
  ::poll(fds, 4, -1);
  uint64_t drained = 0;
  if ((fds[0].revents & POLLIN) != 0 && read(io_fd_, &drained, sizeof drained) < 0) log_debug("spurious wake-up");
  if ((fds[1].revents & POLLIN) != 0) flush_by_timer();
  if ((fds[2].revents & POLLIN) != 0) look_at_link();
  if (fds[3].revents != 0) hear_the_end();
  state.lock();
  io_idle_ = false;
}

/// The server has ended the session while nothing was expected of it.
void Session::hear_the_end() {
  poll();
  if (!lost_.load()) usleep(kEndRetryUs);  // somebody else is reading
}

void Session::pump(Pump how) {
  bool for_room = how == Pump::kForRoom;
  if (for_room) {
    // Called while sending: without the role only the room in the socket is waited for.
    std::unique_lock state(state_mutex_);
    if (!take_role(state)) {
      state.unlock();
      pollfd fd{commands_->descriptor(), POLLOUT, 0};
      ::poll(&fd, 1, kRoomTimeoutMs);
      return;
    }
    watch_link();
  }
  pollfd fds[5 + wire::kMaxStreams];
  nfds_t count = 0;
  fds[count++] = {wake_fd_, POLLIN, 0};
  fds[count++] = {commands_->descriptor(), static_cast<short>(for_room ? POLLOUT : 0), 0};
  fds[count++] = {how == Pump::kIoThread ? io_fd_ : -1, POLLIN, 0};
  fds[count++] = {how == Pump::kIoThread ? timer_fd_ : -1, POLLIN, 0};
  fds[count++] = {how == Pump::kIoThread ? watch_fd_ : -1, POLLIN, 0};
  const nfds_t first = count;
  bool sending = false;
  bool owed = false;
  size_t streams = bulk_count_.load();
  if (streams != 0) {
    std::lock_guard state(state_mutex_);
    sending = !jobs_.empty();
    owed = owed_ != 0;
  }
  if (!owed) fds[1].events |= POLLIN;
  bool buffered = !owed && commands_->has_buffered();
  for (size_t i = 0; i < streams; ++i) {
    bool out = sending || bulk_[i].transport->wants_write();
    fds[count++] = {bulk_[i].transport->descriptor(), static_cast<short>(POLLIN | (out ? POLLOUT : 0)), 0};
    buffered = buffered || bulk_[i].transport->has_buffered();
  }
  int timeout = for_room ? kRoomTimeoutMs : -1;
  pumping_.store(true);
  int ready = 0;
  bool looking = how == Pump::kWait && !buffered;
  if (!looking || !spin_.look([&] { return (ready = ::poll(fds, count, 0)) != 0; })) {
    ready = ::poll(fds, count, how == Pump::kPoll || buffered ? 0 : timeout);
  }
  if (looking) spin_.found();
  pumping_.store(false);
  if (ready > 0 && (fds[0].revents & POLLIN) != 0) {
    uint64_t drained = 0;
    if (read(wake_fd_, &drained, sizeof drained) < 0) log_debug("spurious wake-up");
  }
  if (ready > 0 && (fds[2].revents & POLLIN) != 0) {
    uint64_t drained = 0;
    if (read(io_fd_, &drained, sizeof drained) < 0) log_debug("spurious wake-up");
  }
  if (ready > 0 && (fds[3].revents & POLLIN) != 0) flush_by_timer();
  if (ready > 0 && (fds[4].revents & POLLIN) != 0) look_at_link();
  if (ready > 0 || buffered) {
    bool ended = owed && (fds[1].revents & (POLLHUP | POLLERR)) != 0;
    if (ended) lose("the worker ended");
    if (!owed && ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 || commands_->has_buffered())) receive_notices();
    for (size_t i = 0; i < streams && !lost_.load(); ++i) {
      short events = fds[first + i].revents;
      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 || bulk_[i].transport->has_buffered()) {
        if (!receive_bulk(bulk_[i])) lose("a bulk stream was closed");
      }
      if ((events & POLLOUT) != 0 && !lost_.load() && !send_bulk(bulk_[i])) lose("a bulk stream was closed");
    }
    if (put_off_ && !lost_.load()) receive_notices();
  }
  if (for_room) {
    std::unique_lock state(state_mutex_);
    leave_role(state);
    return;  // the send lock is held: what was put off waits for the next reader
  }
  run_later();
}

void Session::receive_notices() {
  while (take_notices()) {
    if (in_size_ == in_.size()) in_.resize(in_.size() * 2);
    wire::IoResult r = commands_->receive(in_.data() + in_size_, in_.size() - in_size_);
    if (r.status == wire::Io::kAgain) return;
    if (r.status == wire::Io::kClosed) return lose("the worker ended");
    in_size_ += r.bytes;
  }
}

/// Acts on what has come. False when more is not to be looked at now.
bool Session::take_notices() {
  size_t at = 0;
  {
    std::lock_guard state(state_mutex_);
    while (owed_ == 0 && in_size_ - at >= sizeof(wire::NoticeHeader)) {
      wire::NoticeHeader header;
      std::memcpy(&header, in_.data() + at, sizeof header);
      if (header.size < sizeof header || header.size % 8 != 0 || header.size > wire::kMaxCall) {
        at = SIZE_MAX;
        break;
      }
      if (header.size > in_size_ - at) break;
      const char* body = in_.data() + at + sizeof header;
      if (!dispatch(header, wire::Reader(body, header.size - sizeof header))) {
        at = SIZE_MAX;
        break;
      }
      at += header.size;
    }
    put_off_ = owed_ != 0;
    if (at != 0 && waiters_ != 0) changed_.notify_all();
  }
  if (at == SIZE_MAX) {
    lose("the server sent something malformed");
    return false;
  }
  std::memmove(in_.data(), in_.data() + at, in_size_ - at);
  in_size_ -= at;
  if (in_size_ >= sizeof(wire::NoticeHeader)) {
    wire::NoticeHeader header;
    std::memcpy(&header, in_.data(), sizeof header);
    if (header.size > in_.size()) in_.resize(header.size);
  }
  return !put_off_ && !lost_.load();
}

bool Session::dispatch(const wire::NoticeHeader& header, wire::Reader body) {
  switch (header.kind) {
    case wire::Notice::kReply: {
      auto status = static_cast<int32_t>(body.word());
      auto node = replies_.extract(header.sequence);
      if (!body.ok() || node.empty()) return false;
      node.mapped()(status, body);
      return true;
    }
    case wire::Notice::kData: {
      auto status = static_cast<int32_t>(body.word());
      wire::Blob bytes = body.bytes();
      auto at = transfers_.find(header.sequence);
      if (!body.ok() || at == transfers_.end() || !at->second.to_client) return false;
      Transfer& transfer = at->second;
      if (status == 0) {
        if (bytes.size() != transfer.left) return false;
        for (uint64_t offset = 0; offset < bytes.size();) {
          Region::Run run = transfer.region.run(offset);
          uint64_t n = std::min(run.size, bytes.size() - offset);
          std::memcpy(run.at, static_cast<const char*>(bytes.data) + offset, n);
          offset += n;
        }
      }
      finish_transfer(header.sequence, status);
      return true;
    }
    case wire::Notice::kPull: {
      uint64_t offset = body.word();
      uint64_t length = body.word();
      auto at = transfers_.find(header.sequence);
      if (!body.ok() || at == transfers_.end() || at->second.to_client) return false;
      uint64_t total = at->second.region.total();
      if (offset > total || length > total - offset) return false;
      BulkJob job{header.sequence, offset, length, 0, 0, &at->second.region};
      while (body.left() != 0) job.not_after.push_back(body.word());
      (must_wait(job) ? held_ : jobs_).push_back(std::move(job));
      return true;
    }
    case wire::Notice::kRead: {
      auto at = transfers_.find(header.sequence);
      if (at == transfers_.end() || !at->second.to_client || at->second.ended) return false;
      at->second.ended = true;
      if (at->second.left == 0) {
        finish_transfer(header.sequence, 0);
      } else {
        ++owed_;
      }
      return true;
    }
    case wire::Notice::kDone: {
      auto status = static_cast<int32_t>(body.word());
      auto at = transfers_.find(header.sequence);
      if (!body.ok() || at == transfers_.end()) return false;
      finish_transfer(header.sequence, status);
      return true;
    }
    case wire::Notice::kEvents:
      if (listener_ != nullptr) listener_->on_events(body);
      return body.ok();
    case wire::Notice::kDestroyed:
      while (body.left() != 0) {
        if (!ids_.give_back(body.word())) return false;
      }
      return true;
    case wire::Notice::kOutput:
      print_output(body.bytes().text());
      return body.ok();
    case wire::Notice::kAck:
      acknowledged_.store(header.sequence);
      return true;
    case wire::Notice::kCredit:
      pushed_.fetch_sub(body.word());
      return body.ok();
    case wire::Notice::kTrace:
      if (trace != nullptr) trace->on_notice(header.sequence, body);
      return body.ok();
    case wire::Notice::kOver:
      last_word_ = printable(body.bytes().text());
      return body.ok();
    case wire::Notice::kFailed:
      if (listener_ != nullptr) listener_->on_failed(body);
      return body.ok();
  }
  return false;
}

/// Whether bytes that are still on their way to us must have come before they are sent on.
bool Session::must_wait(const BulkJob& job) const {
  if (incoming_ == 0) return false;
  const Region& region = *job.region;
  return std::any_of(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
    const auto& [sequence, transfer] = entry;
    return transfer.to_client && sequence < job.sequence && transfer.region.overlaps(region.base, region.extent()) &&
           std::find(job.not_after.begin(), job.not_after.end(), sequence) == job.not_after.end();
  });
}

void Session::finish_transfer(uint64_t sequence, int32_t status) {
  auto node = transfers_.extract(sequence);
  if (node.mapped().to_client) --incoming_;
  // Pieces of it that are still on their way are thrown away.
  for (Stream& stream : bulk_) {
    if (stream.transport != nullptr && stream.header_bytes == sizeof stream.header &&
        stream.header.sequence == sequence)
      stream.target = nullptr;
  }
  std::erase_if(jobs_, [&](BulkJob& job) {
    if (job.sequence != sequence) return false;
    job.region = nullptr;  // the program's memory is the program's again, but what has begun must be ended
    return job.header_sent == 0;
  });
  std::erase_if(held_, [&](BulkJob& job) {
    if (job.sequence == sequence) return true;
    if (must_wait(job)) return false;
    jobs_.push_back(std::move(job));
    return true;
  });
  node.mapped().done(status);
  if (waiters_ != 0) changed_.notify_all();
}

bool Session::receive_bulk(Stream& stream) {
  for (;;) {
    if (stream.header_bytes < sizeof stream.header) {
      auto* to = reinterpret_cast<char*>(&stream.header) + stream.header_bytes;
      wire::IoResult r = stream.transport->receive(to, sizeof stream.header - stream.header_bytes);
      if (r.status != wire::Io::kOk) return r.status == wire::Io::kAgain;
      stream.header_bytes += r.bytes;
      if (stream.header_bytes < sizeof stream.header) continue;
      std::lock_guard state(state_mutex_);
      auto at = transfers_.find(stream.header.sequence);
      if (at != transfers_.end() && !at->second.to_client) return false;
      stream.received = 0;
      stream.target = at == transfers_.end() ? nullptr : &at->second.region;
      uint64_t total = stream.target == nullptr ? stream.header.length : stream.target->total();
      if (stream.target != nullptr &&
          (stream.header.offset > total || stream.header.length > total - stream.header.offset)) {
        return false;
      }
    }
    if (stream.received < stream.header.length) {
      Region::Run run{stream.discard.data(), stream.discard.size()};
      if (stream.target != nullptr) {
        run = stream.target->run(stream.header.offset + stream.received);
      } else if (stream.discard.empty()) {
        stream.discard.resize(wire::kChunk);
        continue;
      }
      uint64_t n = std::min(run.size, stream.header.length - stream.received);
      wire::IoResult r = stream.transport->receive(run.at, n);
      if (r.status != wire::Io::kOk) return r.status == wire::Io::kAgain;
      stream.received += r.bytes;
    }
    if (stream.received < stream.header.length) continue;
    stream.header_bytes = 0;
    std::lock_guard state(state_mutex_);
    auto at = transfers_.find(stream.header.sequence);
    if (at == transfers_.end()) continue;
    at->second.left -= std::min(at->second.left, stream.header.length);
    if (at->second.left != 0 || !at->second.ended) continue;
    --owed_;
    finish_transfer(stream.header.sequence, 0);
  }
}

bool Session::send_bulk(Stream& stream) {
  if (stream.transport->wants_write() && stream.transport->send(nullptr, 0).status == wire::Io::kClosed) return false;
  std::unique_lock state(state_mutex_);
  while (!jobs_.empty()) {
    BulkJob& job = jobs_.front();
    wire::BulkHeader header{job.sequence, job.offset, job.length};
    state.unlock();
    wire::Piece pieces[9];
    int count = 0;
    if (job.header_sent < sizeof header) {
      pieces[count++] = {reinterpret_cast<char*>(&header) + job.header_sent, sizeof header - job.header_sent};
    }
    for (uint64_t offset = job.sent; offset < job.length && count < 9;) {
      Region::Run run =
          job.region == nullptr ? Region::Run{kNothing, sizeof kNothing} : job.region->run(job.offset + offset);
      uint64_t n = std::min(run.size, job.length - offset);
      pieces[count++] = {run.at, n};
      offset += n;
    }
    wire::IoResult r = stream.transport->send(pieces, count);
    state.lock();
    if (r.status != wire::Io::kOk) return r.status == wire::Io::kAgain;
    size_t of_header = std::min(r.bytes, sizeof header - job.header_sent);
    job.header_sent += of_header;
    job.sent += r.bytes - of_header;
    if (job.header_sent == sizeof header && job.sent == job.length) jobs_.pop_front();
  }
  return true;
}

}  // namespace cenote::shim
