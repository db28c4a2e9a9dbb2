// Programs: making, building, compiling and linking them. Drivers block in builds, so other calls go on meanwhile.
#include <memory>
#include <string>

#include "wire/opencl_queries.hpp"
#include "worker/opencl/plain.hpp"
#include "worker/opencl/program_info.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

struct Outcome {
  int32_t status = CL_SUCCESS;
  worker::Bytes body;
};

}  // namespace

void handle(Worker& w, Call& call, const msg::CreateProgram& m) {
  Create<Program> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  auto devices = scope.args<Device>(m.devices);
  const auto* bytes = static_cast<const char*>(m.data.data);
  uint64_t sum = 0;
  for (uint64_t length : m.lengths) {
    if (length > m.data.size() - sum) w.broken("lengths beyond the data", call);
    sum += length;
  }
  worker::Bytes statuses;
  scope.run([&](cl_int* error) -> cl_program {
    const Driver& d = *context->driver;
    size_t size = m.data.size();
    switch (m.kind) {
      case kFromSource: return d.clCreateProgramWithSource(context->native, 1, &bytes, &size, error);
      case kFromIl:
        if (d.clCreateProgramWithIL == nullptr) break;
        return d.clCreateProgramWithIL(context->native, bytes, size, error);
      case kFromBuiltIns: {
        std::string names(m.data.text());
        return d.clCreateProgramWithBuiltInKernels(context->native, static_cast<cl_uint>(devices.size()),
                                                   devices.data(), names.c_str(), error);
      }
      case kFromBinaries: {
        if (m.lengths.size() != devices.size()) w.broken("not one binary for each device", call);
        std::vector<const unsigned char*> binaries;
        std::vector<cl_int> each(devices.size());
        std::vector<size_t> lengths(m.lengths.begin(), m.lengths.end());
        const auto* at = reinterpret_cast<const unsigned char*>(bytes);
        for (size_t length : lengths) {
          binaries.push_back(at);
          at += length;
        }
        cl_program made = d.clCreateProgramWithBinary(context->native, static_cast<cl_uint>(devices.size()),
                                                      devices.data(), lengths.data(), binaries.data(), each.data(),
                                                      error);
        for (cl_int status : each) statuses.word(static_cast<uint64_t>(int64_t{status}));
        return made;
      }
      default: break;
    }
    *error = CL_INVALID_OPERATION;
    return nullptr;
  }, statuses);
}

void handle(Worker& w, Call& call, const msg::BuildProgram& m) {
  Plain scope(w, call);
  auto* program = scope.arg<Program>(m.program);
  auto devices = scope.args<Device>(m.devices);
  auto headers = scope.args<Program>(m.headers);
  auto outcome = std::make_shared<Outcome>();
  if (program->error != CL_SUCCESS) return w.outbox.reply(call.sequence, program->error);
  std::vector<std::string> names;
  for (std::string_view rest = m.header_names.text(); !rest.empty();) {
    size_t end = rest.find('\0');
    names.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  if (names.size() != headers.size()) w.broken("not one name for each header", call);
  bool compile = m.action != 0;
  w.hold(call, {program});
  w.blocking(
      [program, devices, headers, names, compile, options = std::string(m.options.text()), outcome] {
        const Driver& d = *program->context->driver;
        auto count = static_cast<cl_uint>(devices.size());
        const cl_device_id* list = devices.empty() ? nullptr : devices.data();
        if (compile) {
          std::vector<const char*> texts;
          for (const auto& name : names) texts.push_back(name.c_str());
          outcome->status = d.clCompileProgram(program->native, count, list, options.c_str(),
                                               static_cast<cl_uint>(headers.size()),
                                               headers.empty() ? nullptr : headers.data(),
                                               texts.empty() ? nullptr : texts.data(), nullptr, nullptr);
        } else {
          outcome->status = d.clBuildProgram(program->native, count, list, options.c_str(), nullptr, nullptr);
        }
        describe_program(*program, outcome->body);
      },
      [&w, call, outcome] {
        w.outbox.reply(call.sequence, outcome->status, outcome->body.data());
        w.release(call.parked);
      });
}

void handle(Worker& w, Call& call, const msg::LinkProgram& m) {
  Create<Program> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  auto devices = scope.args<Device>(m.devices);
  auto programs = scope.args<Program>(m.programs);
  Program* made = scope.object();
  auto outcome = std::make_shared<Outcome>();
  if (scope.error() != CL_SUCCESS) {
    made->error = scope.error();
    return w.outbox.reply(call.sequence, made->error);
  }
  w.hold(call, {made});
  w.blocking(
      [context, made, devices, programs, options = std::string(m.options.text()), outcome] {
        made->native = context->driver->clLinkProgram(
            context->native, static_cast<cl_uint>(devices.size()), devices.empty() ? nullptr : devices.data(),
            options.c_str(), static_cast<cl_uint>(programs.size()), programs.data(), nullptr, nullptr,
            &outcome->status);
        if (made->native != nullptr) describe_program(*made, outcome->body);
      },
      [&w, call, made, outcome] {
        if (made->native == nullptr) made->error = outcome->status;
        w.outbox.reply(call.sequence, outcome->status, outcome->body.data());
        w.release(call.parked);
      });
}

}  // namespace cenote::opencl
