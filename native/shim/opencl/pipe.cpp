// Pipes.
#include "shim/opencl/memory.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl::hand {

cl_mem clCreatePipe(cl_context context, cl_mem_flags flags, cl_uint packet_size, cl_uint max_packets,
                    const cl_pipe_properties* properties, cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_mem>(errcode_ret, code); };
  auto* in = as<Context>(context);
  if (in == nullptr) return give(CL_INVALID_CONTEXT);
  if ((flags & ~cl_mem_flags{CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS}) != 0 || properties != nullptr) {
    return give(CL_INVALID_VALUE);
  }
  size_t largest = 0;
  bool supported = false;
  for (const Device* device : in->devices) {
    largest = std::max<size_t>(largest, device->number<cl_uint>(CL_DEVICE_PIPE_MAX_PACKET_SIZE));
    // Until 2.2 every device of version 2 had pipes; since 3.0 it says so.
    const std::string* says = device->properties.get(CL_DEVICE_PIPE_SUPPORT);
    supported = supported || (says == nullptr ? largest != 0 : device->number<cl_bool>(CL_DEVICE_PIPE_SUPPORT) != 0);
  }
  if (!supported) return give(CL_INVALID_OPERATION);
  if (packet_size == 0 || max_packets == 0 || packet_size > largest) return give(CL_INVALID_PIPE_SIZE);
  Mem* mem = make_mem(in, CL_MEM_OBJECT_PIPE, flags == 0 ? CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS : flags, nullptr);
  if (mem == nullptr) return give(CL_OUT_OF_HOST_MEMORY);
  mem->size = size_t{packet_size} * max_packets;
  MemState& state = state_of(mem);
  state.pipe_packet_size = packet_size;
  state.pipe_max_packets = max_packets;
  msg::clCreatePipe m;
  m.context = in->id;
  m.flags = flags;
  m.pipe_packet_size = packet_size;
  m.pipe_max_packets = max_packets;
  m.result = mem->id;
  if (cl_int bad = send_and_wait(mem, m); bad != CL_SUCCESS) {
    drop_reference(mem);
    return give(bad);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_mem>(mem);
}

cl_int clGetPipeInfo(cl_mem pipe, cl_pipe_info param, size_t size, void* value, size_t* size_ret) {
  auto* mem = as<Mem>(pipe);
  if (mem == nullptr || mem->object_type != CL_MEM_OBJECT_PIPE) return CL_INVALID_MEM_OBJECT;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_PIPE_PACKET_SIZE:
      return answer.number(mem->state->pipe_packet_size);
    case CL_PIPE_MAX_PACKETS:
      return answer.number(mem->state->pipe_max_packets);
    case CL_PIPE_PROPERTIES:
      return answer.bytes(nullptr, 0);
    default:
      return CL_INVALID_VALUE;
  }
}

}  // namespace cenote::opencl::hand
