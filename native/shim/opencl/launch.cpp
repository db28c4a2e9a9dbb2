// Launches: what is wrong with one is said at the call.
#include "shim/opencl/launch.hpp"

#include <array>
#include <cstring>
#include <limits>

#include "shim/opencl/ask.hpp"
#include "shim/opencl/program_info.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

/// What a device and the build for it say about the work-groups of a kernel.
struct Groups {
  size_t most = 0;                          // work-items in one
  std::array<size_t, 3> required{0, 0, 0};  // by the kernel's source; zeros where it says nothing
};

/// Whether work-groups need not divide the range.
enum class Uneven { kNever, kAlways, kUnknown };

bool has(const std::string& options, std::string_view option) { return options.find(option) != std::string::npos; }

size_t index_of(const Device* device, const Program* program) {
  const auto& devices = program->devices;
  return static_cast<size_t>(std::find(devices.begin(), devices.end(), device) - devices.begin());
}

Groups groups_of(const Device* device, const Kernel* kernel) {
  Groups groups;
  groups.most = device->number<size_t>(CL_DEVICE_MAX_WORK_GROUP_SIZE);
  size_t index = index_of(device, kernel->program);
  if (index < kernel->info->work_group.size()) {
    const auto& answers = kernel->info->work_group[index];
    if (answers[0].size() == sizeof groups.most) std::memcpy(&groups.most, answers[0].data(), sizeof groups.most);
    if (answers[1].size() == sizeof groups.required) {
      std::memcpy(groups.required.data(), answers[1].data(), sizeof groups.required);
    }
  }
  return groups;
}

Uneven uneven_groups(const Device* device, const Kernel* kernel) {
  // Every device of version 2 has uneven groups; since 3.0 it says so.
  bool says = device->properties.get(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT) != nullptr;
  bool able = says ? device->number<cl_bool>(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT) != 0 : device->at_least(2, 0);
  const Program* program = kernel->program;
  size_t index = index_of(device, program);
  if (!able || index >= program->info->builds.size()) return Uneven::kNever;
  const std::string& options = program->info->builds[index].options;
  if (has(options, "-cl-uniform-work-group-size")) return Uneven::kNever;
  // Of binaries, and of what was linked, only the driver knows how they were compiled.
  if (program->info->source.empty()) return Uneven::kUnknown;
  bool newer = has(options, "-cl-std=CL2") || has(options, "-cl-std=CL3") || has(options, "-cl-std=CLC++");
  return newer ? Uneven::kAlways : Uneven::kNever;
}

bool divides(cl_uint dimensions, const size_t* global, const size_t* local) {
  for (cl_uint i = 0; i < dimensions; ++i) {
    if (global[i] % local[i] != 0) return false;
  }
  return true;
}

cl_int check_range(const Device* device, cl_uint dimensions, const size_t* offset, const size_t* global) {
  auto empty = [&] { return device->at_least(2, 1) ? CL_SUCCESS : CL_INVALID_GLOBAL_WORK_SIZE; };
  if (global == nullptr) return empty();
  size_t most = device->number<cl_uint>(CL_DEVICE_ADDRESS_BITS) == 32 ? std::numeric_limits<uint32_t>::max()
                                                                      : std::numeric_limits<size_t>::max();
  for (cl_uint i = 0; i < dimensions; ++i) {
    if (global[i] > most || (global[i] == 0 && empty() != CL_SUCCESS)) return CL_INVALID_GLOBAL_WORK_SIZE;
    if (offset != nullptr && offset[i] > most - global[i]) return CL_INVALID_GLOBAL_OFFSET;
  }
  return CL_SUCCESS;
}

/// `*ask` becomes true where only the driver knows.
cl_int check_groups(const Device* device, const Kernel* kernel, const Groups& groups, cl_uint dimensions,
                    const size_t* global, const size_t* local, bool* ask) {
  bool required = groups.required[0] != 0;
  if (local == nullptr) {
    bool fits = !required || global == nullptr || divides(dimensions, global, groups.required.data());
    return fits ? CL_SUCCESS : CL_INVALID_WORK_GROUP_SIZE;
  }
  const std::string* limits = device->properties.get(CL_DEVICE_MAX_WORK_ITEM_SIZES);
  size_t group = 1;
  for (cl_uint i = 0; i < dimensions; ++i) {
    if (local[i] == 0) return CL_INVALID_WORK_GROUP_SIZE;
    size_t limit = 0;
    if (limits != nullptr && limits->size() >= (i + 1) * sizeof limit) {
      std::memcpy(&limit, limits->data() + i * sizeof limit, sizeof limit);
      if (local[i] > limit) return CL_INVALID_WORK_ITEM_SIZE;
    }
    if (required && local[i] != groups.required[i]) return CL_INVALID_WORK_GROUP_SIZE;
    if (__builtin_mul_overflow(group, local[i], &group)) return CL_INVALID_WORK_GROUP_SIZE;
  }
  if (group > groups.most) return CL_INVALID_WORK_GROUP_SIZE;
  if (global == nullptr || divides(dimensions, global, local)) return CL_SUCCESS;
  Uneven uneven = uneven_groups(device, kernel);
  *ask = uneven == Uneven::kUnknown;
  return uneven == Uneven::kNever ? CL_INVALID_WORK_GROUP_SIZE : CL_SUCCESS;
}

cl_int check_launch(const Queue* queue, Kernel* kernel, cl_uint waits, const cl_event* list) {
  if (queue == nullptr || queue->on_device()) return CL_INVALID_COMMAND_QUEUE;
  if (kernel == nullptr) return CL_INVALID_KERNEL;
  if (kernel->context != queue->context) return CL_INVALID_CONTEXT;
  const auto& devices = kernel->program->devices;
  if (std::find(devices.begin(), devices.end(), queue->device) == devices.end()) return CL_INVALID_PROGRAM_EXECUTABLE;
  if (cl_int bad = check_wait_list(queue, waits, list); bad != CL_SUCCESS) return bad;
  for (const Kernel::Argument& argument : kernel->arguments) {
    if (!argument.set) return CL_INVALID_KERNEL_ARGS;
  }
  return CL_SUCCESS;
}

cl_int check_sizes(const Queue* queue, const Kernel* kernel, const Groups& groups, cl_uint dimensions,
                   const size_t* offset, const size_t* global, const size_t* local, bool* ask) {
  if (dimensions == 0 || dimensions > queue->device->number<cl_uint>(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS)) {
    return CL_INVALID_WORK_DIMENSION;
  }
  if (cl_int bad = check_range(queue->device, dimensions, offset, global); bad != CL_SUCCESS) return bad;
  return check_groups(queue->device, kernel, groups, dimensions, global, local, ask);
}

cl_int launch(Queue* queue, Kernel* kernel, cl_uint dimensions, const size_t* offset, const size_t* global,
              const size_t* local, bool ask, cl_uint waits, const cl_event* list, cl_event* event,
              cl_command_type type) {
  IdList<Event> ids(waits, list);
  auto words = [&](const size_t* sizes) {
    return wire::Words{reinterpret_cast<const uint64_t*>(sizes), sizes == nullptr ? wire::kNull : dimensions};
  };
  msg::EnqueueLaunch m;
  m.command_queue = queue->id;
  m.kernel = kernel->id;
  m.dimensions = dimensions;
  m.offset = words(offset);
  m.global_size = words(global);
  m.local_size = words(local);
  m.event_wait_list = ids.words();
  std::vector<Shared> shared = reachable(kernel);
  push_shared(shared);
  cl_int status = enqueue(queue, m, &m.event, event, type, ask);
  if (status == CL_SUCCESS) use_shared(shared, queue);
  return status;
}

}  // namespace

cl_int check_ndrange(const Queue* queue, Kernel* kernel, cl_uint dimensions, const size_t* offset, const size_t* global,
                     const size_t* local) {
  if (cl_int bad = check_launch(queue, kernel, 0, nullptr); bad != CL_SUCCESS) return bad;
  bool ask = false;
  return check_sizes(queue, kernel, groups_of(queue->device, kernel), dimensions, offset, global, local, &ask);
}

namespace hand {

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t* offset,
                              const size_t* global, const size_t* local, cl_uint waits, const cl_event* list,
                              cl_event* event) {
  auto* on = as<Queue>(queue);
  auto* object = as<Kernel>(kernel);
  if (cl_int bad = check_launch(on, object, waits, list); bad != CL_SUCCESS) return bad;
  Groups groups = groups_of(on->device, object);
  bool ask = false;
  cl_int bad = check_sizes(on, object, groups, dimensions, offset, global, local, &ask);
  if (bad != CL_SUCCESS) return bad;
  // Not every driver takes the size that the kernel's source requires when none is given.
  if (local == nullptr && groups.required[0] != 0) local = groups.required.data();
  return launch(on, object, dimensions, offset, global, local, ask, waits, list, event, CL_COMMAND_NDRANGE_KERNEL);
}

cl_int clEnqueueTask(cl_command_queue queue, cl_kernel kernel, cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  auto* object = as<Kernel>(kernel);
  if (cl_int bad = check_launch(on, object, waits, list); bad != CL_SUCCESS) return bad;
  const size_t one = 1;
  Groups groups = groups_of(on->device, object);
  bool ask = false;
  if (cl_int bad = check_sizes(on, object, groups, 1, nullptr, &one, &one, &ask); bad != CL_SUCCESS) return bad;
  if (groups.required[1] > 1 || groups.required[2] > 1) return CL_INVALID_WORK_GROUP_SIZE;
  return launch(on, object, 1, nullptr, &one, &one, false, waits, list, event, CL_COMMAND_TASK);
}

cl_int clGetKernelSuggestedLocalWorkSizeKHR(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                            const size_t* offset, const size_t* global, size_t* suggested) {
  auto* on = as<Queue>(queue);
  auto* object = as<Kernel>(kernel);
  if (cl_int bad = check_launch(on, object, 0, nullptr); bad != CL_SUCCESS) return bad;
  if (dimensions == 0 || dimensions > 3) return CL_INVALID_WORK_DIMENSION;
  if (global == nullptr) return CL_INVALID_GLOBAL_WORK_SIZE;
  if (suggested == nullptr) return CL_INVALID_VALUE;
  size_t sizes[6] = {0, 0, 0, 0, 0, 0};
  for (cl_uint i = 0; i < dimensions; ++i) {
    sizes[i] = offset == nullptr ? 0 : offset[i];
    sizes[3 + i] = global[i];
  }
  return ask_server(object, QueryFunction::kSuggestedLocalSize, object->id, on->id, 0, dimensions,
                    {sizes, sizeof sizes}, {dimensions * sizeof(size_t), suggested, nullptr});
}

}  // namespace hand
}  // namespace cenote::opencl
