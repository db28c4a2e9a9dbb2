// Kernels: making them, their arguments, asking about them, launching them.
#include <cstring>

#include "shim/opencl/ask.hpp"
#include "shim/opencl/launch.hpp"
#include "shim/opencl/memory.hpp"
#include "shim/opencl/program_info.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

Kernel* make(Program* program, std::shared_ptr<const KernelInfo> info) {
  auto* kernel = make_object<Kernel>(program);
  if (kernel == nullptr) return nullptr;
  kernel->context = program->context;
  kernel->program = program;
  kernel->arguments.resize(info->parameters.size());
  kernel->info = std::move(info);
  add_reference(program);
  return kernel;
}

/// CL_SUCCESS, or what is wrong with a value of this size for this parameter; fills in what to send.
cl_int encode(const Kernel* kernel, const Parameter& parameter, size_t size, const void* value, msg::SetArg* m) {
  m->size = size;
  if (parameter.kind == kParameterLocal) {
    if (value != nullptr) return CL_INVALID_ARG_VALUE;
    if (size == 0) return CL_INVALID_ARG_SIZE;
    m->kind = kArgLocal;
    return CL_SUCCESS;
  }
  uint64_t word = 0;
  if (value != nullptr && size == sizeof word) std::memcpy(&word, value, sizeof word);
  if (parameter.kind == kParameterObject) {
    if (size != sizeof(cl_mem)) return CL_INVALID_ARG_SIZE;
    bool sampler = parameter.type == "sampler_t";
    bool queue = parameter.type == "queue_t";
    if (value == nullptr || word == 0) {
      if (sampler) return CL_INVALID_SAMPLER;
      if (queue) return CL_INVALID_DEVICE_QUEUE;
      m->kind = kArgNull;
      return CL_SUCCESS;
    }
    Object* object = shim::as_object(reinterpret_cast<void*>(word));
    auto is = [object](Type type) { return object != nullptr && static_cast<Type>(object->type.load()) == type; };
    if (sampler && !is(Type::kSampler)) return CL_INVALID_SAMPLER;
    if (queue && !is(Type::kQueue)) return CL_INVALID_DEVICE_QUEUE;
    if (!sampler && !queue && !is(Type::kMem)) return CL_INVALID_MEM_OBJECT;
    if (is(Type::kMem)) {
      const auto* mem = static_cast<Mem*>(object);
      if (mem->context != kernel->context) return CL_INVALID_MEM_OBJECT;
      bool wants_image = parameter.type.rfind("image", 0) == 0 && parameter.type.back() != '*';
      if (wants_image != is_image(mem) && parameter.type.rfind("pipe", 0) != 0) return CL_INVALID_MEM_OBJECT;
    }
    m->kind = kArgObject;
    m->object = object->id;
    return CL_SUCCESS;
  }
  if (parameter.kind == kParameterUnknown) {
    // A binary says nothing: eight bytes that are the address of a live object of ours are taken for a handle.
    if (value == nullptr) {
      m->kind = kArgLocal;
      return size == 0 ? CL_INVALID_ARG_SIZE : CL_SUCCESS;
    }
    Object* object = size == sizeof word ? shim::as_object(reinterpret_cast<void*>(word)) : nullptr;
    if (object != nullptr) {
      m->kind = kArgObject;
      m->object = object->id;
      return CL_SUCCESS;
    }
  }
  if (value == nullptr) return CL_INVALID_ARG_VALUE;
  if (size == 0 || (parameter.size != 0 && size != parameter.size)) return CL_INVALID_ARG_SIZE;
  m->kind = kArgBytes;
  m->value = {value, size};
  return CL_SUCCESS;
}

cl_int launch(Queue* queue, Kernel* kernel, cl_uint dimensions, const size_t* offset, const size_t* global,
              const size_t* local, cl_uint waits, const cl_event* list, cl_event* event, cl_command_type type) {
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
  cl_int status = enqueue(queue, m, &m.event, event, type);
  if (status == CL_SUCCESS) use_shared(shared, queue);
  return status;
}

/// What a launch checks about its sizes; CL_SUCCESS where the device can run it.
cl_int check_sizes(const Queue* queue, const Kernel* kernel, cl_uint dimensions, const size_t* global,
                   const size_t* local) {
  const Device* device = queue->device;
  const auto& program = kernel->program->devices;
  auto at = std::find(program.begin(), program.end(), device);
  const std::vector<std::string>* answers = nullptr;
  auto index = static_cast<size_t>(at - program.begin());
  if (at != program.end() && index < kernel->info->work_group.size()) answers = &kernel->info->work_group[index];
  size_t required[3] = {0, 0, 0};
  size_t most = device->number<size_t>(CL_DEVICE_MAX_WORK_GROUP_SIZE);
  if (answers != nullptr) {
    if ((*answers)[1].size() == sizeof required) std::memcpy(required, (*answers)[1].data(), sizeof required);
    if ((*answers)[0].size() == sizeof most) std::memcpy(&most, (*answers)[0].data(), sizeof most);
  }
  if (local == nullptr) {
    if (required[0] == 0 || global == nullptr) return CL_SUCCESS;
    for (cl_uint i = 0; i < dimensions; ++i) {
      if (global[i] % required[i] != 0) return CL_INVALID_WORK_GROUP_SIZE;
    }
    return CL_SUCCESS;
  }
  const std::string* limits = device->properties.get(CL_DEVICE_MAX_WORK_ITEM_SIZES);
  size_t group = 1;
  bool uneven = false;
  for (cl_uint i = 0; i < dimensions; ++i) {
    if (local[i] == 0) return CL_INVALID_WORK_GROUP_SIZE;
    size_t limit = 0;
    if (limits != nullptr && limits->size() >= (i + 1) * sizeof limit) {
      std::memcpy(&limit, limits->data() + i * sizeof limit, sizeof limit);
      if (local[i] > limit) return CL_INVALID_WORK_ITEM_SIZE;
    }
    if (required[0] != 0 && local[i] != required[i]) return CL_INVALID_WORK_GROUP_SIZE;
    if (global != nullptr && global[i] % local[i] != 0) uneven = true;
    group *= local[i];
  }
  if (group > most) return CL_INVALID_WORK_GROUP_SIZE;
  if (!uneven) return CL_SUCCESS;
  // Groups of unequal size need a program built for OpenCL 2.0 or later. Devices of OpenCL 3.0 may lack them.
  const std::string* able = device->properties.get(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT);
  if (able != nullptr && !device->number<cl_bool>(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT)) {
    return CL_INVALID_WORK_GROUP_SIZE;
  }
  const std::string& options = kernel->program->info->builds[at == program.end() ? 0 : index].options;
  bool newer = options.find("-cl-std=CL2") != std::string::npos || options.find("-cl-std=CL3") != std::string::npos;
  return newer ? CL_SUCCESS : CL_INVALID_WORK_GROUP_SIZE;
}

cl_int check_launch(const Queue* queue, Kernel* kernel, cl_uint waits, const cl_event* list) {
  if (queue == nullptr || (queue->flags & CL_QUEUE_ON_DEVICE) != 0) return CL_INVALID_COMMAND_QUEUE;
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

}  // namespace

cl_int check_ndrange(Queue* queue, Kernel* kernel, cl_uint dimensions, const size_t* global, const size_t* local,
                     cl_uint waits, const cl_event* list) {
  if (cl_int bad = check_launch(queue, kernel, waits, list); bad != CL_SUCCESS) return bad;
  if (dimensions == 0 || dimensions > queue->device->number<cl_uint>(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS)) {
    return CL_INVALID_WORK_DIMENSION;
  }
  return check_sizes(queue, kernel, dimensions, global, local);
}

namespace hand {

cl_kernel clCreateKernel(cl_program program, const char* name, cl_int* errcode_ret) {
  auto* of = as<Program>(program);
  if (of == nullptr) return fail<cl_kernel>(errcode_ret, CL_INVALID_PROGRAM);
  if (name == nullptr) return fail<cl_kernel>(errcode_ret, CL_INVALID_VALUE);
  std::shared_ptr<const KernelInfo> info;
  {
    std::lock_guard lock(of->lock);
    if (!of->info->built) return fail<cl_kernel>(errcode_ret, CL_INVALID_PROGRAM_EXECUTABLE);
    auto at = of->info->kernels.find(name);
    if (at == of->info->kernels.end()) return fail<cl_kernel>(errcode_ret, CL_INVALID_KERNEL_NAME);
    info = at->second;
  }
  Kernel* kernel = make(of, std::move(info));
  if (kernel == nullptr) return fail<cl_kernel>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  msg::CreateKernel m;
  m.program = of->id;
  m.name = wire::blob(name);
  m.result = kernel->id;
  if (cl_int bad = send(kernel, m); bad != CL_SUCCESS) {
    drop_reference(kernel);
    return fail<cl_kernel>(errcode_ret, bad);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_kernel>(kernel);
}

cl_int clCreateKernelsInProgram(cl_program program, cl_uint room, cl_kernel* kernels, cl_uint* count) {
  auto* of = as<Program>(program);
  if (of == nullptr) return CL_INVALID_PROGRAM;
  std::vector<std::string> names;
  {
    std::lock_guard lock(of->lock);
    if (!of->info->built) return CL_INVALID_PROGRAM_EXECUTABLE;
    names = of->info->kernel_order;
  }
  if (kernels != nullptr && room < names.size()) return CL_INVALID_VALUE;
  if (count != nullptr) *count = static_cast<cl_uint>(names.size());
  for (size_t i = 0; kernels != nullptr && i < names.size(); ++i) {
    cl_int status = CL_SUCCESS;
    kernels[i] = hand::clCreateKernel(program, names[i].c_str(), &status);
    if (status != CL_SUCCESS) return status;
  }
  return CL_SUCCESS;
}

cl_kernel clCloneKernel(cl_kernel source_kernel, cl_int* errcode_ret) {
  auto* source = as<Kernel>(source_kernel);
  if (source == nullptr) return fail<cl_kernel>(errcode_ret, CL_INVALID_KERNEL);
  Kernel* kernel = make(source->program, source->info);
  if (kernel == nullptr) return fail<cl_kernel>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  kernel->arguments = source->arguments;
  if (source->shared != nullptr) kernel->shared = std::make_shared<SharedUse>(*source->shared);
  msg::clCloneKernel m;
  m.source_kernel = source->id;
  m.result = kernel->id;
  if (cl_int bad = send(kernel, m); bad != CL_SUCCESS) {
    drop_reference(kernel);
    return fail<cl_kernel>(errcode_ret, bad);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_kernel>(kernel);
}

cl_int clRetainKernel(cl_kernel kernel) { return retain<Kernel>(kernel, CL_INVALID_KERNEL); }
cl_int clReleaseKernel(cl_kernel kernel) { return release<Kernel>(kernel, CL_INVALID_KERNEL); }

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void* value) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  if (index >= object->info->parameters.size()) return CL_INVALID_ARG_INDEX;
  msg::SetArg m;
  m.kernel = object->id;
  m.index = index;
  m.value = {nullptr, 0};
  const Parameter& parameter = object->info->parameters[index];
  if (cl_int bad = encode(object, parameter, size, value, &m); bad != CL_SUCCESS) return bad;
  Session* session = object->session;
  Kernel::Argument& had = object->arguments[index];
  std::string_view bytes = m.value.text();
  if (had.set && had.kind == m.kind && had.object == m.object && had.size == m.size && had.value == bytes) {
    return session->lost() ? session->lost_status() : static_cast<int32_t>(CL_SUCCESS);
  }
  bool unsure = parameter.kind == kParameterUnknown || (m.kind == kArgBytes && parameter.size == 0);
  cl_int status = unsure ? session->call(m).status : session->deliver(m).status;
  if (status == CL_SUCCESS) {
    had.set = true;
    had.kind = m.kind;
    had.object = m.object;
    had.size = m.size;
    had.value.assign(bytes);
  }
  return status;
}

cl_int clGetKernelInfo(cl_kernel kernel, cl_kernel_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_KERNEL_FUNCTION_NAME:
      return answer.text(object->info->name);
    case CL_KERNEL_NUM_ARGS:
      return answer.number(static_cast<cl_uint>(object->info->parameters.size()));
    case CL_KERNEL_REFERENCE_COUNT:
      return answer.number(cl_uint{object->user_references.load()});
    case CL_KERNEL_CONTEXT:
      return answer.number(reinterpret_cast<cl_context>(object->context));
    case CL_KERNEL_PROGRAM:
      return answer.number(reinterpret_cast<cl_program>(object->program));
    case CL_KERNEL_ATTRIBUTES:
      return answer.text(object->info->attributes);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetKernelArgInfo(cl_kernel kernel, cl_uint index, cl_kernel_arg_info param, size_t size, void* value,
                          size_t* size_ret) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  if (index >= object->info->parameters.size()) return CL_INVALID_ARG_INDEX;
  const Parameter& parameter = object->info->parameters[index];
  if (!parameter.known) return CL_KERNEL_ARG_INFO_NOT_AVAILABLE;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_KERNEL_ARG_ADDRESS_QUALIFIER:
      return answer.number(parameter.address);
    case CL_KERNEL_ARG_ACCESS_QUALIFIER:
      return answer.number(parameter.access);
    case CL_KERNEL_ARG_TYPE_NAME:
      return answer.text(parameter.type);
    case CL_KERNEL_ARG_TYPE_QUALIFIER:
      return answer.number(parameter.qualifiers);
    case CL_KERNEL_ARG_NAME:
      return answer.text(parameter.name);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info param, size_t size,
                                void* value, size_t* size_ret) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  const auto& devices = object->program->devices;
  auto* of = as<Device>(device);
  if (of == nullptr && (device != nullptr || devices.size() != 1)) return CL_INVALID_DEVICE;
  auto at = of == nullptr ? devices.begin() : std::find(devices.begin(), devices.end(), of);
  if (at == devices.end()) return CL_INVALID_DEVICE;
  Answer answer{size, value, size_ret};
  auto index = static_cast<size_t>(at - devices.begin());
  for (size_t i = 0; i < std::size(KernelInfo::kWorkGroupParams); ++i) {
    if (KernelInfo::kWorkGroupParams[i] != param || index >= object->info->work_group.size()) continue;
    const std::string& bytes = object->info->work_group[index][i];
    if (bytes.empty()) return CL_INVALID_VALUE;
    // What local memory a kernel needs depends on its arguments.
    if (param == CL_KERNEL_LOCAL_MEM_SIZE) break;
    return answer.bytes(bytes.data(), bytes.size());
  }
  return ask_server(object, QueryFunction::kKernelWorkGroup, object->id, (*at)->id, param, 0, {}, answer);
}

cl_int clGetKernelSubGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_sub_group_info param, size_t input_size,
                               const void* input, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Kernel>(kernel);
  if (object == nullptr) return CL_INVALID_KERNEL;
  const auto& devices = object->program->devices;
  auto* of = as<Device>(device);
  if (of == nullptr && (device != nullptr || devices.size() != 1)) return CL_INVALID_DEVICE;
  if (of == nullptr) of = devices.front();
  return ask_server(object, QueryFunction::kKernelSubGroup, object->id, of->id, param, 0, {input, input_size},
                    {size, value, size_ret});
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

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t* offset,
                              const size_t* global, const size_t* local, cl_uint waits, const cl_event* list,
                              cl_event* event) {
  auto* on = as<Queue>(queue);
  auto* object = as<Kernel>(kernel);
  if (cl_int bad = check_ndrange(on, object, dimensions, global, local, waits, list); bad != CL_SUCCESS) return bad;
  return launch(on, object, dimensions, offset, global, local, waits, list, event, CL_COMMAND_NDRANGE_KERNEL);
}

cl_int clEnqueueTask(cl_command_queue queue, cl_kernel kernel, cl_uint waits, const cl_event* list, cl_event* event) {
  auto* on = as<Queue>(queue);
  auto* object = as<Kernel>(kernel);
  if (cl_int bad = check_launch(on, object, waits, list); bad != CL_SUCCESS) return bad;
  const size_t one = 1;
  return launch(on, object, 1, nullptr, &one, &one, waits, list, event, CL_COMMAND_TASK);
}

}  // namespace hand
}  // namespace cenote::opencl
