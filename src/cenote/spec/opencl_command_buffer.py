"""cl_khr_command_buffer, version 0.9.8."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import (
    Array,
    Bytes,
    Carry,
    ErrorCode,
    Hand,
    Handles,
    In,
    New,
    OpaqueRole,
    Optional,
    Pointer,
    Surface,
    call,
)
from cenote.spec.opencl_types import (
    U32,
    Address,
    CommandBuffer,
    CommandBufferInfoKhr,
    ConstAddress,
    InfoSize,
    InfoValue,
    Kernel,
    MaybeEvent,
    Mem,
    MutableCommand,
    NewSyncPoint,
    Queue,
    Size,
    Status,
    SyncPoints,
    Triple,
    WaitList,
)

EXTENSION = "cl_khr_command_buffer"


# ── Command buffers ─────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, since=EXTENSION)
def clCreateCommandBufferKHR(
    num_queues: U32,
    queues: Annotated[Handles[Queue], In("num_queues")],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_buffer_properties_khr*")],
    errcode_ret: ErrorCode,
) -> Annotated[CommandBuffer, New()]: ...


@call(Carry.WAITS, opcode=33, hand=Hand.BOTH, since=EXTENSION)
def clFinalizeCommandBufferKHR(command_buffer: CommandBuffer) -> Status: ...


@call(Carry.LOCAL, since=EXTENSION)
def clRetainCommandBufferKHR(command_buffer: CommandBuffer) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.NOWHERE)
def clReleaseCommandBufferKHR(command_buffer: CommandBuffer) -> Status: ...


@call(Carry.LOCAL, since=EXTENSION)
def clGetCommandBufferInfoKHR(
    command_buffer: CommandBuffer,
    param_name: CommandBufferInfoKhr,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.COMMAND)
def clEnqueueCommandBufferKHR(
    num_queues: U32,
    queues: Annotated[Pointer, OpaqueRole("cl_command_queue*")],
    command_buffer: CommandBuffer,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


# ── Recorded commands ───────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, opcode=35, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandBarrierWithWaitListKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=36, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandCopyBufferKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    src_buffer: Mem,
    dst_buffer: Mem,
    src_offset: Size,
    dst_offset: Size,
    size: Size,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=37, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandCopyBufferRectKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    src_buffer: Mem,
    dst_buffer: Mem,
    src_origin: Triple,
    dst_origin: Triple,
    region: Triple,
    src_row_pitch: Size,
    src_slice_pitch: Size,
    dst_row_pitch: Size,
    dst_slice_pitch: Size,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=38, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandCopyBufferToImageKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    src_buffer: Mem,
    dst_image: Mem,
    src_offset: Size,
    dst_origin: Triple,
    region: Triple,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=39, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandCopyImageKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    src_image: Mem,
    dst_image: Mem,
    src_origin: Triple,
    dst_origin: Triple,
    region: Triple,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=40, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandCopyImageToBufferKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    src_image: Mem,
    dst_buffer: Mem,
    src_origin: Triple,
    region: Triple,
    dst_offset: Size,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=41, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandFillBufferKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    buffer: Mem,
    pattern: Annotated[Bytes, In("pattern_size")],
    pattern_size: Size,
    offset: Size,
    size: Size,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=42, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandFillImageKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    image: Mem,
    fill_color: Annotated[Bytes, In(16)],
    origin: Triple,
    region: Triple,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=43, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandNDRangeKernelKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    kernel: Kernel,
    work_dim: U32,
    global_work_offset: Annotated[Array[Size], In("work_dim", optional=True)],
    global_work_size: Annotated[Array[Size], In("work_dim")],
    local_work_size: Annotated[Array[Size], In("work_dim", optional=True)],
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=44, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandSVMMemcpyKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    dst_ptr: Address,
    src_ptr: ConstAddress,
    size: Size,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=45, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.RECORDING)
def clCommandSVMMemFillKHR(
    command_buffer: CommandBuffer,
    command_queue: Annotated[Queue, Optional()],
    properties: Annotated[Pointer, OpaqueRole("const cl_command_properties_khr*")],
    svm_ptr: Address,
    pattern: Annotated[Bytes, In("pattern_size")],
    pattern_size: Size,
    size: Size,
    num_sync_points_in_wait_list: U32,
    sync_point_wait_list: SyncPoints,
    sync_point: NewSyncPoint,
    mutable_handle: MutableCommand,
) -> Status: ...
