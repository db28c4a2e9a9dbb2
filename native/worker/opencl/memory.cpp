// Memory objects. Host-access flags and host pointers stay with the shim: the driver's object is always readable and
// writable, because the worker's own transfers go through it.
#include "worker/opencl/memory.hpp"

#include <memory>

#include "worker/opencl/plain.hpp"
#include "worker/opencl/svm.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

constexpr cl_mem_flags kCarriedFlags =
    CL_MEM_READ_WRITE | CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY | CL_MEM_KERNEL_READ_AND_WRITE;

struct Freed {
  worker::Quota* quota;
  worker::Charge charge;
};

/// Takes note of who pays for the object, and until when: drivers keep an object while commands use it.
void charge(Worker& w, Mem* mem, const worker::Charge& charge) {
  mem->quota = &w.quota;
  mem->charge = charge;
  const Driver& driver = *mem->context->driver;
  if (driver.clSetMemObjectDestructorCallback == nullptr) return;
  auto freed = std::make_unique<Freed>(Freed{&w.quota, charge});
  int32_t status = driver.clSetMemObjectDestructorCallback(
      mem->native,
      [](cl_mem, void* data) {
        std::unique_ptr<Freed> done(static_cast<Freed*>(data));
        done->quota->give_back(done->charge);
      },
      freed.get());
  if (status != CL_SUCCESS) return;
  static_cast<void>(freed.release());
  mem->driver_tells_end = true;
}

void create(Mem* mem, const std::function<cl_mem(cl_int*)>& by) {
  cl_int error = CL_SUCCESS;
  mem->native = by(&error);
  mem->error = error;
  if (error != CL_SUCCESS) mem->native = nullptr;
}

}  // namespace

void make_mem(Worker& w, Call& call, Mem* mem, size_t bytes, bool charged, std::function<cl_mem(cl_int*)> by) {
  auto answer = [&w, mem](const Call& to) {
    if (to.wants_reply) w.outbox.reply(to.sequence, mem->error);
  };
  const Driver& driver = *mem->context->driver;
  if (!charged || bytes == 0) create(mem, by);
  if (!charged || mem->error != CL_SUCCESS) return answer(call);
  if (bytes == 0) driver.clGetMemObjectInfo(mem->native, CL_MEM_SIZE, sizeof bytes, &bytes, nullptr);
  auto take = std::make_shared<worker::Charge>(worker::Charge{0, bytes, !call.wants_reply});
  auto complete = [&w, &driver, mem, by = std::move(by), take](bool room) {
    if (!room && mem->native != nullptr) driver.clReleaseMemObject(std::exchange(mem->native, nullptr));
    if (!room) {
      mem->error = CL_MEM_OBJECT_ALLOCATION_FAILURE;
      return;
    }
    if (mem->native == nullptr) create(mem, by);
    if (mem->error != CL_SUCCESS) return w.quota.cancel(*take);
    charge(w, mem, *take);
  };
  const std::vector<uint32_t>& devices = mem->context->memory;
  if (w.quota.take(devices, take.get())) {
    complete(true);
    return answer(call);
  }
  auto room = std::make_shared<bool>(false);
  w.hold(call, {mem});
  w.blocking([&w, &devices, take, room] { *room = w.quota.obtain(devices, take.get()); },
             [&w, call, complete, answer, room] {
               complete(*room);
               answer(call);
               w.release(call.parked);
             });
}

void handle(Worker& w, Call& call, const msg::CreateBuffer& m) {
  Create<Mem> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  if (m.properties.size() != 0) w.broken("properties that no buffer has", call);
  if (scope.error() != CL_SUCCESS) return scope.give_up();
  cl_mem_flags flags = m.flags & kCarriedFlags;
  if (m.shared != 0) {
    scope.object()->slab = shared_slab(w, call, context, m.shared, m.size);
    flags |= CL_MEM_USE_HOST_PTR;
  }
  make_mem(w, call, scope.object(), m.size, m.shared == 0,
           [context, flags, host = reinterpret_cast<void*>(m.shared), size = static_cast<size_t>(m.size)](
               cl_int* error) { return context->driver->clCreateBuffer(context->native, flags, size, host, error); });
}

void handle(Worker& w, Call& call, const msg::CreateImage& m) {
  Create<Mem> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  auto* base = scope.arg<Mem>(m.mem_object);
  cl_image_format format{m.order, m.data_type};
  cl_image_desc description{};
  description.image_type = static_cast<cl_uint>(m.description[0]);
  description.image_width = m.description[1];
  description.image_height = m.description[2];
  description.image_depth = m.description[3];
  description.image_array_size = m.description[4];
  description.image_row_pitch = m.description[5];
  description.image_slice_pitch = m.description[6];
  description.num_mip_levels = static_cast<cl_uint>(m.description[7]);
  description.num_samples = static_cast<cl_uint>(m.description[8]);
  description.mem_object = native(base);
  if (scope.error() != CL_SUCCESS) return scope.give_up();
  make_mem(w, call, scope.object(), 0, base == nullptr,
           [context, format, description, flags = m.flags & kCarriedFlags](cl_int* error) {
             const Driver& driver = *context->driver;
             if (driver.clCreateImage != nullptr) {
               return driver.clCreateImage(context->native, flags, &format, &description, nullptr, error);
             }
             *error = CL_INVALID_OPERATION;
             return static_cast<cl_mem>(nullptr);
           });
}

void handle(Worker& w, Call& call, const msg::CreateSubBuffer& m) {
  Create<Mem> scope(w, call, m.result);
  auto* parent = scope.arg<Mem>(m.buffer);
  scope.object()->context = parent->context;
  scope.run([&](cl_int* error) {
    cl_buffer_region region{m.origin, m.size};
    return parent->context->driver->clCreateSubBuffer(parent->native, m.flags & kCarriedFlags,
                                                      CL_BUFFER_CREATE_TYPE_REGION, &region, error);
  });
}

}  // namespace cenote::opencl
