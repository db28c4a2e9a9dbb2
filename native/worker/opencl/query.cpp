// Info queries that the shim has no answer to. Only raw bytes go back: a handle of the driver's means nothing to the
// client.
#include <memory>

#include "wire/opencl_queries.hpp"
#include "worker/opencl/plain.hpp"
#include "worker/opencl/share.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kMaxAnswer = size_t{64} << 20;

/// Asks for the size, then for the bytes.
template <class F>
int32_t fetch(std::vector<char>& answer, F&& query) {
  size_t size = 0;
  int32_t status = query(0, nullptr, &size);
  if (status != CL_SUCCESS) return status;
  if (size > kMaxAnswer) return CL_OUT_OF_HOST_MEMORY;
  answer.resize(size);
  return size == 0 ? static_cast<int32_t>(CL_SUCCESS) : query(size, answer.data(), nullptr);
}

template <class T>
T* typed(Worker& w, const Call& call, uint64_t id) {
  auto* object = dynamic_cast<T*>(w.objects.find(id));
  if (object == nullptr) w.broken("a query about an object of another type", call);
  return object;
}

/// All sizes, or the binary for one device.
int32_t program_binary(const Driver& d, cl_program program, uint64_t param, uint64_t index, std::vector<char>& answer) {
  std::vector<char> raw;
  int32_t status = fetch(
      raw, [&](size_t n, void* v, size_t* r) { return d.clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, n, v, r); });
  if (param == CL_PROGRAM_BINARY_SIZES) answer = raw;
  if (status != CL_SUCCESS || param == CL_PROGRAM_BINARY_SIZES) return status;
  size_t count = raw.size() / sizeof(size_t);
  if (index >= count) return CL_INVALID_VALUE;
  std::vector<size_t> sizes(count);
  std::memcpy(sizes.data(), raw.data(), raw.size());
  std::vector<unsigned char*> pointers(count, nullptr);
  answer.resize(sizes[index]);
  pointers[index] = reinterpret_cast<unsigned char*>(answer.data());
  return d.clGetProgramInfo(program, CL_PROGRAM_BINARIES, count * sizeof(unsigned char*), pointers.data(), nullptr);
}

void reply(Worker& w, uint64_t sequence, int32_t status, const std::vector<char>& answer) {
  worker::Bytes body;
  body.bytes(answer.data(), answer.size());
  w.outbox.reply(sequence, status, body.data());
}

/// Drivers may compile for this.
void ask_binary(Worker& w, const Call& call, const msg::Query& m) {
  auto* program = typed<Program>(w, call, m.object);
  if (program->native == nullptr) return reply(w, call.sequence, program->error, {});
  struct Outcome {
    int32_t status = CL_SUCCESS;
    std::vector<char> answer;
  };
  auto outcome = std::make_shared<Outcome>();
  const Driver& d = *program->context->driver;
  cl_program native = program->native;
  d.clRetainProgram(native);
  w.blocking(
      [&d, native, outcome, param = m.param, index = m.number] {
        outcome->status = program_binary(d, native, param, index, outcome->answer);
        d.clReleaseProgram(native);
      },
      [&w, sequence = call.sequence, outcome] { reply(w, sequence, outcome->status, outcome->answer); });
}

/// The client knows a read's end by its bytes, which is before the driver has ended the command.
void ask_times(Worker& w, const Call& call, const msg::Query& m) {
  Ref<Event> event(typed<Event>(w, call, m.object));
  if (event->native == nullptr) return reply(w, call.sequence, CL_PROFILING_INFO_NOT_AVAILABLE, {});
  auto answer = [&w, event, sequence = call.sequence, param = static_cast<cl_uint>(m.param)] {
    std::vector<char> times;
    if (param == CL_PROFILING_COMMAND_QUEUED && event->queued != 0) {
      const auto* bytes = reinterpret_cast<const char*>(&event->queued);
      return reply(w, sequence, CL_SUCCESS, {bytes, bytes + sizeof event->queued});
    }
    int32_t status = fetch(times, [&](size_t n, void* v, size_t* r) {
      return event->driver->clGetEventProfilingInfo(event->timed(param), param, n, v, r);
    });
    reply(w, sequence, status, times);
  };
  cl_int status = CL_QUEUED;
  event->driver->clGetEventInfo(event->native, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
  if (status <= CL_COMPLETE) return answer();
  w.blocking([driver = event->driver, native = event->native] { driver->clWaitForEvents(1, &native); }, answer);
}

int32_t ask(Worker& w, const Call& call, const msg::Query& m, std::vector<char>& answer) {
  auto param = static_cast<cl_uint>(m.param);
  switch (static_cast<QueryFunction>(m.function)) {
    case QueryFunction::kDevice: {
      auto* device = typed<Device>(w, call, m.object);
      int32_t status = fetch(answer, [&](size_t n, void* v, size_t* r) {
        return device->platform->driver.clGetDeviceInfo(device->native, param, n, v, r);
      });
      if (status == CL_SUCCESS) Share(device->platform->driver, device->native, device->share).scale(param, answer);
      return status;
    }
    case QueryFunction::kDeviceTimer: {
      auto* device = typed<Device>(w, call, m.object);
      cl_ulong both[2] = {0, 0};
      const Driver& d = device->platform->driver;
      if (d.clGetDeviceAndHostTimer == nullptr) return CL_INVALID_OPERATION;
      int32_t status = d.clGetDeviceAndHostTimer(device->native, &both[0], &both[1]);
      answer.assign(reinterpret_cast<char*>(both), reinterpret_cast<char*>(both) + sizeof both[0]);
      return status;
    }
    case QueryFunction::kImageFormats: {
      auto* context = typed<Context>(w, call, m.object);
      cl_uint count = 0;
      auto type = static_cast<cl_mem_object_type>(m.number);
      int32_t status = context->driver->clGetSupportedImageFormats(context->native, m.param, type, 0, nullptr, &count);
      answer.resize(count * sizeof(cl_image_format));
      if (status != CL_SUCCESS || count == 0) return status;
      return context->driver->clGetSupportedImageFormats(context->native, m.param, type, count,
                                                         reinterpret_cast<cl_image_format*>(answer.data()), nullptr);
    }
    case QueryFunction::kMem: {
      auto* mem = typed<Mem>(w, call, m.object);
      return fetch(answer, [&](size_t n, void* v, size_t* r) {
        return mem->context->driver->clGetMemObjectInfo(mem->native, param, n, v, r);
      });
    }
    case QueryFunction::kImage: {
      auto* mem = typed<Mem>(w, call, m.object);
      return fetch(answer, [&](size_t n, void* v, size_t* r) {
        return mem->context->driver->clGetImageInfo(mem->native, param, n, v, r);
      });
    }
    case QueryFunction::kProgram: {
      auto* program = typed<Program>(w, call, m.object);
      if (param != CL_PROGRAM_SOURCE) w.broken("a query whose answer is no plain bytes", call);
      if (program->native == nullptr) return program->error;
      return fetch(answer, [&](size_t n, void* v, size_t* r) {
        return program->context->driver->clGetProgramInfo(program->native, param, n, v, r);
      });
    }
    case QueryFunction::kKernelWorkGroup: {
      auto* kernel = typed<Kernel>(w, call, m.object);
      auto* device = typed<Device>(w, call, m.other);
      return fetch(answer, [&](size_t n, void* v, size_t* r) {
        return kernel->program->context->driver->clGetKernelWorkGroupInfo(kernel->native, device->native, param, n, v,
                                                                          r);
      });
    }
    case QueryFunction::kKernelSubGroup: {
      auto* kernel = typed<Kernel>(w, call, m.object);
      auto* device = typed<Device>(w, call, m.other);
      const Driver& d = *kernel->program->context->driver;
      if (d.clGetKernelSubGroupInfo == nullptr) return CL_INVALID_OPERATION;
      // How many dimensions the answer has depends on the room that there is for it.
      size_t size = 0;
      answer.resize(std::min<size_t>(m.capacity, kMaxAnswer));
      int32_t status = d.clGetKernelSubGroupInfo(kernel->native, device->native, param, m.extra.size(), m.extra.data,
                                                 answer.size(), answer.empty() ? nullptr : answer.data(), &size);
      answer.resize(std::min(size, kMaxAnswer));
      return status;
    }
    case QueryFunction::kSuggestedLocalSize: {
      auto* kernel = typed<Kernel>(w, call, m.object);
      auto* queue = typed<Queue>(w, call, m.other);
      const Driver& d = *queue->context->driver;
      size_t sizes[6];
      if (m.extra.size() != sizeof sizes || m.number > 3) w.broken("sizes of another dimension", call);
      std::memcpy(sizes, m.extra.data, sizeof sizes);
      if (d.clGetKernelSuggestedLocalWorkSizeKHR == nullptr) return CL_INVALID_OPERATION;
      answer.resize(m.number * sizeof(size_t));
      return d.clGetKernelSuggestedLocalWorkSizeKHR(queue->native, kernel->native, static_cast<cl_uint>(m.number),
                                                    sizes, sizes + 3, reinterpret_cast<size_t*>(answer.data()));
    }
    default:
      w.broken("a query that does not exist", call);
  }
}

}  // namespace

void handle(Worker& w, Call& call, const msg::Query& m) {
  auto function = static_cast<QueryFunction>(m.function);
  if (function == QueryFunction::kProgramBinaries) return ask_binary(w, call, m);
  if (function == QueryFunction::kEventProfiling) return ask_times(w, call, m);
  std::vector<char> answer;
  int32_t status = ask(w, call, m, answer);
  reply(w, call.sequence, status, answer);
}

}  // namespace cenote::opencl
