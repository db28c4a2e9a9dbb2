#include "shim/opencl/transfer.hpp"

#include <cstring>

#include "shim/opencl/mem_state.hpp"
#include "shim/opencl/server.hpp"
#include "shim/opencl/svm.hpp"

namespace cenote::opencl {

namespace {

/// The bytes of a region in one piece: in place where there are no gaps.
class Packed {
 public:
  explicit Packed(const shim::Region& region) : size_(region.total()) {
    shim::Region::Run run = region.run(0);
    if (run.size >= size_) {
      data_ = run.at;
      return;
    }
    copy_.resize(size_);
    for (uint64_t at = 0; at < size_;) {
      run = region.run(at);
      uint64_t n = std::min(run.size, size_ - at);
      std::memcpy(copy_.data() + at, run.at, n);
      at += n;
    }
    data_ = copy_.data();
  }
  [[nodiscard]] wire::Blob blob() const { return {data_, size_}; }

 private:
  uint64_t size_;
  const char* data_ = nullptr;
  std::vector<char> copy_;
};

/// A transfer whose end the session reports: completes its event, counts for its queue, wakes who waits for it.
struct Ending {
  Queue* queue;
  Event* event;
  bool blocking;
  bool done = false;
  cl_int status = CL_SUCCESS;
};

/// With the session's locks held. The queue, the event and what the command keeps stay until the end.
void expect(Session* session, uint64_t sequence, const shim::Region& host, const Command& command, Event* event,
            Ending* ending, bool reading) {
  Queue* queue = command.queue;
  Object* keep = command.keep;
  bool blocking = command.blocking;
  if (keep != nullptr) add_reference(keep);
  add_reference(queue);
  if (event != nullptr) add_reference(event);
  if (!blocking) session->begin_async();
  session->expect_transfer(
      sequence, host,
      [=](int32_t status) {
        if (event != nullptr && event->local) complete_event(event, status);
        if (ending != nullptr) {
          ending->status = status;
          ending->done = true;
        }
        if (!blocking) session->end_async();
        session->later([queue, event, keep] {
          if (keep != nullptr) drop_reference(keep);
          if (event != nullptr) drop_reference(event);
          drop_reference(queue);
        });
      },
      reading);
}

template <class M>
void fill(M& m, const Span& span, const Command& command, const IdList<Event>& waits) {
  m.command_queue = command.queue->id;
  m.mem = id_of(span.mem);
  m.kind = span.kind;
  m.blocking = command.blocking ? 1 : 0;
  m.geometry = {span.geometry.data(), span.words};
  m.total = span.host.total();
  m.event_wait_list = waits.words();
}

/// Sends a transfer and, where it blocks, waits for its end.
template <class M>
cl_int start(M& m, const Span& span, const Command& command, Event* made) {
  Session* session = command.queue->session;
  Ending ending{command.queue, made, command.blocking};
  m.event = id_of(made);
  auto [sequence, status] = session->deliver(m, [&](uint64_t s) {
    expect(session, s, span.host, command, made, command.blocking ? &ending : nullptr,
           std::is_same_v<M, msg::EnqueueRead>);
    if (made != nullptr) made->sequence = s;
    if (command.blocking && session->trace != nullptr) session->trace->will_wait(s);
  });
  if (sequence == 0 || (status != CL_SUCCESS && !command.blocking)) {
    if (made != nullptr) drop_reference(made);
    return status;
  }
  command.queue->last_sequence.store(sequence);
  if (command.event != nullptr) *command.event = reinterpret_cast<cl_event>(made);
  if (!command.blocking) {
    session->flush_soon();
    return CL_SUCCESS;
  }
  session->flush();
  session->wait([&] { return ending.done; });
  if (session->trace != nullptr) session->trace->replied(sequence);
  sync_shared(command.queue->context, command.queue, sequence, false);
  cl_int outcome = ending.status == CL_SUCCESS ? command.queue->tell() : ending.status;
  if (outcome != CL_SUCCESS && command.event != nullptr) {
    *command.event = nullptr;
    drop_reference(made);
  }
  return outcome;
}

}  // namespace

Span Span::buffer(Mem* mem, size_t offset, size_t size, const void* at) {
  return {mem, kRegionBuffer, {offset, size}, 2, shim::Region::plain(at, size)};
}

Span Span::image(Mem* mem, const size_t* origin, const size_t* region, size_t row_pitch, size_t slice_pitch,
                 const void* at) {
  size_t pixel = state_of(mem).pixel;
  size_t row = region[0] * pixel;
  // In a 1D array the second coordinate counts layers, which the slice pitch separates.
  size_t line = mem->object_type == CL_MEM_OBJECT_IMAGE1D_ARRAY && slice_pitch != 0 ? slice_pitch : row_pitch;
  shim::Region host{static_cast<char*>(const_cast<void*>(at)), row, region[1], region[2], line == 0 ? row : line, 0};
  host.slice_pitch = slice_pitch == 0 ? host.row_pitch * region[1] : slice_pitch;
  return {mem, kRegionImage, {origin[0], origin[1], origin[2], region[0], region[1], region[2], pixel}, 7, host};
}

cl_int wait_for(cl_event* event) {
  cl_int status = ::clWaitForEvents(1, event);
  cl_int ended = as<Event>(*event)->status.load();
  if (ended < 0) status = ended;
  if (status == CL_SUCCESS) return status;
  ::clReleaseEvent(*event);
  *event = nullptr;
  return status;
}

cl_int read_span(const Span& span, const Command& command) {
  Event* made = nullptr;
  if (command.event != nullptr) {
    made = make_event(command.queue, command.type);
    if (made == nullptr) return CL_OUT_OF_HOST_MEMORY;
    made->local = true;
  }
  IdList<Event> waits(command.waits, command.wait_list);
  msg::EnqueueRead m;
  fill(m, span, command, waits);
  return start(m, span, command, made);
}

cl_int write_span(const Span& span, const Command& command) {
  if (command.blocking && !command.queue->in_order() && command.event == nullptr) {
    // Nothing orders what comes next behind this write, so it must have ended when the call returns.
    cl_event own = nullptr;
    Command waited = command;
    waited.event = &own;
    cl_int status = write_span(span, waited);
    if (own != nullptr) release<Event>(own, CL_INVALID_EVENT);
    return status;
  }
  Session* session = command.queue->session;
  Event* made = nullptr;
  if (command.event != nullptr) {
    made = make_event(command.queue, command.type);
    if (made == nullptr) return CL_OUT_OF_HOST_MEMORY;
  }
  IdList<Event> waits(command.waits, command.wait_list);
  msg::EnqueueWrite m;
  fill(m, span, command, waits);
  // The API reads the bytes when the command runs: they may leave now only if nothing can change them until then.
  bool fixed = command.queue->context->unset_user_events.load() == 0 && !session->may_write(span.host);
  bool push = fixed && span.host.total() <= wire::kInlineLimit && session->take_push(span.host.total());
  if (!push) return start(m, span, command, made);
  Packed packed(span.host);
  m.payload = packed.blob();
  m.event = id_of(made);
  auto [sequence, status] = session->deliver(m);
  if (status != CL_SUCCESS) {
    if (made != nullptr) drop_reference(made);
    return status;
  }
  command.queue->last_sequence.store(sequence);
  if (made != nullptr) {
    made->sequence = sequence;
    *command.event = reinterpret_cast<cl_event>(made);
  }
  if (!command.blocking) {
    session->flush_soon();
    return CL_SUCCESS;
  }
  // The bytes are ours already; who asked for an event of a blocking write expects it to have ended.
  session->flush();
  if (made != nullptr) return wait_for(command.event);
  // Nor need anyone know when it ends, unless what ran before it changes memory that the program sees.
  if (shared_in_use.load() != 0 || session->receiving())
    return ::clFinish(reinterpret_cast<cl_command_queue>(command.queue));
  return CL_SUCCESS;
}

cl_int no_transfer(const Command& command) {
  if (!command.blocking && command.event == nullptr && command.waits == 0) return CL_SUCCESS;
  IdList<Event> waits(command.waits, command.wait_list);
  msg::EnqueueNothing m;
  m.command_queue = command.queue->id;
  m.event_wait_list = waits.words();
  cl_event own = nullptr;
  cl_event* event = command.event != nullptr ? command.event : command.blocking ? &own : nullptr;
  if (cl_int bad = enqueue(command.queue, m, &m.event, event, command.type); bad != CL_SUCCESS) return bad;
  if (!command.blocking) return CL_SUCCESS;
  cl_int status = wait_for(event);
  if (own != nullptr) ::clReleaseEvent(own);
  return status;
}

cl_int upload_span(const Span& span) {
  Session* session = span.mem->session;
  msg::Upload m;
  m.mem = span.mem->id;
  m.kind = span.kind;
  m.geometry = {span.geometry.data(), span.words};
  m.total = span.host.total();
  if (m.total <= wire::kInlineLimit) {
    Packed packed(span.host);
    m.payload = packed.blob();
    return session->deliver(m).status;
  }
  bool done = false;
  int32_t outcome = CL_SUCCESS;
  uint64_t sequence = session->post_expecting(m, 0, [&](uint64_t s) {
    session->expect_transfer(
        s, span.host,
        [&](int32_t status) {
          outcome = status;
          done = true;
        },
        false);
  });
  if (sequence == 0) return session->lost_status();
  session->flush();
  session->wait([&] { return done; });
  return outcome;
}

}  // namespace cenote::opencl
