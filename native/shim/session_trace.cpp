#include "shim/session_trace.hpp"

#include <unistd.h>

#include <algorithm>

#include "wire/frames.hpp"

namespace cenote::shim {

namespace {

// Arrows are told apart by number in a whole file, which may hold several processes: JSON numbers have 53 bits.
constexpr int kSequenceBits = 31;

uint64_t middle(uint64_t begin, uint64_t end) { return begin + (end - begin) / 2; }

}  // namespace

SessionTrace::SessionTrace(const std::string& server, int number)
    : server_(server), process_((number + 1) * kNotReal + getpid()), wire_{getpid(), kNotReal + number} {
  trace_process_name(process_, "worker on " + server_);
  trace_thread_name(wire_, "leaving for " + server_);
}

uint64_t SessionTrace::arrow(uint64_t sequence) const {
  return static_cast<uint64_t>(wire_.process) << kSequenceBits | (sequence & ((uint64_t{1} << kSequenceBits) - 1));
}

void SessionTrace::will_wait(uint64_t sequence) {
  std::lock_guard guard(lock_);
  calls_[sequence].waits = true;
}

void SessionTrace::called(uint64_t sequence) {
  std::lock_guard guard(lock_);
  Call& call = calls_[sequence];
  call.name = traced_call();
  call.from = Track::here();
  call.called = trace_clock();
  buffered_.emplace_back(sequence, call);
}

void SessionTrace::left() {
  std::lock_guard guard(lock_);
  uint64_t now = trace_clock();
  for (const auto& [sequence, call] : buffered_) {
    if (auto at = calls_.find(sequence); at != calls_.end()) at->second.left = now;
    trace_slice(wire_, "wire", call.name == nullptr ? "(cenote)" : call.name, call.called, now);
    if (call.name != nullptr) trace_arrow(call.from, true, server_, arrow(sequence), call.called);
  }
  buffered_.clear();
}

void SessionTrace::replied(uint64_t sequence) {
  std::lock_guard guard(lock_);
  auto at = calls_.find(sequence);
  if (at == calls_.end()) return;
  at->second.replied = trace_clock();
  if (at->second.ended == 0) return;
  waited(at->second);
  calls_.erase(at);
}

/// The time on the wire of a call whose thread waited, within the slice of the API call: there and back.
void SessionTrace::waited(const Call& call) {
  uint64_t begun = std::clamp(call.begun, call.left, call.replied);
  uint64_t ended = std::clamp(call.ended, begun, call.replied);
  trace_slice(call.from, "wire", "to the worker", call.left, begun);
  trace_slice(call.from, "wire", "from the worker", ended, call.replied);
}

void SessionTrace::on_notice(uint64_t sequence, wire::Reader& body) {
  auto what = static_cast<wire::TraceRecord>(body.word());
  uint64_t where = body.word();
  uint64_t begin = our_time(body.word());
  uint64_t end = std::max(begin, our_time(body.word()));
  std::string_view name = body.bytes().text();
  if (!body.ok()) return;
  std::lock_guard guard(lock_);
  if (what == wire::TraceRecord::kCarriedOut) carried_out(sequence, static_cast<int>(where), begin, end, name);
  if (what == wire::TraceRecord::kRan) ran(sequence, where, begin, end, name);
}

void SessionTrace::carried_out(uint64_t sequence, int thread, uint64_t begin, uint64_t end, std::string_view name) {
  Track track{process_, thread};
  if (named_threads_.insert(thread).second) trace_thread_name(track, "calls");
  trace_slice(track, "worker", name, begin, end);
  auto at = calls_.find(sequence);
  if (at == calls_.end()) return;
  Call& call = at->second;
  if (call.name != nullptr) trace_arrow(track, false, server_, arrow(sequence), middle(begin, end));
  call.begun = begin;
  call.ended = end;
  if (call.replied != 0) waited(call);
  if (!call.waits || call.replied != 0) calls_.erase(at);
}

void SessionTrace::ran(uint64_t sequence, uint64_t queue, uint64_t begin, uint64_t end, std::string_view name) {
  // What runs side by side in an out-of-order queue needs further tracks.
  std::vector<Lane>& lanes = queues_[queue];
  auto free = std::find_if(lanes.begin(), lanes.end(), [&](const Lane& lane) { return lane.end <= begin; });
  if (free == lanes.end()) {
    Lane made{kNotReal + lanes_++, 0};
    trace_thread_name({process_, made.thread}, "device, queue " + std::to_string(queue));
    free = lanes.insert(lanes.end(), made);
  }
  free->end = end;
  trace_slice({process_, free->thread}, "device", name, begin, end);
  trace_arrow({process_, free->thread}, false, server_, arrow(sequence), middle(begin, end));
}

}  // namespace cenote::shim
