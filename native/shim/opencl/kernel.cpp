// Kernels: making them, their arguments, asking about them.
#include <cstring>

#include "shim/opencl/ask.hpp"
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
      cl_mem_flags against = parameter.access == CL_KERNEL_ARG_ACCESS_READ_ONLY    ? CL_MEM_WRITE_ONLY
                             : parameter.access == CL_KERNEL_ARG_ACCESS_WRITE_ONLY ? CL_MEM_READ_ONLY
                                                                                   : 0;
      if (wants_image && (mem->flags & against) != 0) return CL_INVALID_ARG_VALUE;
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

}  // namespace

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
  uint32_t refused = refused_arguments.load();
  if (had.set && had.refused_before == refused && had.kind == m.kind && had.object == m.object && had.size == m.size &&
      had.value == bytes) {
    return session->lost() ? session->lost_status() : static_cast<int32_t>(CL_SUCCESS);
  }
  bool unsure = parameter.kind == kParameterUnknown || (m.kind == kArgBytes && parameter.size == 0);
  cl_int status = unsure ? session->call(m).status : session->deliver(m).status;
  if (status == CL_SUCCESS) {
    had.set = true;
    had.refused_before = refused;
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

}  // namespace hand
}  // namespace cenote::opencl
