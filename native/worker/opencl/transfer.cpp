#include "worker/opencl/transfer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "worker/bulk.hpp"
#include "worker/opencl/svm.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

Transfer::Transfer(Worker& w, const Call& call, Target target, const Geometry& geometry,
                   const std::vector<cl_event>& waits)
    : w_(w),
      call_(call),
      target_(std::move(target)),
      driver_(*target_.context->driver),
      geometry_(geometry),
      chunks_(geometry.chunks()),
      place_(target_.queue ? target_.queue->here() : Place{}),
      waits_(waits) {
  for (cl_event event : waits_) driver_.clRetainEvent(event);
}

Transfer::~Transfer() {
  for (cl_event event : waits_) driver_.clReleaseEvent(event);
  for (cl_event event : events_) driver_.clReleaseEvent(event);
}

void Transfer::start(bool reading) {
  reading_ = reading;
  held_ = true;
  if (call_.wants_reply) w_.outbox.reply(call_.sequence, CL_SUCCESS);
  if (target_.queue) {
    bool ordered = target_.queue->in_order;
    Parked* parked = w_.hold(call_, {ordered ? target_.queue.get() : nullptr, target_.event.get()});
    if (!ordered && parked->member_of == nullptr) {
      target_.queue->parked.push_back(parked);
      parked->member_of = &target_.queue->parked;
    }
  } else {
    w_.hold(call_, {target_.mem.get()});
  }
  if (target_.context->unified && geometry_.kind == kRegionBuffer && geometry_.region[0] >= kMapFrom) return map();
  for (size_t i = 0; i < std::min(kWindow, chunks_); ++i) step();
}

void Transfer::map() {
  size_t total = geometry_.region[0];
  chunks_ = (total - 1) / kMappedPiece + 1;
  cl_event event = nullptr;
  cl_int error = CL_SUCCESS;
  void* at = driver_.clEnqueueMapBuffer(target_.native, target_.mem->native, 0,
                                        reading_ ? CL_MAP_READ : CL_MAP_WRITE_INVALIDATE_REGION, geometry_.origin[0],
                                        total, static_cast<cl_uint>(waits_.size()),
                                        waits_.empty() ? nullptr : waits_.data(), &event, &error);
  if (error != CL_SUCCESS) return fail(error);
  mapped_ = static_cast<char*>(at);
  events_.push_back(event);
  trace(event);
  driver_.clFlush(target_.native);
  w_.when_complete(driver_, event, [self = shared_from_this()](int32_t ended) {
    self->w_.activity.ended(self->place_);
    if (ended < 0) return self->fail(ended);
    for (size_t i = 0; i < std::min(kMappedWindow, self->chunks_); ++i) self->move_mapped();
  });
}

void Transfer::move_mapped() {
  if (next_ == chunks_) return;
  uint64_t at = next_++ * kMappedPiece;
  uint64_t size = std::min(kMappedPiece, geometry_.region[0] - at);
  auto then = [self = shared_from_this()] {
    if (++self->done_ == self->chunks_) return self->unmap();
    self->move_mapped();
  };
  if (reading_) {
    w_.bulk->send({call_.sequence, at, size}, mapped_ + at, then);
  } else {
    w_.bulk->expect(call_.sequence, at, size, mapped_ + at, then);
    ask_for(at, size);
  }
}

void Transfer::unmap() {
  cl_event event = nullptr;
  int32_t error = driver_.clEnqueueUnmapMemObject(target_.native, target_.mem->native, mapped_, 0, nullptr, &event);
  if (error != CL_SUCCESS) return fail(error);
  driver_.clFlush(target_.native);
  trace(event);
  if (reading_) tell_read(event);
  if (target_.blocking) {
    w_.when_complete(driver_, event, [self = shared_from_this()](int32_t ended) { self->tell_done(ended); });
  } else {
    tell_done(CL_SUCCESS);
  }
  if (!target_.queue) {
    events_.push_back(event);
    w_.when_complete(driver_, event, [self = shared_from_this()](int32_t) { self->release_hold(); });
    return;
  }
  if (target_.event) {
    give_event(event);
  } else {
    events_.push_back(event);
  }
  release_hold();
}

void Transfer::step() {
  if (next_ == chunks_ || error_ != CL_SUCCESS) return;
  size_t i = next_++;
  w_.staging.take([self = shared_from_this(), i](char* chunk) {
    if (self->reading_) {
      self->issue_read(i, chunk);
    } else {
      self->pull(i, chunk);
    }
  });
}

void Transfer::issue_read(size_t i, char* chunk) {
  if (error_ != CL_SUCCESS) return w_.staging.give_back(chunk);
  cl_event event = nullptr;
  const Chunk c = geometry_.chunk(i);
  int32_t status =
      geometry_.read(driver_, target_.native, native(target_.mem.get()), false, c, chunk,
                     static_cast<cl_uint>(waits_.size()), waits_.empty() ? nullptr : waits_.data(), &event);
  if (status != CL_SUCCESS) {
    w_.staging.give_back(chunk);
    return fail(status);
  }
  w_.when_complete(driver_, event, [self = shared_from_this(), i, chunk](int32_t ended) {
    self->w_.activity.ended(self->place_);
    if (ended < 0) {
      self->w_.staging.give_back(chunk);
      return self->fail(ended);
    }
    const Chunk done = self->geometry_.chunk(i);
    self->w_.bulk->send({self->call_.sequence, done.offset, done.size}, chunk, [self, chunk] {
      self->w_.staging.give_back(chunk);
      self->chunk_done();
    });
  });
  issued(event);
}

void Transfer::pull(size_t i, char* chunk) {
  const Chunk c = geometry_.chunk(i);
  w_.bulk->expect(call_.sequence, c.offset, c.size, chunk,
                  [self = shared_from_this(), i, chunk] { self->issue_write(i, chunk); });
  ask_for(c.offset, c.size);
}

void Transfer::ask_for(uint64_t offset, uint64_t length) {
  // What is still to be read into these bytes comes first, but what is put aside this write did not wait for.
  auto aside = w_.parked_reads.begin();
  auto end = w_.parked_reads.lower_bound(call_.sequence);
  auto size = static_cast<size_t>(std::distance(aside, end));
  w_.outbox.add(wire::Notice::kPull, call_.sequence, (2 + size) * 8, [&](wire::Writer& words) {
    words.word(offset);
    words.word(length);
    for (; aside != end; ++aside) words.word(*aside);
  });
}

void Transfer::issue_write(size_t i, char* chunk) {
  if (error_ != CL_SUCCESS) return w_.staging.give_back(chunk);
  cl_event event = nullptr;
  int32_t status =
      geometry_.write(driver_, target_.native, native(target_.mem.get()), false, geometry_.chunk(i), chunk,
                      static_cast<cl_uint>(waits_.size()), waits_.empty() ? nullptr : waits_.data(), &event);
  if (status != CL_SUCCESS) {
    w_.staging.give_back(chunk);
    return fail(status);
  }
  w_.when_complete(driver_, event, [self = shared_from_this(), chunk](int32_t ended) {
    self->w_.staging.give_back(chunk);
    if (ended < 0) return self->fail(ended);
    self->chunk_done();
  });
  issued(event);
}

void Transfer::trace(cl_event event) {
  if (target_.queue && target_.queue->traced) {
    w_.device_trace.add(call_.sequence, target_.queue.get(), event, op_name(call_.opcode));
  }
}

void Transfer::issued(cl_event event) {
  events_.push_back(event);
  trace(event);
  driver_.clFlush(target_.native);
  if (++issued_ == chunks_) all_issued();
}

void Transfer::all_issued() {
  if (target_.event || reading_) {
    cl_event last = events_.back();
    if (target_.queue->in_order) {
      driver_.clRetainEvent(last);
    } else {
      int32_t status = driver_.clEnqueueMarkerWithWaitList(target_.native, static_cast<cl_uint>(events_.size()),
                                                           events_.data(), &last);
      if (status != CL_SUCCESS) return fail(status);
    }
    if (reading_) tell_read(last);
    if (target_.event) {
      give_event(last);
    } else {
      events_.push_back(last);
    }
  }
  if (!target_.blocking) tell_done(CL_SUCCESS);
  if (target_.queue) release_hold();
}

void Transfer::give_event(cl_event last) {
  target_.event->native = last;
  driver_.clRetainEvent(events_.front());
  target_.event->first = events_.front();
}

void Transfer::chunk_done() {
  ++done_;
  if (done_ == chunks_ && target_.blocking) tell_done(CL_SUCCESS);
  if (done_ == chunks_ && !target_.queue) release_hold();
  step();
}

void Transfer::fail(int32_t error) {
  if (error_ != CL_SUCCESS) return;
  error_ = error;
  if (target_.event && target_.event->native == nullptr) {
    target_.event->error = error;
    w_.report_event(*target_.event, error);
  }
  if (!target_.queue) {
    target_.mem->error = error;
  } else if (!target_.blocking || told_) {
    w_.report_failure(*target_.queue, error);
  }
  tell_done(error);
  release_hold();
}

void Transfer::tell_read(cl_event event) {
  w_.reads.add(w_, *target_.queue, call_.sequence, event, [self = shared_from_this()](int32_t status) {
    if (status < 0) return self->fail(status);
    for (cl_event piece : self->events_) {
      cl_int ended = CL_COMPLETE;
      self->driver_.clGetEventInfo(piece, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof ended, &ended, nullptr);
      if (ended < 0) return self->fail(ended);
    }
    if (std::exchange(self->told_, true)) return;
    self->w_.outbox.words(wire::Notice::kRead, self->call_.sequence, {});
  });
}

void Transfer::tell_done(int32_t status) {
  if (target_.blocking) w_.reads.tell_ended();
  if (reading_ && status == CL_SUCCESS) return;
  if (std::exchange(told_, true)) return;
  w_.outbox.words(wire::Notice::kDone, call_.sequence, {static_cast<uint64_t>(int64_t{status})});
}

void Transfer::release_hold() {
  if (!held_) return;
  held_ = false;
  w_.release(call_.parked);
}

namespace {

/// Bytes of an image's element; 0 of what is no image.
size_t pixel_of(Mem& mem) {
  if (mem.pixel == 0 && mem.native != nullptr) {
    mem.context->driver->clGetImageInfo(mem.native, CL_IMAGE_ELEMENT_SIZE, sizeof mem.pixel, &mem.pixel, nullptr);
  }
  return mem.pixel;
}

/// A region of a memory object, or of none.
Geometry parse(Worker& w, const Call& call, Mem* mem, uint32_t kind, const wire::Words& words, uint64_t total) {
  Geometry geometry;
  if (!geometry.parse(kind, words, total) || (kind == kRegionSvm) != (mem == nullptr)) {
    w.broken("a region that is none", call);
  }
  // The driver would write other bytes than were asked for.
  bool image = kind == kRegionImage && mem->error == CL_SUCCESS;
  if (image && pixel_of(*mem) != geometry.pixel) w.broken("an image's region in other units", call);
  return geometry;
}

/// A region of a memory object, or of the shared memory of the queue's context.
Geometry parse(Worker& w, const Call& call, uint64_t queue, uint64_t mem, uint32_t kind, const wire::Words& words,
               uint64_t total) {
  Geometry geometry = parse(w, call, w.get<Mem>(mem), kind, words, total);
  if (kind == kRegionSvm) {
    const Context* context = w.get<Queue>(queue)->context.get();
    geometry.slab = shared_slab(w, call, context, geometry.origin[0], geometry.region[0]);
  }
  return geometry;
}

void refuse_read(Worker& w, uint64_t sequence, int32_t error) {
  w.outbox.words(wire::Notice::kData, sequence, {static_cast<uint64_t>(int64_t{error}), 0});
}

/// Reads small enough to travel on the command stream: one native command, one notice with the bytes.
void read_inline(Worker& w, Call& call, Enqueue& scope, Mem* mem, const Geometry& geometry, uint64_t total,
                 bool blocking) {
  auto* bytes = static_cast<char*>(std::malloc(wire::padded(total)));
  std::memset(bytes + wire::padded(total) - 8, 0, 8);
  std::shared_ptr<const void> owner(bytes, std::free);
  Chunk chunk{0, total, geometry.origin, geometry.region};
  uint64_t sequence = call.sequence;
  Ref<Event> event(scope.event());
  auto answer = [&w, bytes, owner, total, sequence](int32_t status) {
    w.send_output();
    if (status >= 0) return w.outbox.data(sequence, {bytes, total}, owner);
    refuse_read(w, sequence, status);
  };
  scope.keep_event();
  scope.run([&](cl_command_queue queue, cl_uint waits, const cl_event* list, cl_event* made) {
    return geometry.read(scope.driver(), queue, native(mem), false, chunk, bytes, waits, list, made);
  });
  if (scope.error() != CL_SUCCESS) return answer(scope.error());
  const Driver& driver = scope.driver();
  cl_event made = scope.made();
  if (!blocking) {
    driver.clFlush(scope.queue()->native);
    w.reads.add(w, *scope.queue(), sequence, made, answer);
    if (!event) driver.clReleaseEvent(made);
    return;
  }
  if (event) driver.clRetainEvent(made);
  w.blocking([&driver, made] { driver.clWaitForEvents(1, &made); },
             [&w, &driver, made, answer, place = scope.queue()->here()] {
               w.activity.ended(place);
               cl_int status = CL_SUCCESS;
               driver.clGetEventInfo(made, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
               driver.clReleaseEvent(made);
               w.reads.tell_ended();
               answer(status);
             });
}

}  // namespace

void handle(Worker& w, Call& call, const msg::EnqueueRead& m) {
  Geometry geometry = parse(w, call, m.command_queue, m.mem, m.kind, m.geometry, m.total);
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  auto* mem = scope.arg<Mem>(m.mem);
  if (m.blocking != 0) scope.caller_is_told();
  if (scope.error() != CL_SUCCESS) {
    scope.finish_with(scope.error(), nullptr);
    return refuse_read(w, call.sequence, scope.error());
  }
  if (m.total <= wire::kInlineLimit) {
    read_inline(w, call, scope, mem, geometry, m.total, m.blocking != 0);
    return;
  }
  Queue* queue = scope.queue();
  std::make_shared<Transfer>(
      w, call, Transfer::Target{queue->context, queue, queue->native, mem, scope.event(), m.blocking != 0}, geometry,
      scope.waits())
      ->start_read();
  call.held = true;
}

void handle(Worker& w, Call& call, const msg::EnqueueWrite& m) {
  Geometry geometry = parse(w, call, m.command_queue, m.mem, m.kind, m.geometry, m.total);
  if (!m.payload.null() && m.payload.size() != m.total) w.broken("a payload of another size", call);
  Enqueue scope(w, call, m.command_queue, m.event_wait_list, m.event);
  auto* mem = scope.arg<Mem>(m.mem);
  if (m.blocking != 0 && (m.payload.null() || m.event != 0)) scope.caller_is_told();
  if (scope.error() != CL_SUCCESS) {
    if (m.payload.null()) {
      w.outbox.words(wire::Notice::kDone, call.sequence, {static_cast<uint64_t>(int64_t{scope.error()})});
    }
    return scope.finish_with(scope.error(), nullptr);
  }
  Queue* queue = scope.queue();
  if (m.payload.null()) {
    std::make_shared<Transfer>(
        w, call, Transfer::Target{queue->context, queue, queue->native, mem, scope.event(), m.blocking != 0}, geometry,
        scope.waits())
        ->start_write();
    call.held = true;
    return;
  }
  // The driver reads the bytes later than now, the stream's buffer is reused at once.
  const void* bytes = m.payload.data;
  auto kept = w.keep(call, &bytes, m.total);
  Chunk chunk{0, m.total, geometry.origin, geometry.region};
  scope.keep_event();
  scope.run([&](cl_command_queue native, cl_uint waits, const cl_event* list, cl_event* made) {
    return geometry.write(scope.driver(), native, opencl::native(mem), false, chunk, bytes, waits, list, made);
  });
  if (scope.error() != CL_SUCCESS) return;
  const Driver& driver = scope.driver();
  cl_event made = scope.made();
  if (scope.event() != nullptr) driver.clRetainEvent(made);
  if (m.blocking != 0) queue->context->set_fence(m.command_queue, made);
  w.keep_until(driver, made, std::move(kept), m.total);
}

void handle(Worker& w, Call& call, const msg::Upload& m) {
  if (!m.payload.null() && m.payload.size() != m.total) w.broken("a payload of another size", call);
  auto* mem = w.get<Mem>(m.mem);
  Geometry geometry = parse(w, call, mem, m.kind, m.geometry, m.total);
  Context* context = mem->context.get();
  int32_t error = mem->error;
  if (error == CL_SUCCESS && context->uploads == nullptr) {
    context->uploads = context->driver->clCreateCommandQueue(context->native, context->devices.front(), 0, &error);
  }
  if (error != CL_SUCCESS) {
    mem->error = error;
    if (call.wants_reply) w.outbox.reply(call.sequence, error);
    if (m.payload.null()) {
      w.outbox.words(wire::Notice::kDone, call.sequence, {static_cast<uint64_t>(int64_t{error})});
    }
    return;
  }
  if (m.payload.null()) {
    std::make_shared<Transfer>(w, call, Transfer::Target{context, {}, context->uploads, mem, {}}, geometry,
                               std::vector<cl_event>{})
        ->start_write();
    call.held = true;
    return;
  }
  Chunk chunk{0, m.total, geometry.origin, geometry.region};
  // Finished rather than blocking: what Intel's driver says it has written, other queues may not see yet.
  mem->error = geometry.write(*context->driver, context->uploads, mem->native, false, chunk, m.payload.data, 0, nullptr,
                              nullptr);
  int32_t finished = context->driver->clFinish(context->uploads);
  if (mem->error == CL_SUCCESS) mem->error = finished;
  if (call.wants_reply) w.outbox.reply(call.sequence, mem->error);
}

}  // namespace cenote::opencl
