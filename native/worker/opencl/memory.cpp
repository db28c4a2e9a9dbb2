// Memory objects. Host-access flags and host pointers stay with the shim: the driver's object is always readable and
// writable, because the worker's own transfers go through it.
#include "worker/opencl/plain.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

constexpr cl_mem_flags kCarriedFlags = CL_MEM_READ_WRITE | CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY |
                                       CL_MEM_KERNEL_READ_AND_WRITE;

std::vector<cl_mem_properties> property_list(const wire::Words& words) {
  std::vector<cl_mem_properties> list(words.begin(), words.end());
  list.push_back(0);
  return list;
}

}  // namespace

void handle(Worker& w, Call& call, const msg::CreateBuffer& m) {
  Create<Mem> scope(w, call, m.result);
  auto* context = scope.arg<Context>(m.context);
  scope.run([&](cl_int* error) {
    const Driver& driver = *context->driver;
    if (m.properties.size() != 0 && driver.clCreateBufferWithProperties != nullptr) {
      return driver.clCreateBufferWithProperties(context->native, property_list(m.properties).data(),
                                                 m.flags & kCarriedFlags, m.size, nullptr, error);
    }
    return driver.clCreateBuffer(context->native, m.flags & kCarriedFlags, m.size, nullptr, error);
  });
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
  scope.object()->parent = Ref<Mem>(base);
  scope.run([&](cl_int* error) {
    const Driver& driver = *context->driver;
    if (driver.clCreateImage != nullptr) {
      return driver.clCreateImage(context->native, m.flags & kCarriedFlags, &format, &description, nullptr, error);
    }
    *error = CL_INVALID_OPERATION;
    return static_cast<cl_mem>(nullptr);
  });
}

void handle(Worker& w, Call& call, const msg::CreateSubBuffer& m) {
  Create<Mem> scope(w, call, m.result);
  auto* parent = scope.arg<Mem>(m.buffer);
  scope.object()->context = parent->context;
  scope.object()->parent = Ref<Mem>(parent);
  scope.run([&](cl_int* error) {
    cl_buffer_region region{m.origin, m.size};
    return parent->context->driver->clCreateSubBuffer(parent->native, m.flags & kCarriedFlags,
                                                      CL_BUFFER_CREATE_TYPE_REGION, &region, error);
  });
}

}  // namespace cenote::opencl
