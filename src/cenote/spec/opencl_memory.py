"""Memory objects and samplers."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import (
    Bytes,
    CallbackRole,
    Carry,
    ErrorCode,
    Hand,
    In,
    New,
    OpaqueRole,
    Out,
    Pointer,
    Surface,
    UserData,
    call,
)
from cenote.spec.opencl_types import (
    U32,
    AddressingMode,
    Bool,
    BufferCreateType,
    Context,
    FilterMode,
    HostPointer,
    ImageInfo,
    InfoSize,
    InfoValue,
    Mem,
    MemFlags,
    MemInfo,
    MemObjectType,
    PipeInfo,
    Sampler,
    SamplerInfo,
    Size,
    Status,
)

# ── Buffers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, slow=True, surfaces=Surface.OBJECT)
def clCreateBuffer(
    context: Context, flags: MemFlags, size: Size, host_ptr: HostPointer, errcode_ret: ErrorCode
) -> Annotated[Mem, New()]: ...


@call(
    Carry.ONE_WAY,
    hand=Hand.BOTH,
    since="3.0",
    slow=True,
    aliases=("clCreateBufferWithPropertiesINTEL",),
    surfaces=Surface.OBJECT,
)
def clCreateBufferWithProperties(
    context: Context,
    properties: Annotated[Pointer, OpaqueRole("const cl_mem_properties*")],
    flags: MemFlags,
    size: Size,
    host_ptr: HostPointer,
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.1", surfaces=Surface.OBJECT)
def clCreateSubBuffer(
    buffer: Mem,
    flags: MemFlags,
    buffer_create_type: BufferCreateType,
    buffer_create_info: Annotated[Bytes, In(16)],
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


# ── Images and pipes ────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.2", slow=True, surfaces=Surface.OBJECT)
def clCreateImage(
    context: Context,
    flags: MemFlags,
    image_format: Annotated[Pointer, OpaqueRole("const cl_image_format*")],
    image_desc: Annotated[Pointer, OpaqueRole("const cl_image_desc*")],
    host_ptr: HostPointer,
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="3.0", slow=True, surfaces=Surface.OBJECT)
def clCreateImageWithProperties(
    context: Context,
    properties: Annotated[Pointer, OpaqueRole("const cl_mem_properties*")],
    flags: MemFlags,
    image_format: Annotated[Pointer, OpaqueRole("const cl_image_format*")],
    image_desc: Annotated[Pointer, OpaqueRole("const cl_image_desc*")],
    host_ptr: HostPointer,
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, slow=True, surfaces=Surface.OBJECT)
def clCreateImage2D(
    context: Context,
    flags: MemFlags,
    image_format: Annotated[Pointer, OpaqueRole("const cl_image_format*")],
    image_width: Size,
    image_height: Size,
    image_row_pitch: Size,
    host_ptr: HostPointer,
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, slow=True, surfaces=Surface.OBJECT)
def clCreateImage3D(
    context: Context,
    flags: MemFlags,
    image_format: Annotated[Pointer, OpaqueRole("const cl_image_format*")],
    image_width: Size,
    image_height: Size,
    image_depth: Size,
    image_row_pitch: Size,
    image_slice_pitch: Size,
    host_ptr: HostPointer,
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


@call(Carry.CACHED)
def clGetSupportedImageFormats(
    context: Context,
    flags: MemFlags,
    image_type: MemObjectType,
    num_entries: U32,
    image_formats: Annotated[Pointer, OpaqueRole("cl_image_format*")],
    num_image_formats: Annotated[U32, Out()],
) -> Status: ...


@call(Carry.CACHED)
def clGetImageInfo(
    image: Mem, param_name: ImageInfo, param_value_size: Size, param_value: InfoValue, param_value_size_ret: InfoSize
) -> Status: ...


@call(Carry.WAITS, opcode=3, hand=Hand.SHIM, since="2.0")
def clCreatePipe(
    context: Context,
    flags: MemFlags,
    pipe_packet_size: U32,
    pipe_max_packets: U32,
    properties: Annotated[Pointer, OpaqueRole("const cl_pipe_properties*")],
    errcode_ret: ErrorCode,
) -> Annotated[Mem, New()]: ...


@call(Carry.CACHED, since="2.0")
def clGetPipeInfo(
    pipe: Mem, param_name: PipeInfo, param_value_size: Size, param_value: InfoValue, param_value_size_ret: InfoSize
) -> Status: ...


# ── Memory objects ──────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.LOCAL)
def clRetainMemObject(memobj: Mem) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, slow=True, surfaces=Surface.NOWHERE)
def clReleaseMemObject(memobj: Mem) -> Status: ...


@call(Carry.CACHED)
def clGetMemObjectInfo(
    memobj: Mem, param_name: MemInfo, param_value_size: Size, param_value: InfoValue, param_value_size_ret: InfoSize
) -> Status: ...


@call(Carry.LOCAL, since="1.1")
def clSetMemObjectDestructorCallback(
    memobj: Mem,
    pfn_notify: Annotated[Pointer, CallbackRole("void (*)(cl_mem memobj, void* user_data)")],
    user_data: UserData,
) -> Status: ...


# ── Samplers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="2.0", surfaces=Surface.OBJECT)
def clCreateSamplerWithProperties(
    context: Context,
    sampler_properties: Annotated[Pointer, OpaqueRole("const cl_sampler_properties*")],
    errcode_ret: ErrorCode,
) -> Annotated[Sampler, New()]: ...


@call(Carry.ONE_WAY, opcode=4, check=True, surfaces=Surface.OBJECT)
def clCreateSampler(
    context: Context,
    normalized_coords: Bool,
    addressing_mode: AddressingMode,
    filter_mode: FilterMode,
    errcode_ret: ErrorCode,
) -> Annotated[Sampler, New()]: ...


@call(Carry.LOCAL)
def clRetainSampler(sampler: Sampler) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.NOWHERE)
def clReleaseSampler(sampler: Sampler) -> Status: ...


@call(Carry.CACHED)
def clGetSamplerInfo(
    sampler: Sampler,
    param_name: SamplerInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...
