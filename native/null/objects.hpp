// The objects behind the handles.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api/opencl_api.hpp"
#include "null/kernel_text.hpp"
#include "null/pool.hpp"

namespace cenote::null {

extern const opencl::DispatchTable kDispatchTable;

/// What every object begins with.
struct Object {
  const opencl::DispatchTable* dispatch = &kDispatchTable;
};

/// A function of the program to be called with one object when something has happened to it.
template <class T>
struct Notify {
  void (*function)(T, void*);
  void* user_data;
};

/// A callback for one execution status of an event.
struct EventNotify {
  void (*function)(cl_event, cl_int, void*);
  void* user_data;
  cl_int status;
};

}  // namespace cenote::null

struct _cl_platform_id : cenote::null::Object {};

struct _cl_device_id : cenote::null::Object {
  cl_uint index = 0;
  cl_uint compute_units = 64;
  cenote::null::Ref<_cl_device_id> parent;
  std::vector<cl_device_partition_property> partition;
  std::atomic<uint64_t> memory_in_use{0};

  _cl_device_id* root() { return parent ? parent->root() : this; }
};

struct _cl_context : cenote::null::Object {
  std::vector<cenote::null::Ref<_cl_device_id>> devices;
  std::vector<cl_context_properties> properties;
  std::mutex mutex;
  std::vector<cenote::null::Notify<cl_context>> on_destroy;

  ~_cl_context();
  bool has(cl_device_id device) const;
};

struct _cl_command_queue : cenote::null::Object {
  cenote::null::Ref<_cl_context> context;
  cenote::null::Ref<_cl_device_id> device;
  cl_command_queue_properties flags = 0;
  std::vector<cl_queue_properties> properties;

  std::atomic<uint32_t> unfinished_count{0};
  // Guarded by the mutex of all commands:
  std::vector<cenote::null::Ref<_cl_event>> unfinished;
  cenote::null::Ref<_cl_event> barrier;

  bool in_order() const { return (flags & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0; }
  bool profiles() const { return (flags & CL_QUEUE_PROFILING_ENABLE) != 0; }
};

struct _cl_event : cenote::null::Object {
  cenote::null::Ref<_cl_context> context;
  cenote::null::Ref<_cl_command_queue> queue;  // none for user events
  cl_command_type type = 0;
  std::atomic<cl_int> status{CL_COMPLETE};
  cl_ulong queued = 0;
  cl_ulong ended = 0;

  // Guarded by the mutex of all commands:
  struct Follower {
    cenote::null::Ref<_cl_event> event;
    bool shares_failure;
  };
  std::vector<Follower> followers;
  std::vector<cenote::null::EventNotify> notifies;
  std::function<void()> action;
  uint32_t waits_for = 0;
  bool waited_in_vain = false;
};

struct _cl_mem : cenote::null::Object {
  cenote::null::Ref<_cl_context> context;
  cenote::null::Ref<_cl_mem> parent;
  cl_mem_object_type type = CL_MEM_OBJECT_BUFFER;
  cl_mem_flags flags = 0;
  size_t size = 0;
  size_t offset = 0;
  void* host_ptr = nullptr;
  std::vector<cl_mem_properties> properties;
  cl_image_format format{};
  cl_image_desc image{};  // with the pitches that hold inside
  size_t element_size = 1;
  cl_uint packet_size = 0;
  cl_uint max_packets = 0;
  std::atomic<uint32_t> maps{0};
  uint64_t charged = 0;
  std::mutex mutex;
  std::vector<cenote::null::Notify<cl_mem>> on_destroy;

  ~_cl_mem();
  /// The object's bytes, made when they are first needed.
  std::byte* bytes();

 private:
  std::byte* own_bytes_ = nullptr;
};

struct _cl_sampler : cenote::null::Object {
  cenote::null::Ref<_cl_context> context;
  cl_bool normalized = CL_TRUE;
  cl_addressing_mode addressing = CL_ADDRESS_CLAMP;
  cl_filter_mode filter = CL_FILTER_NEAREST;
  std::vector<cl_sampler_properties> properties;
};

struct _cl_program : cenote::null::Object {
  cenote::null::Ref<_cl_context> context;
  std::vector<cenote::null::Ref<_cl_device_id>> devices;
  std::string source;
  std::string il;
  std::mutex mutex;
  // Guarded by the mutex:
  std::string options;
  std::vector<cenote::null::KernelText> kernels;
  cl_build_status status = CL_BUILD_NONE;
  cl_program_binary_type binary_type = CL_PROGRAM_BINARY_TYPE_NONE;
  std::vector<cenote::null::Notify<cl_program>> on_destroy;

  ~_cl_program();
};

struct _cl_kernel : cenote::null::Object {
  cenote::null::Ref<_cl_program> program;
  cenote::null::KernelText text;
  std::mutex mutex;
  std::vector<bool> is_set;
  std::map<cl_uint, size_t> local_sizes;  // bytes of local memory by parameter
};
