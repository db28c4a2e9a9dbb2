// What the shim knows of each OpenCL object. A handle is the object's address; see shim/arena.hpp.
//
// `references` counts the program's own references as one, and one for each object made from this one; the server hears
// of an object's end when it reaches zero, so that a context, say, can still be asked for through its last buffer.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/opencl_api.hpp"
#include "shim/arena.hpp"
#include "shim/opencl/properties.hpp"
#include "shim/session.hpp"

namespace cenote::opencl {

using shim::Object;
using shim::Session;

struct Device;
struct ProgramInfo;
struct KernelInfo;
struct MemState;
struct MapState;
struct SharedUse;
struct Allocation;

struct Event;

struct Platform : Object {
  static constexpr Type kType = Type::kPlatform;
  Properties properties;
  std::vector<Device*> devices;
};

struct Device : Object {
  static constexpr Type kType = Type::kDevice;
  Platform* platform = nullptr;
  Device* parent = nullptr;  // of a sub-device
  uint32_t index = 0;        // in the reply to Hello
  Properties properties;
  std::vector<cl_device_partition_property> partition;  // how a sub-device was made

  template <class T>
  [[nodiscard]] T number(cl_uint param) const {
    return properties.number<T>(param);
  }
  /// Whether the device's version is this or a later one.
  [[nodiscard]] bool at_least(unsigned major, unsigned minor) const;
};

struct DestructorCallback {
  void (*function)(void* handle, void* data);
  void* data;
};

struct Context : Object {
  static constexpr Type kType = Type::kContext;
  std::vector<Device*> devices;
  std::vector<cl_context_properties> properties;
  std::vector<DestructorCallback> destructors;
  std::atomic<int> unset_user_events{0};
  std::mutex defaults_lock;
  std::map<const Device*, void*> default_queues;  // for kernels that enqueue; handles, which the program may release
  std::mutex formats_lock;
  std::map<std::pair<cl_mem_flags, cl_mem_object_type>, std::vector<cl_image_format>> formats;  // asked for so far

  [[nodiscard]] bool has(const Device* device) const;
};

struct Queue : Object {
  static constexpr Type kType = Type::kQueue;
  Context* context = nullptr;
  Device* device = nullptr;
  cl_command_queue_properties flags = 0;
  cl_uint size = 0;  // of an on-device queue
  std::vector<cl_queue_properties> properties;
  bool created_with_properties = false;
  std::atomic<uint64_t> last_sequence{0};  // of the latest command
  std::atomic<uint64_t> done_sequence{0};  // all commands up to here have ended (in-order queues)
  std::atomic<bool> failed{false};         // a command whose call had returned; not told yet

  /// For a call that waits for the queue: tells once of what has failed.
  [[nodiscard]] cl_int tell() { return failed.exchange(false) ? CL_OUT_OF_RESOURCES : CL_SUCCESS; }

  [[nodiscard]] bool on_device() const { return (flags & CL_QUEUE_ON_DEVICE) != 0; }
  [[nodiscard]] bool in_order() const { return (flags & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0; }
  [[nodiscard]] bool profiling() const { return (flags & CL_QUEUE_PROFILING_ENABLE) != 0; }
};

struct Mem : Object {
  static constexpr Type kType = Type::kMem;
  Context* context = nullptr;
  Mem* parent = nullptr;  // of a sub-buffer, or of an image made from a buffer or image
  cl_mem_object_type object_type = 0;
  cl_mem_flags flags = 0;
  size_t size = 0;
  size_t offset = 0;  // of a sub-buffer
  void* host_pointer = nullptr;
  bool granted = false;  // made without waiting, from the session's grant
  std::vector<cl_mem_properties> properties;
  std::unique_ptr<MemState> state;  // images, maps, destructor callbacks

  Mem();
  ~Mem();
  [[nodiscard]] Mem* root() { return parent != nullptr && object_type == CL_MEM_OBJECT_BUFFER ? parent->root() : this; }
};

struct Sampler : Object {
  static constexpr Type kType = Type::kSampler;
  Context* context = nullptr;
  cl_bool normalized = 0;
  cl_addressing_mode addressing = 0;
  cl_filter_mode filter = 0;
  std::vector<cl_sampler_properties> properties;
};

struct Program : Object {
  static constexpr Type kType = Type::kProgram;
  Context* context = nullptr;
  std::vector<Device*> devices;
  std::shared_ptr<ProgramInfo> info;
  std::mutex lock;
  std::atomic<uint32_t> callbacks{0};  // still to be run; each holds one of `references`

  Program();
  ~Program();
};

/// Arguments that were refused after their calls had returned. It is not known which: all are then sent when set anew.
inline std::atomic<uint32_t> refused_arguments{0};

struct Kernel : Object {
  static constexpr Type kType = Type::kKernel;
  Context* context = nullptr;
  Program* program = nullptr;
  std::shared_ptr<const KernelInfo> info;
  /// What the server's kernel has as an argument; setting the same again needs no call.
  struct Argument {
    bool set = false;
    uint32_t refused_before = 0;  // how many arguments, when it was sent
    uint32_t kind = 0;
    uint64_t object = 0;
    size_t size = 0;
    std::string value;
  };
  std::vector<Argument> arguments;
  std::mutex lock;
  std::shared_ptr<SharedUse> shared;  // of kernels that were given pointers

  Kernel();
  ~Kernel();
};

struct EventCallback {
  cl_int status;
  void(CL_CALLBACK* function)(cl_event, cl_int, void*);
  void* data;
};

struct Event : Object {
  static constexpr Type kType = Type::kEvent;
  Context* context = nullptr;
  Queue* queue = nullptr;  // none for a user event
  cl_command_type command = 0;
  uint64_t sequence = 0;
  std::atomic<cl_int> status{CL_QUEUED};  // only ever decreases; changes under the session's state lock
  bool subscribed = false;
  bool local = false;  // ends by something that the shim itself sees (a read's data, a user's status)
  cl_ulong times[4] = {0, 0, 0, 0};
  bool has_times = false;
  std::vector<EventCallback> callbacks;

  [[nodiscard]] bool ended() const { return status.load() <= CL_COMPLETE; }
};

struct CommandBuffer : Object {
  static constexpr Type kType = Type::kCommandBuffer;
  std::vector<Queue*> queues;
  std::vector<cl_command_buffer_properties_khr> properties;
  cl_command_buffer_state_khr state = 0;
  cl_uint recorded = 0;                             // commands, whose sync points are numbered from 1
  std::vector<std::shared_ptr<Allocation>> shared;  // what its kernels may reach
  std::mutex lock;
};

inline void add_reference(Object* object) { object->references.fetch_add(1, std::memory_order_relaxed); }
/// Gives up one of `references`; the last one ends the object here and on the server.
void drop_reference(Object* object);

template <class T>
cl_int retain(const void* handle, cl_int invalid) {
  T* object = shim::as<T>(handle);
  if (object == nullptr) return invalid;
  object->user_references.fetch_add(1, std::memory_order_relaxed);
  return CL_SUCCESS;
}

template <class T>
cl_int release(const void* handle, cl_int invalid) {
  T* object = shim::as<T>(handle);
  if (object == nullptr) return invalid;
  uint32_t count = object->user_references.load();
  do {
    if (count == 0) return invalid;
  } while (!object->user_references.compare_exchange_weak(count, count - 1));
  if (count == 1) drop_reference(object);
  return CL_SUCCESS;
}

}  // namespace cenote::opencl
