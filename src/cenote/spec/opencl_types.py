"""The types of OpenCL: objects, numbers, and the parameters that many functions share."""

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import (
    Array,
    Bytes,
    CallbackRole,
    Handle,
    Handles,
    In,
    New,
    OpaqueRole,
    Out,
    Pointer,
    Scalar,
)

# ── Objects ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Platform(Handle):
    ctype = "cl_platform_id"
    invalid = "CL_INVALID_PLATFORM"


class Device(Handle):
    ctype = "cl_device_id"
    invalid = "CL_INVALID_DEVICE"


class Context(Handle):
    ctype = "cl_context"
    invalid = "CL_INVALID_CONTEXT"


class Queue(Handle):
    ctype = "cl_command_queue"
    invalid = "CL_INVALID_COMMAND_QUEUE"


class Mem(Handle):
    ctype = "cl_mem"
    invalid = "CL_INVALID_MEM_OBJECT"


class Sampler(Handle):
    ctype = "cl_sampler"
    invalid = "CL_INVALID_SAMPLER"


class Program(Handle):
    ctype = "cl_program"
    invalid = "CL_INVALID_PROGRAM"


class Kernel(Handle):
    ctype = "cl_kernel"
    invalid = "CL_INVALID_KERNEL"


class Event(Handle):
    ctype = "cl_event"
    invalid = "CL_INVALID_EVENT"


class CommandBuffer(Handle):
    ctype = "cl_command_buffer_khr"
    invalid = "CL_INVALID_COMMAND_BUFFER_KHR"


# Their numbers in ids are their places here, from 1.
HANDLES: tuple[type[Handle], ...] = (
    Platform,
    Device,
    Context,
    Queue,
    Mem,
    Sampler,
    Program,
    Kernel,
    Event,
    CommandBuffer,
)


# ── Plain numbers ───────────────────────────────────────────────────────────────────────────────────────────────────

I32 = Annotated[int, Scalar("cl_int", "i32")]
U32 = Annotated[int, Scalar("cl_uint", "u32")]
U64 = Annotated[int, Scalar("cl_ulong", "u64")]
Size = Annotated[int, Scalar("size_t", "u64")]
Bool = Annotated[int, Scalar("cl_bool", "u32")]

# ── Names of what an info query asks for ────────────────────────────────────────────────────────────────────────────

PlatformInfo = Annotated[int, Scalar("cl_platform_info", "u32")]
DeviceInfo = Annotated[int, Scalar("cl_device_info", "u32")]
ContextInfo = Annotated[int, Scalar("cl_context_info", "u32")]
CommandQueueInfo = Annotated[int, Scalar("cl_command_queue_info", "u32")]
MemInfo = Annotated[int, Scalar("cl_mem_info", "u32")]
ImageInfo = Annotated[int, Scalar("cl_image_info", "u32")]
PipeInfo = Annotated[int, Scalar("cl_pipe_info", "u32")]
SamplerInfo = Annotated[int, Scalar("cl_sampler_info", "u32")]
ProgramInfo = Annotated[int, Scalar("cl_program_info", "u32")]
ProgramBuildInfo = Annotated[int, Scalar("cl_program_build_info", "u32")]
KernelInfo = Annotated[int, Scalar("cl_kernel_info", "u32")]
KernelArgInfo = Annotated[int, Scalar("cl_kernel_arg_info", "u32")]
KernelWorkGroupInfo = Annotated[int, Scalar("cl_kernel_work_group_info", "u32")]
KernelSubGroupInfo = Annotated[int, Scalar("cl_kernel_sub_group_info", "u32")]
EventInfo = Annotated[int, Scalar("cl_event_info", "u32")]
ProfilingInfo = Annotated[int, Scalar("cl_profiling_info", "u32")]
MemInfoIntel = Annotated[int, Scalar("cl_mem_info_intel", "u32")]
CommandBufferInfoKhr = Annotated[int, Scalar("cl_command_buffer_info_khr", "u32")]

# ── Enumerations ────────────────────────────────────────────────────────────────────────────────────────────────────

MemObjectType = Annotated[int, Scalar("cl_mem_object_type", "u32")]
BufferCreateType = Annotated[int, Scalar("cl_buffer_create_type", "u32")]
AddressingMode = Annotated[int, Scalar("cl_addressing_mode", "u32")]
FilterMode = Annotated[int, Scalar("cl_filter_mode", "u32")]
KernelExecInfo = Annotated[int, Scalar("cl_kernel_exec_info", "u32")]
MemAdviceIntel = Annotated[int, Scalar("cl_mem_advice_intel", "u32")]
SyncPointKhr = Annotated[int, Scalar("cl_sync_point_khr", "u32")]

# ── Bit fields ──────────────────────────────────────────────────────────────────────────────────────────────────────

DeviceType = Annotated[int, Scalar("cl_device_type", "u64")]
CommandQueueProperties = Annotated[int, Scalar("cl_command_queue_properties", "u64")]
MemFlags = Annotated[int, Scalar("cl_mem_flags", "u64")]
SvmMemFlags = Annotated[int, Scalar("cl_svm_mem_flags", "u64")]
MapFlags = Annotated[int, Scalar("cl_map_flags", "u64")]
MemMigrationFlags = Annotated[int, Scalar("cl_mem_migration_flags", "u64")]

Status = I32

# Addresses of the driver, which are the same in the program.
Address = Annotated[int, Scalar("void*", "u64")]
ConstAddress = Annotated[int, Scalar("const void*", "u64")]


# ── Parameters that many functions share ────────────────────────────────────────────────────────────────────────────

WaitList = Annotated[Handles[Event], In("num_events_in_wait_list", optional=True)]
MaybeEvent = Annotated[Event, New(optional=True)]
Triple = Annotated[Array[Size], In(3)]

InfoValue = Annotated[Bytes, Out("param_value_size")]
InfoSize = Annotated[Size, Out()]

# The program's memory, which only hand-written code reads and writes: how much of it depends on pitches and times.
HostPointer = Annotated[Pointer, OpaqueRole("void*")]
HostTarget = Annotated[Pointer, OpaqueRole("void*")]
HostSource = Annotated[Pointer, OpaqueRole("const void*")]

ContextNotify = Annotated[
    Pointer,
    CallbackRole("void (*)(const char* errinfo, const void* private_info, size_t cb, void* user_data)"),
]
ProgramNotify = Annotated[Pointer, CallbackRole("void (*)(cl_program program, void* user_data)")]

SyncPoints = Annotated[Array[SyncPointKhr], In("num_sync_points_in_wait_list", optional=True)]
NewSyncPoint = Annotated[SyncPointKhr, Out()]
MutableCommand = Annotated[Pointer, OpaqueRole("cl_mutable_command_khr*")]


# ── C ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

# Every C type that is a number or an unknown structure, and what stands behind it.
C_TYPES: dict[str, str] = {
    "cl_char": "int8_t",
    "cl_uchar": "uint8_t",
    "cl_short": "int16_t",
    "cl_ushort": "uint16_t",
    "cl_int": "int32_t",
    "cl_uint": "uint32_t",
    "cl_long": "int64_t",
    "cl_ulong": "uint64_t",
    "cl_half": "uint16_t",
    "cl_float": "float",
    "cl_double": "double",
    "cl_bool": "uint32_t",
    "cl_bitfield": "uint64_t",
    "cl_properties": "uint64_t",
    "cl_version": "uint32_t",
    "cl_platform_info": "uint32_t",
    "cl_device_info": "uint32_t",
    "cl_context_info": "uint32_t",
    "cl_command_queue_info": "uint32_t",
    "cl_mem_info": "uint32_t",
    "cl_image_info": "uint32_t",
    "cl_pipe_info": "uint32_t",
    "cl_sampler_info": "uint32_t",
    "cl_program_info": "uint32_t",
    "cl_program_build_info": "uint32_t",
    "cl_kernel_info": "uint32_t",
    "cl_kernel_arg_info": "uint32_t",
    "cl_kernel_work_group_info": "uint32_t",
    "cl_kernel_sub_group_info": "uint32_t",
    "cl_event_info": "uint32_t",
    "cl_profiling_info": "uint32_t",
    "cl_mem_info_intel": "uint32_t",
    "cl_command_buffer_info_khr": "uint32_t",
    "cl_mem_object_type": "uint32_t",
    "cl_buffer_create_type": "uint32_t",
    "cl_addressing_mode": "uint32_t",
    "cl_filter_mode": "uint32_t",
    "cl_kernel_exec_info": "uint32_t",
    "cl_mem_advice_intel": "uint32_t",
    "cl_sync_point_khr": "uint32_t",
    "cl_device_type": "uint64_t",
    "cl_command_queue_properties": "uint64_t",
    "cl_mem_flags": "uint64_t",
    "cl_svm_mem_flags": "uint64_t",
    "cl_map_flags": "uint64_t",
    "cl_mem_migration_flags": "uint64_t",
    "cl_device_mem_cache_type": "uint32_t",
    "cl_device_local_mem_type": "uint32_t",
    "cl_channel_order": "uint32_t",
    "cl_channel_type": "uint32_t",
    "cl_program_binary_type": "uint32_t",
    "cl_kernel_arg_address_qualifier": "uint32_t",
    "cl_kernel_arg_access_qualifier": "uint32_t",
    "cl_command_type": "uint32_t",
    "cl_khronos_vendor_id": "uint32_t",
    "cl_command_buffer_state_khr": "uint32_t",
    "cl_unified_shared_memory_type_intel": "uint32_t",
    "cl_build_status": "int32_t",
    "cl_device_fp_config": "uint64_t",
    "cl_device_exec_capabilities": "uint64_t",
    "cl_device_svm_capabilities": "uint64_t",
    "cl_device_affinity_domain": "uint64_t",
    "cl_device_atomic_capabilities": "uint64_t",
    "cl_device_device_enqueue_capabilities": "uint64_t",
    "cl_kernel_arg_type_qualifier": "uint64_t",
    "cl_queue_properties": "uint64_t",
    "cl_sampler_properties": "uint64_t",
    "cl_mem_properties": "uint64_t",
    "cl_mem_properties_intel": "uint64_t",
    "cl_mem_alloc_flags_intel": "uint64_t",
    "cl_device_unified_shared_memory_capabilities_intel": "uint64_t",
    "cl_device_partition_property_ext": "uint64_t",
    "cl_device_command_buffer_capabilities_khr": "uint64_t",
    "cl_command_buffer_properties_khr": "uint64_t",
    "cl_command_buffer_flags_khr": "uint64_t",
    "cl_command_properties_khr": "uint64_t",
    "cl_device_partition_property": "intptr_t",
    "cl_context_properties": "intptr_t",
    "cl_pipe_properties": "intptr_t",
    "cl_mutable_command_khr": "struct _cl_mutable_command_khr*",
}
