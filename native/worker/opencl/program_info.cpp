#include "worker/opencl/program_info.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "wire/opencl_queries.hpp"

namespace cenote::opencl {

namespace {

template <class F>
std::vector<char> fetch(F&& query) {
  size_t size = 0;
  if (query(0, nullptr, &size) != CL_SUCCESS || size == 0) return {};
  std::vector<char> value(size);
  if (query(size, value.data(), nullptr) != CL_SUCCESS) return {};
  return value;
}

std::string text_of(const std::vector<char>& value) {
  std::string text(value.begin(), value.end());
  return text.substr(0, text.find('\0'));
}

template <class T>
T number_of(const std::vector<char>& value) {
  T number{};
  if (!value.empty()) std::memcpy(&number, value.data(), std::min(sizeof number, value.size()));
  return number;
}

std::vector<cl_device_id> devices_of(const Program& program) {
  // Some drivers name the whole device where the program is for its parts.
  const auto& all = program.context->devices;
  if (!program.source.empty()) return all;
  const Driver& d = *program.context->driver;
  std::vector<char> value = fetch(
      [&](size_t n, void* v, size_t* r) { return d.clGetProgramInfo(program.native, CL_PROGRAM_DEVICES, n, v, r); });
  std::vector<cl_device_id> devices(value.size() / sizeof(cl_device_id));
  if (!devices.empty()) std::memcpy(devices.data(), value.data(), devices.size() * sizeof(cl_device_id));
  bool own = std::all_of(devices.begin(), devices.end(),
                         [&](cl_device_id d) { return std::find(all.begin(), all.end(), d) != all.end(); });
  return own ? devices : all;
}

/// Size of an argument passed by value, found by trying: only the right one is accepted. 0 where that tells nothing.
size_t probe_size(const Driver& d, cl_kernel kernel, cl_uint index) {
  static const char zeros[4096] = {};
  auto accepts = [&](size_t size) { return d.clSetKernelArg(kernel, index, size, zeros) == CL_SUCCESS; };
  constexpr size_t kUsual[] = {4, 8, 16, 1, 2, 32, 64, 128};
  size_t found = 0;
  for (size_t size : kUsual) {
    if (!accepts(size)) continue;
    if (found != 0) return 0;  // a driver that accepts any size
    found = size;
  }
  for (size_t size = 3; found == 0 && size <= sizeof zeros; ++size) {
    if (accepts(size)) found = size;
  }
  return found;
}

bool is_object_type(const std::string& type) {
  for (const char* prefix : {"image", "sampler_t", "pipe", "queue_t", "__read_only", "__write_only", "read_only",
                             "write_only", "read_write", "reserve_id_t"}) {
    if (type.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

struct Meaning {
  ParameterKind kind = kParameterUnknown;
  size_t size = 0;
};

/// What each parameter is, found by trying, for a driver that says nothing about them. One that takes only memory
/// objects refuses a context, if the driver looks at handles at all: then what takes a context is a number.
std::vector<Meaning> try_parameters(const Driver& d, cl_context context, cl_kernel kernel, cl_uint count) {
  std::vector<Meaning> all(count);
  bool looks = false;
  for (cl_uint i = 0; i < count; ++i) {
    size_t size = probe_size(d, kernel, i);
    if (size == 0) continue;
    bool object = size == sizeof(cl_context) && d.clSetKernelArg(kernel, i, sizeof(cl_context), &context) != CL_SUCCESS;
    all[i] = {object ? kParameterObject : kParameterBytes, size};
    looks = looks || object;
  }
  for (Meaning& meaning : all) {
    if (meaning.size == sizeof(cl_context) && !looks) meaning = {};
  }
  return all;
}

void describe_argument(const Driver& d, cl_kernel kernel, cl_uint index, const Meaning& tried, worker::Bytes& out) {
  auto info = [&](cl_kernel_arg_info param) {
    return fetch([&](size_t n, void* v, size_t* r) { return d.clGetKernelArgInfo(kernel, index, param, n, v, r); });
  };
  std::vector<char> address = info(CL_KERNEL_ARG_ADDRESS_QUALIFIER);
  std::string type = text_of(info(CL_KERNEL_ARG_TYPE_NAME));
  bool known = !address.empty();
  auto space = known ? number_of<cl_uint>(address) : cl_uint{0};
  out.word(known ? 1 : 0);
  out.word(space);
  out.word(number_of<cl_uint>(info(CL_KERNEL_ARG_ACCESS_QUALIFIER)));
  out.word(number_of<cl_ulong>(info(CL_KERNEL_ARG_TYPE_QUALIFIER)));
  out.text(type);
  out.text(text_of(info(CL_KERNEL_ARG_NAME)));
  bool object = is_object_type(type);
  if (known && space == CL_KERNEL_ARG_ADDRESS_LOCAL) {
    out.word(kParameterLocal);
    out.word(0);
  } else if (known && (space != CL_KERNEL_ARG_ADDRESS_PRIVATE || object)) {
    out.word(kParameterObject);
    out.word(sizeof(cl_mem));
  } else {
    out.word(known ? kParameterBytes : tried.kind);
    out.word(known ? probe_size(d, kernel, index) : tried.size);
  }
}

}  // namespace

void describe_kernel(const Program& program, cl_kernel kernel, worker::Bytes& out) {
  const Driver& d = *program.context->driver;
  auto info = [&](cl_kernel_info param) {
    return fetch([&](size_t n, void* v, size_t* r) { return d.clGetKernelInfo(kernel, param, n, v, r); });
  };
  auto arguments = number_of<cl_uint>(info(CL_KERNEL_NUM_ARGS));
  out.text(text_of(info(CL_KERNEL_FUNCTION_NAME)));
  out.text(text_of(info(CL_KERNEL_ATTRIBUTES)));
  out.word(arguments);
  cl_uint space = 0;
  bool told = arguments == 0 || d.clGetKernelArgInfo(kernel, 0, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space,
                                                     nullptr) == CL_SUCCESS;
  std::vector<Meaning> tried(arguments);
  if (!told) tried = try_parameters(d, program.context->native, kernel, arguments);
  for (cl_uint i = 0; i < arguments; ++i) describe_argument(d, kernel, i, tried[i], out);
  constexpr cl_kernel_work_group_info kParams[] = {
      CL_KERNEL_WORK_GROUP_SIZE, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, CL_KERNEL_LOCAL_MEM_SIZE,
      CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, CL_KERNEL_PRIVATE_MEM_SIZE};
  std::vector<cl_device_id> devices = devices_of(program);
  out.word(devices.size());
  for (cl_device_id device : devices) {
    for (cl_kernel_work_group_info param : kParams) {
      std::vector<char> value = fetch(
          [&](size_t n, void* v, size_t* r) { return d.clGetKernelWorkGroupInfo(kernel, device, param, n, v, r); });
      out.bytes(value.data(), value.size());
    }
  }
}

namespace {

void describe_builds(const Program& program, worker::Bytes& out, const LogFilter& log) {
  const Driver& d = *program.context->driver;
  std::vector<cl_device_id> devices = devices_of(program);
  // Sizes of binaries are asked for when the program asks: some drivers compile everything for all sizes to answer.
  out.word(devices.size());
  for (cl_device_id device : devices) {
    auto build = [&](cl_program_build_info param) {
      return fetch([&](size_t n, void* v, size_t* r) {
        return d.clGetProgramBuildInfo(program.native, device, param, n, v, r);
      });
    };
    out.word(static_cast<uint64_t>(int64_t{number_of<cl_int>(build(CL_PROGRAM_BUILD_STATUS))}));
    out.word(number_of<cl_uint>(build(CL_PROGRAM_BINARY_TYPE)));
    out.word(number_of<size_t>(build(CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE)));
    std::string message = text_of(build(CL_PROGRAM_BUILD_LOG));
    out.text(log ? log(message) : message);
  }
}

}  // namespace

void describe_program(const Program& program, worker::Bytes& out, const LogFilter& log) {
  describe_builds(program, out, log);
  const Driver& d = *program.context->driver;
  auto info = [&](cl_program_info param) {
    return fetch([&](size_t n, void* v, size_t* r) { return d.clGetProgramInfo(program.native, param, n, v, r); });
  };
  std::string names = text_of(info(CL_PROGRAM_KERNEL_NAMES));
  // By name: not all drivers give all at once of a program that is built for some of its devices.
  std::vector<cl_kernel> kernels;
  for (size_t at = 0; at < names.size();) {
    size_t end = std::min(names.find(';', at), names.size());
    cl_int error = CL_SUCCESS;
    cl_kernel kernel = d.clCreateKernel(program.native, names.substr(at, end - at).c_str(), &error);
    if (kernel != nullptr) kernels.push_back(kernel);
    at = end + 1;
  }
  out.text(names);
  out.word(kernels.size());
  for (cl_kernel kernel : kernels) {
    describe_kernel(program, kernel, out);
    d.clReleaseKernel(kernel);
  }
}

void describe_unbuilt(const Program& program, worker::Bytes& out) {
  describe_builds(program, out, {});
  out.text({});
  out.word(0);
}

}  // namespace cenote::opencl
