// Buffers and sub-buffers.
#include "shim/opencl/memory.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl/transfer.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

cl_int check_mem_flags(cl_mem_flags flags, const void* host_ptr) {
  constexpr cl_mem_flags kAccess = CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY;
  constexpr cl_mem_flags kHost = CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR;
  constexpr cl_mem_flags kHostAccess = CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS;
  constexpr cl_mem_flags kOther = CL_MEM_KERNEL_READ_AND_WRITE;
  auto at_most_one = [&](cl_mem_flags of) { return ((flags & of) & ((flags & of) - 1)) == 0; };
  if ((flags & ~(kAccess | kHost | kHostAccess | kOther)) != 0) return CL_INVALID_VALUE;
  if (!at_most_one(kAccess) || !at_most_one(kHostAccess)) return CL_INVALID_VALUE;
  if ((flags & CL_MEM_USE_HOST_PTR) != 0 && (flags & (CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)) != 0) {
    return CL_INVALID_VALUE;
  }
  bool wants = (flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)) != 0;
  return wants == (host_ptr != nullptr) ? CL_SUCCESS : CL_INVALID_HOST_PTR;
}

cl_mem_flags inherit_flags(cl_mem_flags flags, cl_mem_flags above) {
  constexpr cl_mem_flags kAccess = CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY;
  constexpr cl_mem_flags kHost = CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR;
  constexpr cl_mem_flags kHostAccess = CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS;
  auto contradicts = [&](cl_mem_flags one, cl_mem_flags others) { return (above & one) != 0 && (flags & others) != 0; };
  if ((flags & kHost) != 0 || check_mem_flags(flags, nullptr) != CL_SUCCESS) return 0;
  if (contradicts(CL_MEM_WRITE_ONLY, CL_MEM_READ_WRITE | CL_MEM_READ_ONLY) ||
      contradicts(CL_MEM_READ_ONLY, CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY) ||
      contradicts(CL_MEM_HOST_WRITE_ONLY, CL_MEM_HOST_READ_ONLY) ||
      contradicts(CL_MEM_HOST_READ_ONLY, CL_MEM_HOST_WRITE_ONLY) ||
      contradicts(CL_MEM_HOST_NO_ACCESS, CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY)) {
    return 0;
  }
  if ((flags & kAccess) == 0) flags |= above & (kAccess | CL_MEM_KERNEL_READ_AND_WRITE);
  if ((flags & kHostAccess) == 0) flags |= above & kHostAccess;
  return flags | (above & kHost);
}

std::vector<cl_mem_properties> copy_properties(const cl_mem_properties* properties) {
  std::vector<cl_mem_properties> copy;
  if (properties == nullptr) return copy;
  for (const auto* p = properties; *p != 0; p += 2) copy.insert(copy.end(), {p[0], p[1]});
  copy.push_back(0);
  return copy;
}

Mem* make_mem(Context* context, cl_mem_object_type type, cl_mem_flags flags, const void* host_ptr) {
  auto* mem = make_object<Mem>(context);
  if (mem == nullptr) return nullptr;
  mem->context = context;
  mem->object_type = type;
  mem->flags = (flags & (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY | CL_MEM_KERNEL_READ_AND_WRITE)) == 0
                   ? flags | CL_MEM_READ_WRITE
                   : flags;
  if ((flags & CL_MEM_USE_HOST_PTR) != 0) mem->host_pointer = const_cast<void*>(host_ptr);
  add_reference(context);
  return mem;
}

namespace {

cl_mem create(cl_context context, const cl_mem_properties* properties, cl_mem_flags flags, size_t size, void* host_ptr,
              cl_int* errcode_ret) {
  auto* in = as<Context>(context);
  if (in == nullptr) return fail<cl_mem>(errcode_ret, CL_INVALID_CONTEXT);
  if (properties != nullptr && *properties != 0) return fail<cl_mem>(errcode_ret, CL_INVALID_PROPERTY);
  if (cl_int bad = check_mem_flags(flags, host_ptr); bad == CL_INVALID_VALUE) return fail<cl_mem>(errcode_ret, bad);
  size_t largest = 0;
  for (Device* device : in->devices) {
    largest = std::max<size_t>(largest, device->number<cl_ulong>(CL_DEVICE_MAX_MEM_ALLOC_SIZE));
  }
  if (size == 0 || size > largest) return fail<cl_mem>(errcode_ret, CL_INVALID_BUFFER_SIZE);
  if (cl_int bad = check_mem_flags(flags, host_ptr); bad != CL_SUCCESS) return fail<cl_mem>(errcode_ret, bad);
  // Shared memory is the buffer's storage on the server too: there it has its contents already.
  auto address = reinterpret_cast<uintptr_t>(host_ptr);
  Shared shared = (flags & CL_MEM_USE_HOST_PTR) != 0 && is_svm(in, host_ptr) ? find_shared(host_ptr) : nullptr;
  if (shared != nullptr && !shared->contains(address, 1)) shared = nullptr;
  if (shared != nullptr && !shared->contains(address, size)) return fail<cl_mem>(errcode_ret, CL_INVALID_BUFFER_SIZE);
  Mem* mem = make_mem(in, CL_MEM_OBJECT_BUFFER, flags, host_ptr);
  if (mem == nullptr) return fail<cl_mem>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  mem->size = size;
  mem->properties = copy_properties(properties);
  msg::CreateBuffer m;
  m.context = in->id;
  m.flags = flags;
  m.size = size;
  if (shared != nullptr) {
    m.shared = address;
    if (shared->tracked()) push_shared({shared});
  }
  m.result = mem->id;
  Session* session = in->session;
  cl_int status = CL_SUCCESS;
  if (size <= kOneWaySize && session->take_grant(size)) {
    mem->granted = true;
    if (session->post(m) == 0) status = session->lost_status();
  } else {
    status = session->call(m).status;
  }
  if (status == CL_SUCCESS && host_ptr != nullptr && shared == nullptr)
    status = upload_span(Span::buffer(mem, 0, size, host_ptr));
  if (status != CL_SUCCESS) {
    drop_reference(mem);
    return fail<cl_mem>(errcode_ret, status);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_mem>(mem);
}

}  // namespace

namespace hand {

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void* host_ptr, cl_int* errcode_ret) {
  return create(context, nullptr, flags, size, host_ptr, errcode_ret);
}

cl_mem clCreateBufferWithProperties(cl_context context, const cl_mem_properties* properties, cl_mem_flags flags,
                                    size_t size, void* host_ptr, cl_int* errcode_ret) {
  return create(context, properties, flags, size, host_ptr, errcode_ret);
}

cl_mem clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void* info,
                         cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_mem>(errcode_ret, code); };
  auto* parent = as<Mem>(buffer);
  if (parent == nullptr || parent->object_type != CL_MEM_OBJECT_BUFFER || parent->parent != nullptr) {
    return give(CL_INVALID_MEM_OBJECT);
  }
  cl_mem_flags inherited = inherit_flags(flags, parent->flags);
  if (inherited == 0) return give(CL_INVALID_VALUE);
  const auto* region = static_cast<const cl_buffer_region*>(info);
  if (type != CL_BUFFER_CREATE_TYPE_REGION || region == nullptr) return give(CL_INVALID_VALUE);
  if (region->size == 0) return give(CL_INVALID_BUFFER_SIZE);
  if (region->origin > parent->size || region->size > parent->size - region->origin) return give(CL_INVALID_VALUE);
  bool aligned = false;
  for (Device* device : parent->context->devices) {
    auto bits = device->number<cl_uint>(CL_DEVICE_MEM_BASE_ADDR_ALIGN);
    aligned = aligned || bits < 8 || region->origin % (bits / 8) == 0;
  }
  if (!aligned) return give(CL_MISALIGNED_SUB_BUFFER_OFFSET);
  auto* mem = make_object<Mem>(parent);
  if (mem == nullptr) return give(CL_OUT_OF_HOST_MEMORY);
  mem->context = parent->context;
  mem->parent = parent;
  mem->object_type = CL_MEM_OBJECT_BUFFER;
  mem->flags = inherited;
  mem->size = region->size;
  mem->offset = region->origin;
  if (parent->host_pointer != nullptr) mem->host_pointer = static_cast<char*>(parent->host_pointer) + region->origin;
  add_reference(parent->context);
  add_reference(parent);
  msg::CreateSubBuffer m;
  m.buffer = parent->id;
  m.flags = inherited;
  m.origin = region->origin;
  m.size = region->size;
  m.result = mem->id;
  if (cl_int bad = send(mem, m); bad != CL_SUCCESS) {
    drop_reference(mem);
    return give(bad);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_mem>(mem);
}

cl_int clRetainMemObject(cl_mem memobj) { return retain<Mem>(memobj, CL_INVALID_MEM_OBJECT); }
cl_int clReleaseMemObject(cl_mem memobj) { return release<Mem>(memobj, CL_INVALID_MEM_OBJECT); }

cl_int clGetMemObjectInfo(cl_mem memobj, cl_mem_info param, size_t size, void* value, size_t* size_ret) {
  auto* mem = as<Mem>(memobj);
  if (mem == nullptr) return CL_INVALID_MEM_OBJECT;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_MEM_TYPE:
      return answer.number(mem->object_type);
    case CL_MEM_FLAGS:
      return answer.number(mem->flags);
    case CL_MEM_SIZE:
      return answer.number(mem->size);
    case CL_MEM_HOST_PTR:
      return answer.number(mem->host_pointer);
    case CL_MEM_MAP_COUNT:
      return answer.number(map_count(mem));
    case CL_MEM_REFERENCE_COUNT:
      return answer.number(cl_uint{mem->user_references.load()});
    case CL_MEM_CONTEXT:
      return answer.number(reinterpret_cast<cl_context>(mem->context));
    case CL_MEM_ASSOCIATED_MEMOBJECT:
      return answer.number(reinterpret_cast<cl_mem>(mem->parent));
    case CL_MEM_OFFSET:
      return answer.number(mem->offset);
    case CL_MEM_USES_SVM_POINTER:
      return answer.number(cl_bool{is_svm(mem->context, mem->host_pointer) ? 1U : 0U});
    case CL_MEM_PROPERTIES:
      return answer.list(mem->properties);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetMemObjectDestructorCallback(cl_mem memobj, void(CL_CALLBACK* pfn_notify)(cl_mem, void*), void* user_data) {
  auto* mem = as<Mem>(memobj);
  if (mem == nullptr) return CL_INVALID_MEM_OBJECT;
  if (pfn_notify == nullptr) return CL_INVALID_VALUE;
  MemState& state = state_of(mem);
  std::lock_guard lock(state.lock);
  state.destructors.push_back({reinterpret_cast<void (*)(void*, void*)>(pfn_notify), user_data});
  return CL_SUCCESS;
}

}  // namespace hand
}  // namespace cenote::opencl
