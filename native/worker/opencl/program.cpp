// Programs: making, building, compiling and linking them. Drivers block in builds, so other calls go on meanwhile.
#include <memory>
#include <string>

#include "wire/includes.hpp"
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

cl_program make_from(const Context& context, std::string_view text, cl_int* error) {
  const char* bytes = text.data();
  size_t size = text.size();
  return context.driver->clCreateProgramWithSource(context.native, 1, &bytes, &size, error);
}

/// Programs as one call of the driver's uses them, retained for that long.
class Lent {
 public:
  explicit Lent(const Driver& driver) : driver_(driver) {}
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() {
    for (cl_program program : natives_) driver_.clReleaseProgram(program);
  }
  void add(cl_program program) {
    driver_.clRetainProgram(program);
    natives_.push_back(program);
  }
  void own(cl_program program) { natives_.push_back(program); }
  [[nodiscard]] cl_uint count() const { return static_cast<cl_uint>(natives_.size()); }
  [[nodiscard]] const cl_program* list() const { return natives_.empty() ? nullptr : natives_.data(); }

 private:
  const Driver& driver_;
  std::vector<cl_program> natives_;
};

/// Makes the driver's program anew where its directives are to lead to this build's files.
void give_source(Program& program, const View* view, const std::vector<std::string>& folders) {
  if (program.source.empty()) return;
  std::string text = Includes::contain(program.source, view, {}, folders);
  if (text == program.given) return;
  cl_int error = CL_SUCCESS;
  cl_program made = make_from(*program.context, text, &error);
  if (made == nullptr) return;
  program.context->driver->clReleaseProgram(program.native);
  program.native = made;
  program.given = std::move(text);
}

void lend_header(Lent& headers, const Program& header, const View* view, const std::vector<std::string>& folders) {
  std::string text = Includes::contain(header.source, view, {}, folders);
  cl_int error = CL_SUCCESS;
  cl_program made = text == header.given ? nullptr : make_from(*header.context, text, &error);
  if (made == nullptr) return headers.add(header.native);
  headers.own(made);
}

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
  worker::Bytes body;
  auto create = [&](cl_int* error) -> cl_program {
    const Driver& d = *context->driver;
    size_t size = m.data.size();
    switch (m.kind) {
      case kFromSource:
        scope.object()->source = std::string(m.data.text());
        scope.object()->given = Includes::contain(m.data.text(), nullptr, {}, {});
        return make_from(*context, scope.object()->given, error);
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
        cl_program made =
            d.clCreateProgramWithBinary(context->native, static_cast<cl_uint>(devices.size()), devices.data(),
                                        lengths.data(), binaries.data(), each.data(), error);
        for (cl_int status : each) body.word(static_cast<uint64_t>(int64_t{status}));
        return made;
      }
      default:
        break;
    }
    *error = CL_INVALID_OPERATION;
    return nullptr;
  };
  Program* program = scope.object();
  cl_int error = scope.error();
  if (error == CL_SUCCESS) program->native = create(&error);
  if (error != CL_SUCCESS) program->native = nullptr;
  program->error = error;
  if (!call.wants_reply) return;
  if (error == CL_SUCCESS && m.kind == kFromBinaries) describe_unbuilt(*program, body);
  if (error == CL_SUCCESS && m.kind == kFromBuiltIns) describe_program(*program, body);
  w.outbox.reply(call.sequence, error, body.data());
}

void handle(Worker& w, Call& call, const msg::BuildProgram& m) {
  Plain scope(w, call);
  auto* program = scope.arg<Program>(m.program);
  auto devices = scope.args<Device>(m.devices);
  for (uint64_t header : m.headers) scope.arg<Program>(header);
  if (scope.error() != CL_SUCCESS) return w.outbox.reply(call.sequence, scope.error());
  std::vector<std::string> names;
  for (std::string_view rest = m.header_names.text(); !rest.empty();) {
    size_t end = rest.find('\0');
    names.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (wire::leaves_folder(names.back())) return w.outbox.reply(call.sequence, CL_INVALID_VALUE);
  }
  if (names.size() != m.headers.size()) w.broken("not one name for each header", call);
  std::shared_ptr<View> view = w.includes.view(m.view);
  if (m.view != 0 && view == nullptr) w.broken("files to include that were never named", call);
  Prepared prepared = Includes::prepare(view.get(), std::string(m.options.text()));
  give_source(*program, view.get(), prepared.folders);
  const Driver& d = *program->context->driver;
  auto headers = std::make_shared<Lent>(d);
  for (uint64_t header : m.headers) lend_header(*headers, *w.get<Program>(header), view.get(), prepared.folders);
  auto outcome = std::make_shared<Outcome>();
  bool compile = m.action != 0;
  w.hold(call, {program});
  w.blocking(
      [&w, &d, program, devices, headers, names, compile, view, prepared, outcome] {
        w.includes.lay_out(view.get(), prepared.folders);
        auto count = static_cast<cl_uint>(devices.size());
        const cl_device_id* list = devices.empty() ? nullptr : devices.data();
        const char* options = prepared.options.c_str();
        if (compile) {
          std::vector<const char*> texts;
          texts.reserve(names.size());
          for (const auto& name : names) texts.push_back(name.c_str());
          outcome->status = d.clCompileProgram(program->native, count, list, options, headers->count(), headers->list(),
                                               texts.empty() ? nullptr : texts.data(), nullptr, nullptr);
        } else {
          outcome->status = d.clBuildProgram(program->native, count, list, options, nullptr, nullptr);
        }
        describe_program(*program, outcome->body,
                         [&](std::string text) { return w.includes.client_names(std::move(text), prepared.names); });
      },
      [&w, call, outcome] {
        w.outbox.reply(call.sequence, outcome->status, outcome->body.data());
        w.release(call.parked);
      });
}

void handle(Worker& w, Call& call, const msg::StoreFile& m) {
  if (!w.includes.store(m.data)) w.broken("more files to include than a session may send", call);
}

void handle(Worker& w, Call& call, const msg::IncludeView& m) {
  if (!w.includes.add_view(m.number, m.manifest)) w.broken("a list of files to include that is none", call);
}

void handle(Worker& w, Call& call, const msg::LinkProgram& m) {
  Create<Program> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  auto devices = scope.args<Device>(m.devices);
  auto natives = scope.args<Program>(m.programs);
  auto programs = std::make_shared<Lent>(*context->driver);
  Program* made = scope.object();
  auto outcome = std::make_shared<Outcome>();
  if (scope.error() != CL_SUCCESS) {
    made->error = scope.error();
    return w.outbox.reply(call.sequence, made->error);
  }
  for (cl_program native : natives) programs->add(native);
  w.hold(call, {made});
  w.blocking(
      [context, made, devices, programs, options = std::string(m.options.text()), outcome] {
        made->native = context->driver->clLinkProgram(
            context->native, static_cast<cl_uint>(devices.size()), devices.empty() ? nullptr : devices.data(),
            options.c_str(), programs->count(), programs->list(), nullptr, nullptr, &outcome->status);
        if (made->native != nullptr) describe_program(*made, outcome->body);
      },
      [&w, call, made, outcome] {
        if (made->native == nullptr) made->error = outcome->status;
        w.outbox.reply(call.sequence, outcome->status, outcome->body.data());
        w.release(call.parked);
      });
}

}  // namespace cenote::opencl
