// Command buffers and the commands recorded in them. Sync points are numbered by counting the commands, here as on the
// server.
#include <cstring>

#include "shim/opencl/image.hpp"
#include "shim/opencl/launch.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

/// What every recorded command has.
struct Recorded {
  cl_command_buffer_khr buffer;
  cl_command_queue queue;
  const cl_command_properties_khr* properties;
  cl_uint count;
  const cl_sync_point_khr* list;
  cl_sync_point_khr* point;
  cl_mutable_command_khr* mutable_handle;
};

/// Records a command: `check(buffer)` completes the message and says whether its arguments are right.
template <class M, class Check>
cl_int record(const Recorded& common, M& m, Check&& check) {
  auto* buffer = as<CommandBuffer>(common.buffer);
  if (buffer == nullptr) return CL_INVALID_COMMAND_BUFFER_KHR;
  std::lock_guard lock(buffer->lock);
  if (common.queue != nullptr) return CL_INVALID_COMMAND_QUEUE;  // that is for buffers of several queues
  if (buffer->state != CL_COMMAND_BUFFER_STATE_RECORDING_KHR) return CL_INVALID_OPERATION;
  if (common.properties != nullptr && *common.properties != 0) return CL_INVALID_VALUE;
  if (common.mutable_handle != nullptr) return CL_INVALID_VALUE;
  if ((common.count == 0) != (common.list == nullptr)) return CL_INVALID_SYNC_POINT_WAIT_LIST_KHR;
  std::vector<uint64_t> points;
  for (cl_uint i = 0; i < common.count; ++i) {
    if (common.list[i] == 0 || common.list[i] > buffer->recorded) return CL_INVALID_SYNC_POINT_WAIT_LIST_KHR;
    points.push_back(common.list[i]);
  }
  if (cl_int bad = check(buffer); bad != CL_SUCCESS) return bad;
  m.command_buffer = buffer->id;
  m.sync_point_wait_list = {points.data(), points.size()};
  if (cl_int bad = send(buffer, m); bad != CL_SUCCESS) return bad;
  ++buffer->recorded;
  if (common.point != nullptr) *common.point = buffer->recorded;
  return CL_SUCCESS;
}

cl_command_queue queue_of(const CommandBuffer* buffer) {
  return reinterpret_cast<cl_command_queue>(buffer->queues.front());
}

wire::Words triple(const size_t* values) {
  return {reinterpret_cast<const uint64_t*>(values), values == nullptr ? wire::kNull : 3};
}

bool all_mems(std::initializer_list<cl_mem> mems) {
  return std::all_of(mems.begin(), mems.end(), [](cl_mem mem) { return as<Mem>(mem) != nullptr; });
}

bool all_given(std::initializer_list<const size_t*> triples) {
  return std::none_of(triples.begin(), triples.end(), [](const size_t* t) { return t == nullptr; });
}

/// Remembers allocations that are to be kept in step whenever the buffer runs.
void reach(CommandBuffer* buffer, const std::vector<Shared>& shared) {
  for (const Shared& allocation : shared) {
    auto& all = buffer->shared;
    if (allocation->tracked() && std::find(all.begin(), all.end(), allocation) == all.end()) all.push_back(allocation);
  }
}

/// The allocation that holds the whole range, for the buffer's context; NULL where there is none.
Shared whole(const CommandBuffer* buffer, const void* at, size_t size) {
  Shared found = at == nullptr ? nullptr : find_shared(at);
  bool good = found != nullptr && found->context == buffer->queues.front()->context &&
              found->contains(reinterpret_cast<uintptr_t>(at), size);
  return good ? found : nullptr;
}

}  // namespace

namespace hand {

cl_command_buffer_khr clCreateCommandBufferKHR(cl_uint count, const cl_command_queue* queues,
                                               const cl_command_buffer_properties_khr* properties,
                                               cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_command_buffer_khr>(errcode_ret, code); };
  if (count != 1 || queues == nullptr) return give(CL_INVALID_VALUE);
  auto* queue = as<Queue>(queues[0]);
  if (queue == nullptr || queue->on_device()) return give(CL_INVALID_COMMAND_QUEUE);
  const Device* device = queue->device;
  if (device->properties.text(CL_DEVICE_EXTENSIONS).find("cl_khr_command_buffer") == std::string_view::npos) {
    return give(CL_INVALID_OPERATION);
  }
  auto required = device->number<cl_command_queue_properties>(CL_DEVICE_COMMAND_BUFFER_REQUIRED_QUEUE_PROPERTIES_KHR);
  if ((required & ~queue->flags) != 0) return give(CL_INCOMPATIBLE_COMMAND_QUEUE_KHR);
  std::vector<uint64_t> pairs;
  for (const auto* p = properties; p != nullptr && *p != 0; p += 2) {
    if (p[0] != CL_COMMAND_BUFFER_FLAGS_KHR) return give(CL_INVALID_VALUE);
    pairs.insert(pairs.end(), {p[0], p[1]});
  }
  auto* buffer = make_object<CommandBuffer>(queue);
  if (buffer == nullptr) return give(CL_OUT_OF_HOST_MEMORY);
  buffer->queues.push_back(queue);
  add_reference(queue);
  buffer->properties.assign(pairs.begin(), pairs.end());
  buffer->properties.push_back(0);
  msg::CreateCommandBuffer m;
  m.queues = {&queue->id, 1};
  m.properties = {pairs.data(), pairs.size()};
  m.result = buffer->id;
  if (cl_int bad = send_and_wait(buffer, m); bad != CL_SUCCESS) {
    drop_reference(buffer);
    return give(bad);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_command_buffer_khr>(buffer);
}

cl_int clFinalizeCommandBufferKHR(cl_command_buffer_khr command_buffer) {
  auto* buffer = as<CommandBuffer>(command_buffer);
  if (buffer == nullptr) return CL_INVALID_COMMAND_BUFFER_KHR;
  std::lock_guard lock(buffer->lock);
  if (buffer->state != CL_COMMAND_BUFFER_STATE_RECORDING_KHR) return CL_INVALID_OPERATION;
  msg::clFinalizeCommandBufferKHR m;
  m.command_buffer = buffer->id;
  // What the driver did not like in a recorded command is told here.
  if (cl_int bad = send_and_wait(buffer, m); bad != CL_SUCCESS) return bad;
  buffer->state = CL_COMMAND_BUFFER_STATE_EXECUTABLE_KHR;
  return CL_SUCCESS;
}

cl_int clRetainCommandBufferKHR(cl_command_buffer_khr buffer) {
  return retain<CommandBuffer>(buffer, CL_INVALID_COMMAND_BUFFER_KHR);
}

cl_int clReleaseCommandBufferKHR(cl_command_buffer_khr buffer) {
  return release<CommandBuffer>(buffer, CL_INVALID_COMMAND_BUFFER_KHR);
}

cl_int clGetCommandBufferInfoKHR(cl_command_buffer_khr command_buffer, cl_command_buffer_info_khr param, size_t size,
                                 void* value, size_t* size_ret) {
  auto* buffer = as<CommandBuffer>(command_buffer);
  if (buffer == nullptr) return CL_INVALID_COMMAND_BUFFER_KHR;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_COMMAND_BUFFER_QUEUES_KHR:
      return answer.list(buffer->queues);
    case CL_COMMAND_BUFFER_NUM_QUEUES_KHR:
      return answer.number(static_cast<cl_uint>(buffer->queues.size()));
    case CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR:
      return answer.number(cl_uint{buffer->user_references.load()});
    case CL_COMMAND_BUFFER_STATE_KHR:
      return answer.number(buffer->state);
    case CL_COMMAND_BUFFER_PROPERTIES_ARRAY_KHR:
      return answer.list(buffer->properties);
    case CL_COMMAND_BUFFER_CONTEXT_KHR:
      return answer.number(reinterpret_cast<cl_context>(buffer->queues.front()->context));
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clEnqueueCommandBufferKHR(cl_uint count, cl_command_queue* queues, cl_command_buffer_khr command_buffer,
                                 cl_uint waits, const cl_event* list, cl_event* event) {
  auto* buffer = as<CommandBuffer>(command_buffer);
  if (buffer == nullptr) return CL_INVALID_COMMAND_BUFFER_KHR;
  if ((count == 0) != (queues == nullptr) || count > 1) return CL_INVALID_VALUE;
  Queue* queue = count == 0 ? buffer->queues.front() : as<Queue>(queues[0]);
  if (queue == nullptr) return CL_INVALID_COMMAND_QUEUE;
  const Queue* own = buffer->queues.front();
  if (queue->context != own->context) return CL_INVALID_CONTEXT;
  if (queue->device != own->device || queue->flags != own->flags) return CL_INCOMPATIBLE_COMMAND_QUEUE_KHR;
  if (cl_int bad = check_wait_list(queue, waits, list); bad != CL_SUCCESS) return bad;
  std::vector<Shared> shared;
  {
    std::lock_guard lock(buffer->lock);
    if (buffer->state != CL_COMMAND_BUFFER_STATE_EXECUTABLE_KHR) return CL_INVALID_OPERATION;
    shared = buffer->shared;
  }
  push_shared(shared);
  IdList<Event> ids(waits, list);
  msg::EnqueueCommandBuffer m;
  m.command_queue = queue->id;
  if (count != 0) m.queues = {&queue->id, 1};
  m.command_buffer = buffer->id;
  m.event_wait_list = ids.words();
  cl_int status = enqueue(queue, m, &m.event, event, CL_COMMAND_COMMAND_BUFFER_KHR);
  if (status == CL_SUCCESS) use_shared(shared, queue);
  return status;
}

cl_int clCommandBarrierWithWaitListKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                                       const cl_command_properties_khr* properties, cl_uint count,
                                       const cl_sync_point_khr* list, cl_sync_point_khr* point,
                                       cl_mutable_command_khr* mutable_handle) {
  msg::clCommandBarrierWithWaitListKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m,
                [](CommandBuffer*) { return CL_SUCCESS; });
}

cl_int clCommandCopyBufferKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                              const cl_command_properties_khr* properties, cl_mem src, cl_mem dst, size_t src_offset,
                              size_t dst_offset, size_t size, cl_uint count, const cl_sync_point_khr* list,
                              cl_sync_point_khr* point, cl_mutable_command_khr* mutable_handle) {
  msg::clCommandCopyBufferKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    if (!all_mems({src, dst})) return CL_INVALID_MEM_OBJECT;
    m.src_buffer = as<Mem>(src)->id;
    m.dst_buffer = as<Mem>(dst)->id;
    m.src_offset = src_offset;
    m.dst_offset = dst_offset;
    m.size = size;
    return check_copy(queue_of(in), src, dst, src_offset, dst_offset, size, 0, nullptr);
  });
}

cl_int clCommandCopyBufferRectKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                                  const cl_command_properties_khr* properties, cl_mem src, cl_mem dst,
                                  const size_t* src_origin, const size_t* dst_origin, const size_t* region,
                                  size_t src_row_pitch, size_t src_slice_pitch, size_t dst_row_pitch,
                                  size_t dst_slice_pitch, cl_uint count, const cl_sync_point_khr* list,
                                  cl_sync_point_khr* point, cl_mutable_command_khr* mutable_handle) {
  msg::clCommandCopyBufferRectKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    if (!all_mems({src, dst})) return CL_INVALID_MEM_OBJECT;
    if (!all_given({src_origin, dst_origin, region})) return CL_INVALID_VALUE;
    m.src_buffer = as<Mem>(src)->id;
    m.dst_buffer = as<Mem>(dst)->id;
    m.src_origin = triple(src_origin);
    m.dst_origin = triple(dst_origin);
    m.region = triple(region);
    m.src_row_pitch = src_row_pitch;
    m.src_slice_pitch = src_slice_pitch;
    m.dst_row_pitch = dst_row_pitch;
    m.dst_slice_pitch = dst_slice_pitch;
    return check::clEnqueueCopyBufferRect(queue_of(in), src, dst, src_origin, dst_origin, region, src_row_pitch,
                                          src_slice_pitch, dst_row_pitch, dst_slice_pitch, 0, nullptr, nullptr);
  });
}

cl_int clCommandCopyBufferToImageKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                                     const cl_command_properties_khr* properties, cl_mem src, cl_mem dst,
                                     size_t src_offset, const size_t* dst_origin, const size_t* region, cl_uint count,
                                     const cl_sync_point_khr* list, cl_sync_point_khr* point,
                                     cl_mutable_command_khr* mutable_handle) {
  msg::clCommandCopyBufferToImageKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    if (!all_mems({src, dst})) return CL_INVALID_MEM_OBJECT;
    if (!all_given({dst_origin, region})) return CL_INVALID_VALUE;
    m.src_buffer = as<Mem>(src)->id;
    m.dst_image = as<Mem>(dst)->id;
    m.src_offset = src_offset;
    m.dst_origin = triple(dst_origin);
    m.region = triple(region);
    return check::clEnqueueCopyBufferToImage(queue_of(in), src, dst, src_offset, dst_origin, region, 0, nullptr,
                                             nullptr);
  });
}

cl_int clCommandCopyImageKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                             const cl_command_properties_khr* properties, cl_mem src, cl_mem dst,
                             const size_t* src_origin, const size_t* dst_origin, const size_t* region, cl_uint count,
                             const cl_sync_point_khr* list, cl_sync_point_khr* point,
                             cl_mutable_command_khr* mutable_handle) {
  msg::clCommandCopyImageKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    if (!all_mems({src, dst})) return CL_INVALID_MEM_OBJECT;
    if (!all_given({src_origin, dst_origin, region})) return CL_INVALID_VALUE;
    m.src_image = as<Mem>(src)->id;
    m.dst_image = as<Mem>(dst)->id;
    m.src_origin = triple(src_origin);
    m.dst_origin = triple(dst_origin);
    m.region = triple(region);
    return check::clEnqueueCopyImage(queue_of(in), src, dst, src_origin, dst_origin, region, 0, nullptr, nullptr);
  });
}

cl_int clCommandCopyImageToBufferKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                                     const cl_command_properties_khr* properties, cl_mem src, cl_mem dst,
                                     const size_t* src_origin, const size_t* region, size_t dst_offset, cl_uint count,
                                     const cl_sync_point_khr* list, cl_sync_point_khr* point,
                                     cl_mutable_command_khr* mutable_handle) {
  msg::clCommandCopyImageToBufferKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    if (!all_mems({src, dst})) return CL_INVALID_MEM_OBJECT;
    if (!all_given({src_origin, region})) return CL_INVALID_VALUE;
    m.src_image = as<Mem>(src)->id;
    m.dst_buffer = as<Mem>(dst)->id;
    m.src_origin = triple(src_origin);
    m.region = triple(region);
    m.dst_offset = dst_offset;
    return check::clEnqueueCopyImageToBuffer(queue_of(in), src, dst, src_origin, region, dst_offset, 0, nullptr,
                                             nullptr);
  });
}

cl_int clCommandFillBufferKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                              const cl_command_properties_khr* properties, cl_mem mem, const void* pattern,
                              size_t pattern_size, size_t offset, size_t size, cl_uint count,
                              const cl_sync_point_khr* list, cl_sync_point_khr* point,
                              cl_mutable_command_khr* mutable_handle) {
  msg::clCommandFillBufferKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    if (!all_mems({mem})) return CL_INVALID_MEM_OBJECT;
    if (pattern == nullptr) return CL_INVALID_VALUE;
    m.buffer = as<Mem>(mem)->id;
    m.pattern = {pattern, pattern_size};
    m.offset = offset;
    m.size = size;
    return check::clEnqueueFillBuffer(queue_of(in), mem, pattern, pattern_size, offset, size, 0, nullptr, nullptr);
  });
}

cl_int clCommandFillImageKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                             const cl_command_properties_khr* properties, cl_mem image, const void* color,
                             const size_t* origin, const size_t* region, cl_uint count, const cl_sync_point_khr* list,
                             cl_sync_point_khr* point, cl_mutable_command_khr* mutable_handle) {
  msg::clCommandFillImageKHR m;
  unsigned char copy[16] = {};
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    auto* mem = as<Mem>(image);
    if (mem == nullptr || !is_image(mem)) return CL_INVALID_MEM_OBJECT;
    if (mem->context != in->queues.front()->context) return CL_INVALID_CONTEXT;
    if (color == nullptr) return CL_INVALID_VALUE;
    if (cl_int bad = check_box(mem, origin, region); bad != CL_SUCCESS) return bad;
    // A depth image's color is one number, all others have four.
    bool depth = state_of(mem).format.image_channel_order == CL_DEPTH;
    std::memcpy(copy, color, depth ? sizeof(cl_float) : sizeof copy);
    m.image = mem->id;
    m.fill_color = {copy, sizeof copy};
    m.origin = triple(origin);
    m.region = triple(region);
    return CL_SUCCESS;
  });
}

cl_int clCommandNDRangeKernelKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                                 const cl_command_properties_khr* properties, cl_kernel kernel, cl_uint dimensions,
                                 const size_t* offset, const size_t* global, const size_t* local, cl_uint count,
                                 const cl_sync_point_khr* list, cl_sync_point_khr* point,
                                 cl_mutable_command_khr* mutable_handle) {
  msg::clCommandNDRangeKernelKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    auto* object = as<Kernel>(kernel);
    cl_int bad = check_ndrange(in->queues.front(), object, dimensions, offset, global, local);
    if (bad != CL_SUCCESS) return bad;
    if (global == nullptr) return CL_INVALID_GLOBAL_WORK_SIZE;
    auto words = [&](const size_t* sizes) {
      return wire::Words{reinterpret_cast<const uint64_t*>(sizes), sizes == nullptr ? wire::kNull : dimensions};
    };
    m.kernel = object->id;
    m.global_work_offset = words(offset);
    m.global_work_size = words(global);
    m.local_work_size = words(local);
    reach(in, reachable(object));
    return CL_SUCCESS;
  });
}

cl_int clCommandSVMMemcpyKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                             const cl_command_properties_khr* properties, void* to, const void* from, size_t size,
                             cl_uint count, const cl_sync_point_khr* list, cl_sync_point_khr* point,
                             cl_mutable_command_khr* mutable_handle) {
  msg::clCommandSVMMemcpyKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    Shared source = whole(in, from, size);
    Shared destination = whole(in, to, size);
    if (size == 0 || source == nullptr || destination == nullptr) return CL_INVALID_VALUE;
    m.dst_ptr = reinterpret_cast<uint64_t>(to);
    m.src_ptr = reinterpret_cast<uint64_t>(from);
    m.size = size;
    if (m.src_ptr < m.dst_ptr + size && m.dst_ptr < m.src_ptr + size) return CL_MEM_COPY_OVERLAP;
    reach(in, {source, destination});
    return CL_SUCCESS;
  });
}

cl_int clCommandSVMMemFillKHR(cl_command_buffer_khr buffer, cl_command_queue queue,
                              const cl_command_properties_khr* properties, void* at, const void* pattern,
                              size_t pattern_size, size_t size, cl_uint count, const cl_sync_point_khr* list,
                              cl_sync_point_khr* point, cl_mutable_command_khr* mutable_handle) {
  msg::clCommandSVMMemFillKHR m;
  return record({buffer, queue, properties, count, list, point, mutable_handle}, m, [&](CommandBuffer* in) -> cl_int {
    Shared allocation = whole(in, at, size);
    bool power = pattern_size != 0 && pattern_size <= 128 && (pattern_size & (pattern_size - 1)) == 0;
    m.svm_ptr = reinterpret_cast<uint64_t>(at);
    if (allocation == nullptr || pattern == nullptr || !power || size == 0) return CL_INVALID_VALUE;
    if (m.svm_ptr % pattern_size != 0 || size % pattern_size != 0) return CL_INVALID_VALUE;
    m.pattern = {pattern, pattern_size};
    m.size = size;
    reach(in, {allocation});
    return CL_SUCCESS;
  });
}

}  // namespace hand
}  // namespace cenote::opencl
