// Building, compiling and linking programs. The server's reply tells everything about the program and its kernels, so
// that no later question about them travels.
#include <cstring>

#include "shim/callbacks.hpp"
#include "shim/opencl/includes.hpp"
#include "shim/opencl/program_info.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

using Notify = void(CL_CALLBACK*)(cl_program, void*);

/// What kernels' arguments are is asked of the driver at every build; the program does not see the option.
std::string with_argument_info(const char* options) {
  std::string all = options == nullptr ? "" : options;
  if (all.find("-cl-kernel-arg-info") == std::string::npos)
    all += all.empty() ? "-cl-kernel-arg-info" : " -cl-kernel-arg-info";
  return all;
}

cl_int chosen(const Program* program, cl_uint count, const cl_device_id* list, std::vector<uint64_t>* ids) {
  if ((count == 0) != (list == nullptr)) return CL_INVALID_VALUE;
  for (cl_uint i = 0; i < count; ++i) {
    auto* device = as<Device>(list[i]);
    if (device == nullptr ||
        std::find(program->devices.begin(), program->devices.end(), device) == program->devices.end()) {
      return CL_INVALID_DEVICE;
    }
    ids->push_back(device->id);
  }
  return CL_SUCCESS;
}

bool in_progress(Program* program) {
  std::lock_guard lock(program->lock);
  const auto& builds = program->info->builds;
  return std::any_of(builds.begin(), builds.end(), [](const Build& b) { return b.status == CL_BUILD_IN_PROGRESS; });
}

void begin(Program* program, const std::vector<uint64_t>& ids, const char* options) {
  std::lock_guard lock(program->lock);
  for (size_t i = 0; i < program->devices.size(); ++i) {
    if (!ids.empty() && std::find(ids.begin(), ids.end(), program->devices[i]->id) == ids.end()) continue;
    program->info->builds[i].status = CL_BUILD_IN_PROGRESS;
    program->info->builds[i].options = options == nullptr ? "" : options;
  }
}

/// A build that has failed here already.
void give_up(Program* program, const std::vector<uint64_t>& ids, const std::string& why) {
  std::lock_guard lock(program->lock);
  for (size_t i = 0; i < program->devices.size(); ++i) {
    if (!ids.empty() && std::find(ids.begin(), ids.end(), program->devices[i]->id) == ids.end()) continue;
    program->info->builds[i].status = CL_BUILD_ERROR;
    program->info->builds[i].log = "cenote: " + why + "\n";
  }
}

/// Takes in the reply; where it carries nothing, the build has failed everywhere.
void finish(Program* program, wire::Reader body) {
  std::lock_guard lock(program->lock);
  if (body.left() != 0 && program->info->read(body)) return;
  for (Build& build : program->info->builds) {
    if (build.status == CL_BUILD_IN_PROGRESS) build.status = CL_BUILD_ERROR;
  }
}

/// Sends the call: waits for its reply, or lets `notify` be called when it has come.
template <class M>
cl_int run(Program* program, const M& m, Notify notify, void* user_data) {
  Session* session = program->session;
  if (notify == nullptr) {
    shim::Reply reply = session->call(m);
    finish(program, reply.reader());
    return reply.status;
  }
  add_reference(program);
  program->callbacks.fetch_add(1);
  uint64_t sequence = session->post_expecting(m, wire::kWantsReply, [&](uint64_t s) {
    session->begin_async();
    session->expect_reply(s, [=](int32_t, wire::Reader& body) {
      finish(program, body);
      session->end_async();
      shim::run_callback([=] {
        notify(reinterpret_cast<cl_program>(program), user_data);
        program->callbacks.fetch_sub(1);
        drop_reference(program);
      });
    });
  });
  if (sequence == 0) {
    program->callbacks.fetch_sub(1);
    drop_reference(program);
    return session->lost_status();
  }
  session->flush();
  return CL_SUCCESS;
}

cl_int build(cl_program handle, cl_uint count, const cl_device_id* list, const char* options, bool compile,
             cl_uint header_count, const cl_program* headers, const char** header_names, Notify notify,
             void* user_data) {
  auto* program = as<Program>(handle);
  if (program == nullptr) return CL_INVALID_PROGRAM;
  if (notify == nullptr && user_data != nullptr) return CL_INVALID_VALUE;
  std::vector<uint64_t> ids;
  if (cl_int bad = chosen(program, count, list, &ids); bad != CL_SUCCESS) return bad;
  if (program->references.load() > 1 + program->callbacks.load()) return CL_INVALID_OPERATION;  // kernels are attached
  if (in_progress(program)) return CL_INVALID_OPERATION;
  if ((header_count == 0) != (headers == nullptr) || (header_count == 0) != (header_names == nullptr)) {
    return CL_INVALID_VALUE;
  }
  std::string names;
  std::vector<uint64_t> header_ids;
  for (cl_uint i = 0; i < header_count; ++i) {
    auto* header = as<Program>(headers[i]);
    if (header == nullptr || header_names[i] == nullptr) return CL_INVALID_VALUE;
    header_ids.push_back(header->id);
    names.append(header_names[i]).push_back('\0');
  }
  if (compile && program->info->source.empty() && program->info->il.empty()) return CL_INVALID_OPERATION;
  begin(program, ids, options);
  std::string all = with_argument_info(options);
  ShippedIncludes files;
  if (!program->info->source.empty()) {
    std::vector<std::string_view> sources{program->info->source};
    for (cl_uint i = 0; i < header_count; ++i) sources.emplace_back(as<Program>(headers[i])->info->source);
    files = ship_includes(program->session, sources, all);
  }
  if (!files.problem.empty()) {
    cl_int code = compile ? CL_COMPILE_PROGRAM_FAILURE : CL_BUILD_PROGRAM_FAILURE;
    give_up(program, ids, files.problem);
    if (notify != nullptr) {
      shim::run_callback([=] { notify(handle, user_data); });
      return CL_SUCCESS;
    }
    return code;
  }
  msg::BuildProgram m;
  m.program = program->id;
  m.devices = {ids.data(), ids.size()};
  m.options = wire::blob(all);
  m.action = compile ? 1 : 0;
  m.headers = {header_ids.data(), header_ids.size()};
  m.header_names = wire::blob(names);
  m.view = files.view;
  return run(program, m, notify, user_data);
}

}  // namespace

namespace hand {

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id* list, const char* options, Notify notify,
                      void* user_data) {
  return build(program, count, list, options, false, 0, nullptr, nullptr, notify, user_data);
}

cl_int clCompileProgram(cl_program program, cl_uint count, const cl_device_id* list, const char* options,
                        cl_uint header_count, const cl_program* headers, const char** header_names, Notify notify,
                        void* user_data) {
  return build(program, count, list, options, true, header_count, headers, header_names, notify, user_data);
}

cl_program clLinkProgram(cl_context context, cl_uint count, const cl_device_id* list, const char* options,
                         cl_uint program_count, const cl_program* programs, Notify notify, void* user_data,
                         cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_program>(errcode_ret, code); };
  auto* in = as<Context>(context);
  if (in == nullptr) return give(CL_INVALID_CONTEXT);
  if ((count == 0) != (list == nullptr) || program_count == 0 || programs == nullptr ||
      (notify == nullptr && user_data != nullptr)) {
    return give(CL_INVALID_VALUE);
  }
  if (!all_valid<Program>(program_count, programs)) return give(CL_INVALID_PROGRAM);
  std::vector<Device*> devices = count == 0 ? in->devices : std::vector<Device*>{};
  for (cl_uint i = 0; i < count; ++i) {
    auto* device = as<Device>(list[i]);
    if (device == nullptr || !in->has(device)) return give(CL_INVALID_DEVICE);
    devices.push_back(device);
  }
  auto* program = make_object<Program>(in);
  if (program == nullptr) return give(CL_OUT_OF_HOST_MEMORY);
  program->context = in;
  program->devices = devices;
  program->info = std::make_shared<ProgramInfo>();
  program->info->builds.resize(devices.size());
  add_reference(in);
  begin(program, {}, options);
  std::vector<uint64_t> ids;
  ids.reserve(devices.size());
  for (Device* device : devices) ids.push_back(device->id);
  IdList<Program> inputs(program_count, programs);
  msg::LinkProgram m;
  m.context = in->id;
  m.devices = {ids.data(), ids.size()};
  m.options = wire::blob(options == nullptr ? "" : options);
  m.programs = inputs.words();
  m.result = program->id;
  cl_int status = run(program, m, notify, user_data);
  if (errcode_ret != nullptr) *errcode_ret = status;
  if (status != CL_SUCCESS && status != CL_LINK_PROGRAM_FAILURE) {
    drop_reference(program);
    return nullptr;
  }
  return reinterpret_cast<cl_program>(program);
}

}  // namespace hand
}  // namespace cenote::opencl
