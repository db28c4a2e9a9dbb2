#include "null/program.hpp"

#include <algorithm>
#include <string_view>

#include "null/answer.hpp"
#include "null/objects.hpp"

namespace cenote::null {
namespace {

/// Our binaries: this, what they are, a line end, and the source.
constexpr std::string_view kMagic = "CENOTE-NULL ";

template <class T>
bool all_valid(cl_uint count, const T* handles) {
  return std::all_of(handles, handles + count, [](T h) { return valid(h); });
}

cl_program make_program(cl_context context, cl_int* errcode_ret) {
  cl_program program = Pool<_cl_program>::instance().make();
  if (program != nullptr) {
    program->context = Ref(context);
    program->devices = context->devices;
  }
  return made(program, errcode_ret);
}

/// The code for wrong devices of a program.
cl_int check_devices(cl_context context, cl_uint count, const cl_device_id* list) {
  if ((count == 0) != (list == nullptr)) return CL_INVALID_VALUE;
  bool fine = std::all_of(list, list + count, [=](cl_device_id d) { return valid(d) && context->has(d); });
  return fine ? CL_SUCCESS : CL_INVALID_DEVICE;
}

/// What any source comes to when it is built.
void build(cl_program program, const char* options, cl_program_binary_type type) {
  std::lock_guard lock(program->mutex);
  program->options = options == nullptr ? "" : options;
  if (!program->source.empty() || program->il.empty()) {
    program->kernels = kernels_in_source(program->source);
  } else {
    program->kernels = kernels_in_spirv(program->il);
  }
  program->binary_type = type;
  program->status = CL_BUILD_SUCCESS;
}

using ProgramNotify = void(CL_CALLBACK*)(cl_program, void*);

}  // namespace

std::string binary_of(cl_program program) {
  std::lock_guard lock(program->mutex);
  if (program->binary_type == CL_PROGRAM_BINARY_TYPE_NONE) return {};
  return std::string(kMagic) + std::to_string(program->binary_type) + '\n' +
         (program->source.empty() ? program->il : program->source);
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

_cl_program::~_cl_program() {
  for (auto n = on_destroy.rbegin(); n != on_destroy.rend(); ++n) n->function(this, n->user_data);
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char** strings, const size_t* lengths,
                                     cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (count == 0 || strings == nullptr || std::find(strings, strings + count, nullptr) != strings + count) {
    return failed(errcode_ret, CL_INVALID_VALUE);
  }
  cl_program program = make_program(context, errcode_ret);
  for (cl_uint i = 0; program != nullptr && i < count; ++i) {
    bool has_length = lengths != nullptr && lengths[i] != 0;
    program->source += has_length ? std::string_view(strings[i], lengths[i]) : std::string_view(strings[i]);
  }
  return program;
}

cl_program clCreateProgramWithBinary(cl_context context, cl_uint num_devices, const cl_device_id* device_list,
                                     const size_t* lengths, const unsigned char** binaries, cl_int* binary_status,
                                     cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (num_devices == 0 || lengths == nullptr || binaries == nullptr) return failed(errcode_ret, CL_INVALID_VALUE);
  if (cl_int bad = check_devices(context, num_devices, device_list); bad != CL_SUCCESS) {
    return failed(errcode_ret, bad);
  }
  cl_int code = CL_SUCCESS;
  std::string_view binary;
  for (cl_uint i = 0; i < num_devices; ++i) {
    cl_int status = CL_SUCCESS;
    if (lengths[i] == 0 || binaries[i] == nullptr) {
      status = CL_INVALID_VALUE;
    } else {
      binary = {reinterpret_cast<const char*>(binaries[i]), lengths[i]};
      if (!binary.starts_with(kMagic)) status = CL_INVALID_BINARY;
    }
    if (binary_status != nullptr) binary_status[i] = status;
    if (status != CL_SUCCESS) code = status;
  }
  if (code != CL_SUCCESS) return failed(errcode_ret, code);
  cl_program program = make_program(context, errcode_ret);
  if (program == nullptr) return nullptr;
  program->devices.clear();
  for (cl_uint i = 0; i < num_devices; ++i) program->devices.emplace_back(device_list[i]);
  size_t line_end = std::min(binary.find('\n'), binary.size() - 1);
  program->binary_type = static_cast<cl_program_binary_type>(binary[kMagic.size()] - '0');
  program->source = binary.substr(line_end + 1);
  return program;
}

cl_program clCreateProgramWithBuiltInKernels(cl_context context, cl_uint num_devices, const cl_device_id* device_list,
                                             const char* kernel_names, cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (num_devices == 0 || kernel_names == nullptr) return failed(errcode_ret, CL_INVALID_VALUE);
  cl_int bad = check_devices(context, num_devices, device_list);
  return failed(errcode_ret, bad != CL_SUCCESS ? bad : CL_INVALID_VALUE);  // the device has none
}

cl_program clCreateProgramWithIL(cl_context context, const void* il, size_t length, cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (il == nullptr || length == 0) return failed(errcode_ret, CL_INVALID_VALUE);
  cl_program program = make_program(context, errcode_ret);
  if (program != nullptr) program->il.assign(static_cast<const char*>(il), length);
  return program;
}

cl_program clCreateProgramWithILKHR(cl_context context, const void* il, size_t length, cl_int* errcode_ret) {
  return clCreateProgramWithIL(context, il, length, errcode_ret);
}

cl_int clRetainProgram(cl_program program) { return retain(program, CL_INVALID_PROGRAM); }

cl_int clReleaseProgram(cl_program program) { return release(program, CL_INVALID_PROGRAM); }

cl_int clBuildProgram(cl_program program, cl_uint num_devices, const cl_device_id* device_list, const char* options,
                      ProgramNotify pfn_notify, void* user_data) {
  if (!valid(program)) return CL_INVALID_PROGRAM;
  if (pfn_notify == nullptr && user_data != nullptr) return CL_INVALID_VALUE;
  if (cl_int bad = check_devices(program->context.get(), num_devices, device_list); bad != CL_SUCCESS) return bad;
  build(program, options, CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
  if (pfn_notify != nullptr) pfn_notify(program, user_data);
  return CL_SUCCESS;
}

cl_int clCompileProgram(cl_program program, cl_uint num_devices, const cl_device_id* device_list, const char* options,
                        cl_uint num_input_headers, const cl_program* input_headers, const char** header_include_names,
                        ProgramNotify pfn_notify, void* user_data) {
  if (!valid(program)) return CL_INVALID_PROGRAM;
  if ((pfn_notify == nullptr && user_data != nullptr) || (num_input_headers == 0) != (input_headers == nullptr) ||
      (num_input_headers == 0) != (header_include_names == nullptr)) {
    return CL_INVALID_VALUE;
  }
  if (!all_valid(num_input_headers, input_headers)) return CL_INVALID_PROGRAM;
  if (cl_int bad = check_devices(program->context.get(), num_devices, device_list); bad != CL_SUCCESS) return bad;
  build(program, options, CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT);
  if (pfn_notify != nullptr) pfn_notify(program, user_data);
  return CL_SUCCESS;
}

cl_program clLinkProgram(cl_context context, cl_uint num_devices, const cl_device_id* device_list, const char* options,
                         cl_uint num_input_programs, const cl_program* input_programs, ProgramNotify pfn_notify,
                         void* user_data, cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  if (num_input_programs == 0 || input_programs == nullptr || (pfn_notify == nullptr && user_data != nullptr)) {
    return failed(errcode_ret, CL_INVALID_VALUE);
  }
  if (!all_valid(num_input_programs, input_programs)) return failed(errcode_ret, CL_INVALID_PROGRAM);
  if (cl_int bad = check_devices(context, num_devices, device_list); bad != CL_SUCCESS) {
    return failed(errcode_ret, bad);
  }
  bool compiled = std::all_of(input_programs, input_programs + num_input_programs, [](cl_program p) {
    return p->binary_type == CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT || p->binary_type == CL_PROGRAM_BINARY_TYPE_LIBRARY;
  });
  if (!compiled) return failed(errcode_ret, CL_INVALID_OPERATION);
  cl_program program = make_program(context, errcode_ret);
  if (program == nullptr) return nullptr;
  for (cl_uint i = 0; i < num_input_programs; ++i) program->source += input_programs[i]->source + '\n';
  bool is_library = options != nullptr && std::string_view(options).find("-create-library") != std::string_view::npos;
  build(program, options, is_library ? CL_PROGRAM_BINARY_TYPE_LIBRARY : CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
  for (cl_uint i = 0; i < num_input_programs; ++i) {  // kernels of IL have no source to be joined
    if (input_programs[i]->il.empty()) continue;
    const auto& kernels = input_programs[i]->kernels;
    program->kernels.insert(program->kernels.end(), kernels.begin(), kernels.end());
  }
  if (pfn_notify != nullptr) pfn_notify(program, user_data);
  return program;
}

cl_int clSetProgramSpecializationConstant(cl_program program, cl_uint /*spec_id*/, size_t spec_size,
                                          const void* spec_value) {
  if (!valid(program) || program->il.empty()) return CL_INVALID_PROGRAM;
  return spec_size != 0 && spec_value != nullptr ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clSetProgramReleaseCallback(cl_program program, ProgramNotify pfn_notify, void* user_data) {
  if (!valid(program)) return CL_INVALID_PROGRAM;
  if (pfn_notify == nullptr) return CL_INVALID_VALUE;
  std::lock_guard lock(program->mutex);
  program->on_destroy.push_back({pfn_notify, user_data});
  return CL_SUCCESS;
}
