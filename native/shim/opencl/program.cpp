// Programs: creating and asking about them.
#include <cstring>

#include "shim/opencl/ask.hpp"
#include "shim/opencl/program_info.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

bool ProgramInfo::read(wire::Reader in) {
  uint64_t count = in.word();
  if (count != builds.size()) return false;
  built = false;
  for (Build& build : builds) {
    build.status = static_cast<cl_build_status>(in.word());
    build.binary_type = static_cast<cl_program_binary_type>(in.word());
    build.global_variables = in.word();
    build.log = in.bytes().text();
    built = built || (build.status == CL_BUILD_SUCCESS && build.binary_type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
  }
  kernel_names = in.bytes().text();
  kernels.clear();
  kernel_order.clear();
  uint64_t kernel_count = in.word();
  for (uint64_t i = 0; i < kernel_count && in.ok(); ++i) {
    auto kernel = KernelInfo::read(in);
    if (kernel == nullptr) return false;
    kernel_order.push_back(kernel->name);
    kernels.emplace(kernel->name, std::move(kernel));
  }
  return in.ok();
}

namespace {

Program* make(Context* context, std::vector<Device*> devices) {
  auto* program = make_object<Program>(context);
  if (program == nullptr) return nullptr;
  program->context = context;
  program->devices = std::move(devices);
  program->info = std::make_shared<ProgramInfo>();
  program->info->builds.resize(program->devices.size());
  add_reference(context);
  return program;
}

/// Devices of a list that a call names, or those of the context.
cl_int choose(Context* context, cl_uint count, const cl_device_id* list, std::vector<Device*>* devices) {
  if (count == 0 || list == nullptr) return CL_INVALID_VALUE;
  for (cl_uint i = 0; i < count; ++i) {
    auto* device = as<Device>(list[i]);
    if (device == nullptr || !context->has(device)) return CL_INVALID_DEVICE;
    devices->push_back(device);
  }
  return CL_SUCCESS;
}

msg::CreateProgram message(const Program* program, ProgramKind kind, const std::vector<uint64_t>& devices,
                           const std::vector<uint64_t>& lengths, wire::Blob data) {
  msg::CreateProgram m;
  m.context = program->context->id;
  m.kind = kind;
  m.devices = {devices.data(), devices.size()};
  m.lengths = {lengths.data(), lengths.size()};
  m.data = data;
  m.result = program->id;
  return m;
}

std::vector<uint64_t> ids_of(const std::vector<Device*>& devices) {
  std::vector<uint64_t> ids;
  ids.reserve(devices.size());
  for (const Device* device : devices) ids.push_back(device->id);
  return ids;
}

bool takes_il(const Context* context) {
  const auto& all = context->devices;
  return std::any_of(all.begin(), all.end(),
                     [](const Device* d) { return !d->properties.text(CL_DEVICE_IL_VERSION).empty(); });
}

cl_int binary_sizes(const Program* program, const Answer& answer) {
  return ask_server(program, QueryFunction::kProgramBinaries, program->id, 0, CL_PROGRAM_BINARY_SIZES, 0, {}, answer);
}

/// Whether some device has each of these kernels, which semicolons separate.
bool built_in(const std::vector<Device*>& devices, std::string_view names) {
  for (size_t at = 0; at <= names.size();) {
    size_t end = std::min(names.find(';', at), names.size());
    std::string name = ";" + std::string(names.substr(at, end - at)) + ";";
    bool known = std::any_of(devices.begin(), devices.end(), [&](const Device* device) {
      return (";" + std::string(device->properties.text(CL_DEVICE_BUILT_IN_KERNELS)) + ";").find(name) !=
             std::string::npos;
    });
    if (!known) return false;
    at = end + 1;
  }
  return true;
}

/// Sends a one-way or waiting creation and gives the handle.
cl_program give(Program* program, cl_int status, cl_int* errcode_ret) {
  if (status != CL_SUCCESS) {
    drop_reference(program);
    return fail<cl_program>(errcode_ret, status);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_program>(program);
}

}  // namespace

namespace hand {

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char** strings, const size_t* lengths,
                                     cl_int* errcode_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_CONTEXT);
  if (count == 0 || strings == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
  std::string source;
  for (cl_uint i = 0; i < count; ++i) {
    if (strings[i] == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
    source.append(strings[i], lengths == nullptr || lengths[i] == 0 ? std::strlen(strings[i]) : lengths[i]);
  }
  Program* program = make(in, in->devices);
  if (program == nullptr) return fail<cl_program>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  program->info->source = std::move(source);
  cl_int status = send(program, message(program, kFromSource, {}, {}, wire::blob(program->info->source)));
  return give(program, status, errcode_ret);
}

cl_program clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id* device_list,
                                     const size_t* lengths, const unsigned char** binaries, cl_int* binary_status,
                                     cl_int* errcode_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_CONTEXT);
  if (lengths == nullptr || binaries == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
  std::vector<Device*> devices;
  if (cl_int bad = choose(in, count, device_list, &devices); bad != CL_SUCCESS) {
    return fail<cl_program>(errcode_ret, bad);
  }
  std::vector<uint64_t> sizes;
  std::vector<char> data;
  for (cl_uint i = 0; i < count; ++i) {
    bool good = lengths[i] != 0 && binaries[i] != nullptr;
    if (binary_status != nullptr) binary_status[i] = good ? CL_SUCCESS : CL_INVALID_VALUE;
    if (!good) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
    sizes.push_back(lengths[i]);
    data.insert(data.end(), binaries[i], binaries[i] + lengths[i]);
  }
  Program* program = make(in, devices);
  if (program == nullptr) return fail<cl_program>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  shim::Reply reply =
      in->session->call(message(program, kFromBinaries, ids_of(devices), sizes, wire::Blob{data.data(), data.size()}));
  wire::Reader body = reply.reader();
  for (cl_uint i = 0; i < count; ++i) {
    auto each = static_cast<cl_int>(body.word());
    if (binary_status != nullptr && body.ok()) binary_status[i] = each;
  }
  if (reply.status == CL_SUCCESS) program->info->read(body);
  program->info->built = false;
  return give(program, reply.status, errcode_ret);
}

cl_program clCreateProgramWithBuiltInKernels(cl_context context, cl_uint count, const cl_device_id* device_list,
                                             const char* kernel_names, cl_int* errcode_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_CONTEXT);
  if (kernel_names == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
  std::vector<Device*> devices;
  if (cl_int bad = choose(in, count, device_list, &devices); bad != CL_SUCCESS) {
    return fail<cl_program>(errcode_ret, bad);
  }
  if (!built_in(devices, kernel_names)) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
  Program* program = make(in, devices);
  if (program == nullptr) return fail<cl_program>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  shim::Reply reply = in->session->call(message(program, kFromBuiltIns, ids_of(devices), {}, wire::blob(kernel_names)));
  if (reply.status == CL_SUCCESS) program->info->read(reply.reader());
  program->info->built = !program->info->kernels.empty();
  return give(program, reply.status, errcode_ret);
}

cl_program clCreateProgramWithIL(cl_context context, const void* il, size_t length, cl_int* errcode_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return fail<cl_program>(errcode_ret, CL_INVALID_CONTEXT);
  if (il == nullptr || length == 0) return fail<cl_program>(errcode_ret, CL_INVALID_VALUE);
  if (!takes_il(in)) return fail<cl_program>(errcode_ret, CL_INVALID_OPERATION);
  Program* program = make(in, in->devices);
  if (program == nullptr) return fail<cl_program>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  const auto* bytes = static_cast<const char*>(il);
  program->info->il.assign(bytes, bytes + length);
  cl_int status = send_and_wait(program, message(program, kFromIl, {}, {}, wire::Blob{il, length}));
  return give(program, status, errcode_ret);
}

cl_int clRetainProgram(cl_program program) { return retain<Program>(program, CL_INVALID_PROGRAM); }
cl_int clReleaseProgram(cl_program program) { return release<Program>(program, CL_INVALID_PROGRAM); }

cl_int clSetProgramReleaseCallback(cl_program program, void(CL_CALLBACK* /*pfn_notify*/)(cl_program, void*),
                                   void* /*user_data*/) {
  // OpenCL 3.0 lets implementations refuse what only 2.2's C++ programs needed.
  return as<Program>(program) == nullptr ? CL_INVALID_PROGRAM : CL_INVALID_OPERATION;
}

cl_int clGetProgramInfo(cl_program program, cl_program_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Program>(program);
  if (object == nullptr) return CL_INVALID_PROGRAM;
  std::unique_lock lock(object->lock);
  const ProgramInfo& info = *object->info;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_PROGRAM_REFERENCE_COUNT:
      return answer.number(cl_uint{object->user_references.load()});
    case CL_PROGRAM_CONTEXT:
      return answer.number(reinterpret_cast<cl_context>(object->context));
    case CL_PROGRAM_NUM_DEVICES:
      return answer.number(static_cast<cl_uint>(object->devices.size()));
    case CL_PROGRAM_DEVICES:
      return answer.list(object->devices);
    case CL_PROGRAM_SOURCE:
      if (!info.source.empty()) return answer.text(info.source);
      lock.unlock();  // a build that ends meanwhile needs it
      return ask_server(object, QueryFunction::kProgram, object->id, 0, param, 0, {}, answer);
    case CL_PROGRAM_IL:
      return answer.bytes(info.il.data(), info.il.size());
    case CL_PROGRAM_NUM_KERNELS:
      return info.built ? answer.number(info.kernels.size()) : cl_int{CL_INVALID_PROGRAM_EXECUTABLE};
    case CL_PROGRAM_KERNEL_NAMES:
      return info.built ? answer.text(info.kernel_names) : cl_int{CL_INVALID_PROGRAM_EXECUTABLE};
    case CL_PROGRAM_BINARY_SIZES:
      lock.unlock();
      return binary_sizes(object, answer);
    case CL_PROGRAM_BINARIES: {
      size_t bytes = info.builds.size() * sizeof(unsigned char*);
      if (size_ret != nullptr) *size_ret = bytes;
      if (value == nullptr) return CL_SUCCESS;
      if (size < bytes) return CL_INVALID_VALUE;
      auto** to = static_cast<unsigned char**>(value);
      std::vector<size_t> sizes(info.builds.size());
      lock.unlock();
      if (cl_int bad = binary_sizes(object, {bytes, sizes.data(), nullptr}); bad != CL_SUCCESS) return bad;
      for (size_t i = 0; i < sizes.size(); ++i) {
        if (to[i] == nullptr || sizes[i] == 0) continue;
        cl_int status = ask_server(object, QueryFunction::kProgramBinaries, object->id, 0, param, i, {},
                                   {sizes[i], to[i], nullptr});
        if (status != CL_SUCCESS) return status;
      }
      return CL_SUCCESS;
    }
    case CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT:
    case CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT:
      return answer.number(cl_bool{0});
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info param, size_t size,
                             void* value, size_t* size_ret) {
  auto* object = as<Program>(program);
  if (object == nullptr) return CL_INVALID_PROGRAM;
  std::lock_guard lock(object->lock);
  auto at = std::find(object->devices.begin(), object->devices.end(), as<Device>(device));
  if (at == object->devices.end()) return CL_INVALID_DEVICE;
  const Build& build = object->info->builds[static_cast<size_t>(at - object->devices.begin())];
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_PROGRAM_BUILD_STATUS:
      return answer.number(build.status);
    case CL_PROGRAM_BUILD_OPTIONS:
      return answer.text(build.options);
    case CL_PROGRAM_BUILD_LOG:
      return answer.text(build.log);
    case CL_PROGRAM_BINARY_TYPE:
      return answer.number(build.binary_type);
    case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
      return answer.number(build.global_variables);
    default:
      return CL_INVALID_VALUE;
  }
}

}  // namespace hand

namespace check {

cl_int clSetProgramSpecializationConstant(cl_program program, cl_uint /*spec_id*/, size_t spec_size,
                                          const void* /*spec_value*/) {
  if (!takes_il(as<Program>(program)->context)) return CL_INVALID_OPERATION;
  if (as<Program>(program)->info->il.empty()) return CL_INVALID_PROGRAM;
  return spec_size == 0 ? CL_INVALID_VALUE : CL_SUCCESS;
}

}  // namespace check
}  // namespace cenote::opencl
