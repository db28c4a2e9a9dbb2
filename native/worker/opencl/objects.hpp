// What the worker knows of each OpenCL object. Destructors release the driver's object.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/opencl_driver.hpp"
#include "worker/object.hpp"
#include "worker/quota.hpp"

namespace cenote::opencl {

using worker::Ref;

class SharedMemory;
class Activity;
struct Slab;

struct Platform : worker::Object {
  static constexpr Type kType = Type::kPlatform;
  cl_platform_id native = nullptr;
  Driver driver;
};

struct Device : worker::Object {
  static constexpr Type kType = Type::kDevice;
  cl_device_id native = nullptr;
  Platform* platform = nullptr;
  uint32_t index = 0;  // of the whole device in the inventory
  uint64_t share = 0;  // bytes of its memory that are lent
  bool sub_device = false;
  std::map<std::pair<uint64_t, uint32_t>, cl_device_id> parts;  // made but without an id, by partition and place
  ~Device() override;
};

struct Context : worker::Object {
  static constexpr Type kType = Type::kContext;
  cl_context native = nullptr;
  const Driver* driver = nullptr;
  std::vector<cl_device_id> devices;
  std::vector<uint32_t> memory;          // indexes of the whole devices whose memory its objects take
  bool unified = false;                  // all devices share the host's memory: a map is no copy
  cl_command_queue uploads = nullptr;    // for first contents, made when needed
  std::unique_ptr<SharedMemory> shared;  // made at the first slab
  /// The latest blocking write of each queue that the client did not wait for: to all that comes after it, in any
  /// queue, it has ended.
  struct Fence {
    uint64_t queue;
    cl_event event;
  };
  std::vector<Fence> fences;
  void set_fence(uint64_t queue, cl_event event);
  Context();
  ~Context() override;
};

/// A point in a queue whose commands end in order: how many that take the device's time come before it.
struct Place {
  uint64_t queue = 0;  // its id; 0 for none
  uint64_t commands = 0;
};

struct Queue : worker::Object {
  static constexpr Type kType = Type::kQueue;
  cl_command_queue native = nullptr;
  Ref<Context> context;
  cl_device_id device = nullptr;
  uint32_t index = 0;            // of the whole device
  uint64_t commands = 0;         // that take its time
  Activity* activity = nullptr;  // where it is listed while these have not ended
  uint64_t busy_since = 0;
  bool probed = false;
  bool in_order = true;
  bool profiling = false;
  bool traced = false;                  // its commands are recorded for the client
  int64_t clock_lag = 0;                // then, of its device's clock behind the worker's
  std::vector<worker::Parked*> parked;  // of an out-of-order queue: what its next barrier waits for
  [[nodiscard]] Place here() const { return {in_order ? id : 0, commands}; }
  ~Queue() override;
};

struct Mem : worker::Object {
  static constexpr Type kType = Type::kMem;
  cl_mem native = nullptr;
  Ref<Context> context;
  std::shared_ptr<const Slab> slab;  // of shared memory that it lies in
  size_t pixel = 0;                  // bytes of an image's element, once asked for
  worker::Quota* quota = nullptr;    // where its memory is charged
  worker::Charge charge;
  bool driver_tells_end = false;
  ~Mem() override;
};

struct Sampler : worker::Object {
  static constexpr Type kType = Type::kSampler;
  cl_sampler native = nullptr;
  Ref<Context> context;
  ~Sampler() override;
};

struct Program : worker::Object {
  static constexpr Type kType = Type::kProgram;
  cl_program native = nullptr;
  Ref<Context> context;
  std::string source;  // as the client gave it
  std::string given;   // to the driver
  ~Program() override;
};

struct Kernel : worker::Object {
  static constexpr Type kType = Type::kKernel;
  cl_kernel native = nullptr;
  Ref<Program> program;
  std::string name;
  /// What was last set, so that a parked launch can have a kernel of its own with these arguments.
  struct Argument {
    uint32_t kind = 0;
    size_t size = 0;
    uint64_t object = 0;
    std::vector<char> value;
  };
  std::map<uint32_t, Argument> arguments;
  std::map<uint32_t, uint64_t> parked_arguments;  // objects that parked calls will set, by index
  std::map<uint32_t, int32_t> refused;            // why arguments were refused that nobody waited for, by index
  std::map<uint32_t, std::vector<char>> exec_info;
  [[nodiscard]] int32_t launch_error() const { return refused.empty() ? error : refused.begin()->second; }
  ~Kernel() override;
  /// The objects that a launch made now will reach, by index.
  [[nodiscard]] std::map<uint32_t, uint64_t> argument_objects() const;
};

struct Event : worker::Object {
  static constexpr Type kType = Type::kEvent;
  cl_event native = nullptr;
  cl_event first = nullptr;  // where the driver has several commands for one, and `native` is the last one's
  const Driver* driver = nullptr;
  Ref<Context> context;
  uint32_t device = 0;  // index of the whole device that the command is for
  Place place;
  bool user = false;
  bool profiling = false;
  cl_ulong queued = 0;             // when a parked command came, by the device's clock; 0 if the driver knows
  worker::Parked* gate = nullptr;  // of an unset user event
  /// The driver's event that knows this time of the command's.
  [[nodiscard]] cl_event timed(cl_profiling_info param) const {
    return first == nullptr || param >= CL_PROFILING_COMMAND_END ? native : first;
  }
  ~Event() override;
};

struct CommandBuffer : worker::Object {
  static constexpr Type kType = Type::kCommandBuffer;
  cl_command_buffer_khr native = nullptr;
  Ref<Queue> queue;
  const Driver* driver = nullptr;
  std::vector<cl_sync_point_khr> sync_points;  // of the recorded commands, in order
  ~CommandBuffer() override;
};

template <class T>
auto native(T* object) {
  return object == nullptr ? nullptr : object->native;
}

}  // namespace cenote::opencl
