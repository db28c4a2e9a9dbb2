// Large reads and writes: cut into chunks that flow through staging memory, so that the device's copies and the network
// overlap. One object for each call; it lives until its last chunk is done.
#pragma once

#include <memory>
#include <vector>

#include "worker/opencl/geometry.hpp"
#include "worker/opencl/plain.hpp"

namespace cenote::opencl {

class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  struct Target {
    Ref<Context> context;
    Ref<Queue> queue;  // none for an upload
    cl_command_queue native;
    Ref<Mem> mem;
    Ref<Event> event;
    bool blocking = false;  // the client waits, for the end of a write rather than for its bytes to have been taken
  };
  Transfer(Worker& w, const Call& call, Target target, const Geometry& geometry, const std::vector<cl_event>& waits);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Device to client. Later calls on the queue come after.
  void start_read() { start(true); }
  /// Client to device, by pulling.
  void start_write() { start(false); }

 private:
  static constexpr size_t kWindow = 4;  // chunks under way at a time
  // Where a map is no copy, the network reads and writes the device's memory itself, in larger pieces.
  static constexpr size_t kMapFrom = size_t{256} << 10;
  static constexpr size_t kMappedPiece = size_t{2} << 20;
  static constexpr size_t kMappedWindow = 8;

  void start(bool reading);
  void step();
  void issue_read(size_t i, char* chunk);
  void pull(size_t i, char* chunk);
  void ask_for(uint64_t offset, uint64_t length);
  void issue_write(size_t i, char* chunk);
  void trace(cl_event event);
  void issued(cl_event event);
  void all_issued();
  void give_event(cl_event last);
  void chunk_done();
  void map();
  void move_mapped();
  void unmap();
  void tell_done(int32_t status);
  void tell_read(cl_event event);
  void fail(int32_t error);
  void release_hold();

  Worker& w_;
  Call call_;
  Target target_;
  const Driver& driver_;
  Geometry geometry_;
  size_t chunks_;
  Place place_;
  std::vector<cl_event> waits_;
  std::vector<cl_event> events_;
  bool reading_ = false;
  bool held_ = false;
  bool told_ = false;  // how it ended
  char* mapped_ = nullptr;
  size_t next_ = 0;
  size_t issued_ = 0;
  size_t done_ = 0;
  int32_t error_ = CL_SUCCESS;
};

}  // namespace cenote::opencl
