// Reads and writes of regions: the one way that bytes of memory objects travel.
#pragma once

#include "shim/opencl/stub.hpp"
#include "shim/region.hpp"
#include "wire/opencl_queries.hpp"

namespace cenote::opencl {

/// A region of a memory object (none for shared memory) as messages name it, and its place in the program's memory.
struct Span {
  Mem* mem;
  RegionKind kind;
  std::array<uint64_t, 8> geometry;
  size_t words;
  shim::Region host;

  static Span buffer(Mem* mem, size_t offset, size_t size, const void* at);
  static Span image(Mem* mem, const size_t* origin, const size_t* region, size_t row_pitch, size_t slice_pitch,
                    const void* at);
};

/// What every transfer command has besides.
struct Command {
  Queue* queue;
  bool blocking;
  cl_uint waits;
  const cl_event* wait_list;
  cl_event* event;
  cl_command_type type;
  Object* keep = nullptr;  // owns the memory that the bytes come from or go to
};

/// For a call that blocks: waits for its command. Where the call fails, the program gets no event.
cl_int wait_for(cl_event* event);
cl_int read_span(const Span& span, const Command& command);
cl_int write_span(const Span& span, const Command& command);
/// A command that moves no bytes. Without an event or a wait list it could not be told from no command at all.
cl_int no_transfer(const Command& command);
/// First contents of a new object; the bytes have left `span.host` when it returns.
cl_int upload_span(const Span& span);

}  // namespace cenote::opencl
