// What travels on an established session, in both directions. See docs/protocol.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cenote::wire {

/// Ahead of each call on stream 0, client to worker. Calls are numbered from 1 by counting.
struct CallHeader {
  uint32_t size;  // of the whole message, this header included; a multiple of 8
  uint16_t opcode;
  uint16_t flags;
};
static_assert(sizeof(CallHeader) == 8);

inline constexpr uint16_t kWantsReply = 1;    // once it has been carried out
inline constexpr uint16_t kWantsReceipt = 2;  // the same, or as soon as it is put aside to wait for others

/// What the worker says on stream 0.
enum class Notice : uint16_t {
  kReply = 1,      // to the call `sequence`: status word, then what that call returns
  kData = 2,       // bytes of a small read: status word, then the bytes
  kPull = 3,       // send these bytes of the write `sequence` on a bulk stream: offset, length, reads to come later
  kEvents = 4,     // events that ended: words of (id, status, times…)
  kDestroyed = 5,  // ids that may be used again
  kOutput = 6,     // bytes that kernels printed
  kAck = 7,        // calls up to `sequence` have been taken off the stream
  kFailed = 8,     // what nobody waits for has failed: id of the command's queue or 0 for a kernel's argument, status
  kDone = 9,       // a bulk transfer ended: status word
  kCredit = 10,    // bytes of payloads that rode on stream 0 and are no longer held
  kTrace = 11,     // when something was done for the call `sequence`: TraceRecord, where, begin, end, name
  kRead = 12,      // the device has ended the large read `sequence`: nothing more counts before its bytes have come
  kOver = 13,      // the server takes back what it has lent, and will be gone: why, for people
};

enum class TraceRecord : uint64_t {
  kCarriedOut = 1,  // by this thread of the worker
  kRan = 2,         // on the device, from this queue
};

/// Ahead of each notice, worker to client.
struct NoticeHeader {
  uint32_t size;  // of the whole notice, this header included; a multiple of 8
  Notice kind;
  uint16_t flags;
  uint64_t sequence;
};
static_assert(sizeof(NoticeHeader) == 16);

/// Ahead of each piece of bulk data, on streams 1 and up, in both directions.
struct BulkHeader {
  uint64_t sequence;  // of the call whose bytes these are
  uint64_t offset;    // within that call's packed bytes
  uint64_t length;
};
static_assert(sizeof(BulkHeader) == 24);

inline constexpr size_t kMaxCall = size_t{256} << 20;     // sources and binaries travel as calls
inline constexpr size_t kInlineLimit = size_t{64} << 10;  // payloads up to this ride on stream 0
inline constexpr size_t kMaxPushed = size_t{32} << 20;    // such payloads held by the worker at a time
inline constexpr size_t kMaxStreams = 16;                 // of a session, besides stream 0
inline constexpr size_t kChunk = size_t{512} << 10;       // bulk transfers are cut into these

/// Of a device with so much memory, what is set aside for objects made without waiting. Both ends work it out.
constexpr size_t one_way_grant(size_t memory) { return std::min(size_t{64} << 20, memory / 16); }

/// An object's id: type in the top byte, then generation (24 bits), then slot (32 bits). 0 is NULL.
constexpr uint64_t make_id(uint8_t type, uint32_t generation, uint32_t slot) {
  return uint64_t{type} << 56 | uint64_t{generation & 0xffffff} << 32 | slot;
}
constexpr uint8_t id_type(uint64_t id) { return static_cast<uint8_t>(id >> 56); }
constexpr uint32_t id_generation(uint64_t id) { return (id >> 32) & 0xffffff; }
constexpr uint32_t id_slot(uint64_t id) { return static_cast<uint32_t>(id); }

}  // namespace cenote::wire
