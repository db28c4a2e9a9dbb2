#include "worker/executor.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "wire/log.hpp"

namespace cenote::worker {

namespace {

constexpr size_t kInputSize = size_t{256} << 10;
constexpr size_t kKeepFrom = size_t{16} << 10;
constexpr int kMaxKeptInputs = 8;
constexpr size_t kMaxParkedBytes = size_t{1} << 30;
constexpr size_t kFewParkedBytes = size_t{4} << 20;
constexpr auto kLookForClient = std::chrono::milliseconds(200);
constexpr int kMaxLanes = 256;
constexpr int kMaxIdleFollowers = 2;
constexpr uint64_t kAckEvery = 4096;
constexpr long kLingerNs = 10'000'000;  // how long what is not urgent waits for company

/// Which lead this thread has; it has lost it when the executor's epoch has moved on.
thread_local uint64_t my_epoch = 0;

/// While tracing: the call that this thread carries out, none once it goes on in a lane.
thread_local const Call* traced = nullptr;

}  // namespace

Executor::Executor(std::unique_ptr<wire::Transport> transport) : transport_(std::move(transport)) {
  in_.resize(kInputSize);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  nudge_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event none{EPOLLONESHOT, {.fd = -1}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, transport_->descriptor(), &none);
  epoll_event nudged{EPOLLIN | EPOLLET, {.fd = nudge_}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, nudge_, &nudged);
  linger_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  epoll_event late{EPOLLIN | EPOLLET, {.fd = linger_}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, linger_, &late);
  watch.add(transport_->descriptor());
  outbox.start(transport_.get(), &watch);
  std::thread([this] { complete(); }).detach();
}

void Executor::run() {
  {
    std::unique_lock lock(mutex_);
    led_ = true;
    my_epoch = ++epoch_;
    lead(lock);
  }
  serve();
  for (;;) pause();  // the session's end is the process's end
}

void Executor::serve() {
  std::unique_lock lock(mutex_);
  while (idle_ < kMaxIdleFollowers) {
    ++idle_;
    lock.unlock();
    epoll_event event;
    epoll_wait(epoll_, &event, 1, -1);
    lock.lock();
    --idle_;
    if (event.data.fd == linger_) {
      lingering_ = false;
      outbox.flush();
      continue;
    }
    if (led_) continue;
    led_ = true;
    my_epoch = ++epoch_;
    lead(lock);
  }
  --threads_;
}

void Executor::lead(std::unique_lock<std::mutex>& lock) {
  uint64_t epoch = my_epoch;
  for (;;) {
    if (!process_input(epoch)) return;
    run_ready();
    if (epoch_ != epoch) return;
    outbox.flush();
    if (parked_bytes_ > kFewParkedBytes) wait_for_room(lock);
    if (!receive(lock)) end(lock);
  }
}

void Executor::wait_for_room(std::unique_lock<std::mutex>& lock) {
  auto enough = [this] { return parked_bytes_ <= kFewParkedBytes || !is_pressed(); };
  while (!room_.wait_for(lock, kLookForClient, enough)) {
    pollfd client{transport_->descriptor(), POLLRDHUP, 0};
    if (poll(&client, 1, 0) > 0) end(lock);
  }
}

void Executor::end(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  if (last_words) last_words();
  log_info("the client ended");
  _exit(0);
}

bool Executor::receive(std::unique_lock<std::mutex>& lock) {
  if (in_begin_ != 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_end_ >= sizeof(wire::CallHeader)) {
    wire::CallHeader header;
    std::memcpy(&header, in_.data(), sizeof header);
    if (header.size > in_.size()) in_.resize(header.size);
  } else if (in_.size() > kInputSize) {
    in_.resize(kInputSize);
    in_.shrink_to_fit();
  }
  lock.unlock();
  wire::IoResult r;
  bool came = spin_.look([&] {
    r = transport_->receive(in_.data() + in_end_, in_.size() - in_end_);
    return r.status != wire::Io::kAgain;
  });
  if (!came) r = transport_->receive_waiting(in_.data() + in_end_, in_.size() - in_end_);
  spin_.found();
  lock.lock();
  if (r.status == wire::Io::kClosed) return false;
  in_end_ += r.bytes;
  return true;
}

bool Executor::process_input(uint64_t epoch) {
  while (in_end_ - in_begin_ >= sizeof(wire::CallHeader)) {
    wire::CallHeader header;
    std::memcpy(&header, in_.data() + in_begin_, sizeof header);
    Call call{++sequence_,
              header.opcode,
              (header.flags & (wire::kWantsReply | wire::kWantsReceipt)) != 0,
              (header.flags & wire::kWantsReceipt) != 0,
              in_.data() + in_begin_ + sizeof header,
              header.size - sizeof header,
              nullptr};
    if (header.size < sizeof header || header.size % 8 != 0 || header.size > wire::kMaxCall) {
      broken("a call of impossible size", call);
    }
    if (header.size > in_end_ - in_begin_) {
      --sequence_;
      return true;
    }
    in_begin_ += header.size;
    received_ += header.size;
    if (sequence_ - acknowledged_ >= kAckEvery) {
      acknowledged_ = sequence_;
      outbox.add(wire::Notice::kAck, sequence_, 0, [](wire::Writer&) {});
    }
    run_call(call);
    if (epoch_ != epoch) return false;
  }
  return true;
}

void Executor::run_call(Call& call) {
  if (tracing) {
    run_traced(call);
  } else {
    execute(call);
  }
}

void Executor::run_traced(Call& call) {
  traced = &call;
  uint64_t begin = clock();
  if (execute(call) && traced != nullptr) trace_call(call, begin);
  traced = nullptr;
}

void Executor::trace_call(const Call& call, uint64_t begin) {
  auto thread = static_cast<uint64_t>(syscall(SYS_gettid));
  trace(wire::TraceRecord::kCarriedOut, call.sequence, thread, begin, clock(), name_of(call.opcode));
}

void Executor::trace(wire::TraceRecord what, uint64_t sequence, uint64_t where, uint64_t begin, uint64_t end,
                     std::string_view name) {
  wire::Blob text = wire::blob(name);
  outbox.add(wire::Notice::kTrace, sequence, 4 * 8 + wire::wire_size(text), [&](wire::Writer& w) {
    for (uint64_t word : {static_cast<uint64_t>(what), where, begin, end}) w.word(word);
    w.bytes(text);
  });
}

uint64_t Executor::clock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

void Executor::arm(bool active) {
  epoll_event event{(active ? EPOLLIN | EPOLLRDHUP : 0U) | EPOLLONESHOT, {.fd = 0}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, transport_->descriptor(), &event);
}

void Executor::blocking(std::function<void()> work, std::function<void()> after) {
  ++blocked_;
  bool leading = led_ && my_epoch == epoch_ && !running_ready_;
  if (!leading) {
    const Call* mine = std::exchange(traced, nullptr);
    lane_jobs_.push_back([this, work = std::move(work), after = std::move(after), call = mine ? *mine : Call{}] {
      uint64_t begin = call.sequence == 0 ? 0 : clock();
      work();
      std::lock_guard lock(mutex_);
      --blocked_;
      after();
      if (call.sequence != 0) trace_call(call, begin);
      run_ready();
      outbox.flush();
    });
    if (idle_lanes_ == 0 && lanes_ < kMaxLanes) {
      ++lanes_;
      std::thread([this] { run_lane(); }).detach();
    } else {
      lane_work_.notify_one();
    }
    return;
  }
  if (!outbox.flush_urgent() && !lingering_) {
    lingering_ = true;
    itimerspec when{};
    when.it_value.tv_nsec = kLingerNs;
    timerfd_settime(linger_, 0, &when, nullptr);
  }
  if (idle_ == 0) {
    ++threads_;
    std::thread([this] { serve(); }).detach();
  }
  uint64_t mine = my_epoch;
  led_ = false;
  if (in_end_ != in_begin_ || transport_->has_buffered()) {
    uint64_t one = 1;
    if (write(nudge_, &one, sizeof one) < 0) log_debug("nudge");
  } else {
    arm(true);
  }
  mutex_.unlock();
  work();
  mutex_.lock();
  --blocked_;
  after();
  // The lead comes first: the client's next call, which the reply sets off, is then ours to read.
  if (!led_ && epoch_ == mine) {
    led_ = true;
    arm(false);
  } else {
    my_epoch = 0;  // somebody has led on; the caller's loop sees that the epoch has moved
    run_ready();   // who leads may be waiting for the client, and the client for these
  }
  outbox.flush();
}

void Executor::run_lane() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (lane_jobs_.empty()) {
      ++idle_lanes_;
      lane_work_.wait(lock);
      --idle_lanes_;
    }
    auto job = std::move(lane_jobs_.front());
    lane_jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void Executor::post(std::function<void()> then) {
  std::lock_guard lock(posted_mutex_);
  posted_.push_back(std::move(then));
  if (posted_.size() == 1) posted_something_.notify_one();
}

void Executor::complete() {
  std::vector<std::function<void()>> batch;
  for (;;) {
    {
      std::unique_lock lock(posted_mutex_);
      posted_something_.wait(lock, [this] { return !posted_.empty(); });
      batch.swap(posted_);
    }
    std::lock_guard lock(mutex_);
    for (auto& then : batch) then();
    batch.clear();
    run_ready();
    outbox.flush();
  }
}

Parked* Executor::park(Call& call, const std::vector<Parked*>& after, std::vector<Ref<Object>> pins,
                       std::vector<Ref<Object>> locked) {
  Parked* parked = call.parked;
  if (parked == nullptr) {
    parked = new Parked;
    parked->bytes.resize(call.size / 8);
    if (call.size != 0) std::memcpy(parked->bytes.data(), call.data, call.size);
    parked->call = call;
    parked->call.data = reinterpret_cast<const char*>(parked->bytes.data());
    parked->call.parked = parked;
    if (call.wants_receipt) {
      parked->call.wants_reply = false;
      outbox.reply(call.sequence, 0);
    }
    parked->weight = call.size + sizeof *parked;
    parked_bytes_ += parked->weight;
    if (parked_bytes_ > kMaxParkedBytes) broken("more than 1 GiB of calls wait for a user event", call);
  }
  for (Parked* earlier : after) {
    earlier->next.push_back(parked);
    ++parked->unmet;
  }
  for (auto& pin : pins) {
    ++pin->pins;
    parked->pins.push_back(std::move(pin));
  }
  for (auto& object : locked) {
    object->tail = parked;
    ++object->pins;
    parked->locked.push_back(std::move(object));
  }
  return parked;
}

Parked* Executor::hold(Call& call, std::initializer_list<Object*> objects) {
  Parked* parked = call.parked;
  call.held = true;
  if (parked == nullptr) {
    parked = new Parked;
    parked->call = call;
    parked->call.data = nullptr;
    parked->call.parked = parked;
    call.parked = parked;
  }
  for (Object* object : objects) {
    if (object == nullptr) continue;
    // A parked call is already in its place: what came later names it or a successor as the tail.
    if (object->tail == nullptr) object->tail = parked;
    ++object->pins;
    parked->locked.emplace_back(object);
  }
  return parked;
}

Parked* Executor::make_gate(Object* object) {
  auto* gate = new Parked;
  object->tail = gate;
  ++object->pins;
  gate->locked.emplace_back(object);
  return gate;
}

void Executor::release(Parked* parked) {
  for (auto& object : parked->locked) {
    if (object->tail == parked) object->tail = nullptr;
    unpin(object.get());
  }
  for (auto& object : parked->pins) unpin(object.get());
  if (parked->member_of != nullptr) std::erase(*parked->member_of, parked);
  for (Parked* later : parked->next) resume(later);
  parked_bytes_ -= parked->weight;
  delete parked;
}

void Executor::resume(Parked* parked) {
  if (--parked->unmet == 0) ready_.push_back(parked);
}

void Executor::unpin(Object* object) {
  if (--object->pins == 0 && object->doomed) remove(object);
}

void Executor::remove(Object* object) {
  uint64_t id = object->id;
  uint64_t asked_by = object->destroy_reply;
  objects.remove(id);
  outbox.words(wire::Notice::kDestroyed, 0, {id});
  if (asked_by != 0) outbox.reply(asked_by, 0);
}

std::shared_ptr<const void> Executor::keep(const Call& call, const void** data, size_t size) {
  if (call.parked != nullptr || size < kKeepFrom || kept_inputs_ == kMaxKeptInputs || in_.size() > kInputSize) {
    void* copy = std::malloc(size);
    std::memcpy(copy, *data, size);
    *data = copy;
    return {copy, std::free};
  }
  // The whole input buffer goes with them; what has come after the call moves on into another.
  std::vector<char> next;
  if (spare_inputs_.empty()) {
    next.resize(kInputSize);
  } else {
    next = std::move(spare_inputs_.back());
    spare_inputs_.pop_back();
  }
  std::memcpy(next.data(), in_.data() + in_begin_, in_end_ - in_begin_);
  in_end_ -= in_begin_;
  in_begin_ = 0;
  ++kept_inputs_;
  return {new std::vector<char>(std::exchange(in_, std::move(next))), [this](std::vector<char>* kept) {
            --kept_inputs_;
            spare_inputs_.push_back(std::move(*kept));
            delete kept;
          }};
}

Executor::Served Executor::served() {
  std::lock_guard lock(mutex_);
  return {sequence_, received_, blocked_ != 0 || parked_bytes_ != 0};
}

void Executor::destroy(uint64_t id, const Call& call) {
  Object* object = objects.find(id);
  object->doomed = true;
  if (call.wants_reply) object->destroy_reply = call.sequence;
  if (object->pins == 0) remove(object);
}

void Executor::run_ready() {
  if (running_ready_) return;
  running_ready_ = true;
  while (!ready_.empty()) {
    Parked* parked = ready_.front();
    ready_.pop_front();
    Call call = parked->call;
    run_call(call);
  }
  running_ready_ = false;
  room_.notify_one();
}

void Executor::broken(const char* why, const Call& call) {
  log_error("the client broke the protocol: %s (call %llu, %s)", why, static_cast<unsigned long long>(call.sequence),
            name_of(call.opcode));
  _exit(65);
}

}  // namespace cenote::worker
