#include "worker/bulk.hpp"

#include <poll.h>
#include <unistd.h>

#include <thread>

#include "wire/log.hpp"
#include "worker/executor.hpp"

namespace cenote::worker {

namespace {

void wait_for_room(wire::Transport* stream) {
  pollfd fd{stream->descriptor(), POLLOUT, 0};
  poll(&fd, 1, -1);
}

/// False when the stream has ended.
bool receive_whole(wire::Transport* stream, char* to, size_t size) {
  while (size != 0) {
    wire::IoResult r = stream->receive_waiting(to, size);
    if (r.status == wire::Io::kClosed) return false;
    to += r.bytes;
    size -= r.bytes;
  }
  return true;
}

bool send_whole(wire::Transport* stream, const wire::BulkHeader& header, const char* from) {
  const auto* head = reinterpret_cast<const char*>(&header);
  size_t total = sizeof header + header.length;
  for (size_t sent = 0; sent < total || stream->wants_write();) {
    wire::Piece pieces[2];
    int count = 0;
    if (sent < sizeof header) pieces[count++] = {head + sent, sizeof header - sent};
    size_t done = sent < sizeof header ? 0 : sent - sizeof header;
    if (done < header.length) pieces[count++] = {from + done, header.length - done};
    wire::IoResult r = stream->send(pieces, count);
    if (r.status == wire::Io::kClosed) return false;
    if (r.status == wire::Io::kAgain) {
      wait_for_room(stream);
      continue;
    }
    sent += r.bytes;
    if (sent == total && stream->wants_write()) wait_for_room(stream);
  }
  return true;
}

}  // namespace

void Bulk::add(std::unique_ptr<wire::Transport> stream) {
  wire::Transport* raw = stream.get();
  {
    std::lock_guard lock(mutex_);
    streams_.push_back(std::move(stream));
  }
  executor_->watch.add(raw->descriptor());
  std::thread([this, raw] { receive_all(raw); }).detach();
  std::thread([this, raw] { send_all(raw); }).detach();
}

void Bulk::expect(uint64_t sequence, uint64_t offset, uint64_t length, char* to, std::function<void()> then) {
  std::lock_guard lock(mutex_);
  expected_.emplace(Key{sequence, offset}, Expected{length, to, std::move(then)});
}

void Bulk::send(const wire::BulkHeader& header, const char* from, std::function<void()> then) {
  std::lock_guard lock(mutex_);
  outgoing_.push_back({header, from, std::move(then)});
  outgoing_work_.notify_one();
}

Traffic Bulk::traffic() {
  std::lock_guard lock(mutex_);
  return traffic_;
}

void Bulk::receive_all(wire::Transport* stream) {
  wire::BulkHeader header;
  while (receive_whole(stream, reinterpret_cast<char*>(&header), sizeof header)) {
    Expected piece;
    {
      std::lock_guard lock(mutex_);
      auto node = expected_.extract(Key{header.sequence, header.offset});
      if (node.empty() || node.mapped().length != header.length) {
        log_error("the client sent bulk data that nobody asked for");
        _exit(65);
      }
      piece = std::move(node.mapped());
      traffic_.received += header.length;
    }
    if (!receive_whole(stream, piece.to, header.length)) break;
    executor_->post(std::move(piece.then));
  }
  _exit(0);  // a session without one of its streams is over
}

void Bulk::send_all(wire::Transport* stream) {
  std::unique_lock lock(mutex_);
  for (;;) {
    outgoing_work_.wait(lock, [this] { return !outgoing_.empty(); });
    Outgoing piece = std::move(outgoing_.front());
    outgoing_.pop_front();
    traffic_.sent += piece.header.length;
    lock.unlock();
    executor_->watch.sent();
    if (!send_whole(stream, piece.header, piece.from)) _exit(0);
    executor_->post(std::move(piece.then));
    lock.lock();
  }
}

}  // namespace cenote::worker
