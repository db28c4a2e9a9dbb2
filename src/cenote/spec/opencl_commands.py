"""Commands on queues, and their events."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import (
    Array,
    Bytes,
    CallbackRole,
    Carry,
    ErrorCode,
    Hand,
    Handles,
    In,
    OpaqueRole,
    Out,
    Pointer,
    Surface,
    call,
)
from cenote.spec.opencl_types import (
    U32,
    Bool,
    HostSource,
    HostTarget,
    Kernel,
    MapFlags,
    MaybeEvent,
    Mem,
    MemMigrationFlags,
    Queue,
    Size,
    Status,
    Triple,
    WaitList,
)

# ── Buffers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueReadBuffer(
    command_queue: Queue,
    buffer: Mem,
    blocking_read: Bool,
    offset: Size,
    size: Size,
    ptr: HostTarget,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="1.1", surfaces=Surface.COMMAND)
def clEnqueueReadBufferRect(
    command_queue: Queue,
    buffer: Mem,
    blocking_read: Bool,
    buffer_origin: Triple,
    host_origin: Triple,
    region: Triple,
    buffer_row_pitch: Size,
    buffer_slice_pitch: Size,
    host_row_pitch: Size,
    host_slice_pitch: Size,
    ptr: HostTarget,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueWriteBuffer(
    command_queue: Queue,
    buffer: Mem,
    blocking_write: Bool,
    offset: Size,
    size: Size,
    ptr: HostSource,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.1", surfaces=Surface.COMMAND)
def clEnqueueWriteBufferRect(
    command_queue: Queue,
    buffer: Mem,
    blocking_write: Bool,
    buffer_origin: Triple,
    host_origin: Triple,
    region: Triple,
    buffer_row_pitch: Size,
    buffer_slice_pitch: Size,
    host_row_pitch: Size,
    host_slice_pitch: Size,
    ptr: HostSource,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=15, since="1.2", check=True, surfaces=Surface.COMMAND)
def clEnqueueFillBuffer(
    command_queue: Queue,
    buffer: Mem,
    pattern: Annotated[Bytes, In("pattern_size")],
    pattern_size: Size,
    offset: Size,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=16, hand=Hand.SHIM, surfaces=Surface.COMMAND)
def clEnqueueCopyBuffer(
    command_queue: Queue,
    src_buffer: Mem,
    dst_buffer: Mem,
    src_offset: Size,
    dst_offset: Size,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=17, since="1.1", check=True, surfaces=Surface.COMMAND)
def clEnqueueCopyBufferRect(
    command_queue: Queue,
    src_buffer: Mem,
    dst_buffer: Mem,
    src_origin: Triple,
    dst_origin: Triple,
    region: Triple,
    src_row_pitch: Size,
    src_slice_pitch: Size,
    dst_row_pitch: Size,
    dst_slice_pitch: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueMapBuffer(
    command_queue: Queue,
    buffer: Mem,
    blocking_map: Bool,
    map_flags: MapFlags,
    offset: Size,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
    errcode_ret: ErrorCode,
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


# ── Images ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueReadImage(
    command_queue: Queue,
    image: Mem,
    blocking_read: Bool,
    origin: Triple,
    region: Triple,
    row_pitch: Size,
    slice_pitch: Size,
    ptr: HostTarget,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueWriteImage(
    command_queue: Queue,
    image: Mem,
    blocking_write: Bool,
    origin: Triple,
    region: Triple,
    input_row_pitch: Size,
    input_slice_pitch: Size,
    ptr: HostSource,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=18, hand=Hand.SHIM, since="1.2", surfaces=Surface.COMMAND)
def clEnqueueFillImage(
    command_queue: Queue,
    image: Mem,
    fill_color: Annotated[Bytes, In(16)],
    origin: Triple,
    region: Triple,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=19, check=True, surfaces=Surface.COMMAND)
def clEnqueueCopyImage(
    command_queue: Queue,
    src_image: Mem,
    dst_image: Mem,
    src_origin: Triple,
    dst_origin: Triple,
    region: Triple,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=20, check=True, surfaces=Surface.COMMAND)
def clEnqueueCopyImageToBuffer(
    command_queue: Queue,
    src_image: Mem,
    dst_buffer: Mem,
    src_origin: Triple,
    region: Triple,
    dst_offset: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=21, check=True, surfaces=Surface.COMMAND)
def clEnqueueCopyBufferToImage(
    command_queue: Queue,
    src_buffer: Mem,
    dst_image: Mem,
    src_offset: Size,
    dst_origin: Triple,
    region: Triple,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueMapImage(
    command_queue: Queue,
    image: Mem,
    blocking_map: Bool,
    map_flags: MapFlags,
    origin: Triple,
    region: Triple,
    image_row_pitch: Annotated[Size, Out()],
    image_slice_pitch: Annotated[Size, Out()],
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
    errcode_ret: ErrorCode,
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


# ── Any memory object ───────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueUnmapMemObject(
    command_queue: Queue,
    memobj: Mem,
    mapped_ptr: Annotated[Pointer, OpaqueRole("void*")],
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=22, since="1.2", check=True, surfaces=Surface.COMMAND)
def clEnqueueMigrateMemObjects(
    command_queue: Queue,
    num_mem_objects: U32,
    mem_objects: Annotated[Handles[Mem], In("num_mem_objects")],
    flags: MemMigrationFlags,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


# ── Kernels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueNDRangeKernel(
    command_queue: Queue,
    kernel: Kernel,
    work_dim: U32,
    global_work_offset: Annotated[Array[Size], In("work_dim", optional=True)],
    global_work_size: Annotated[Array[Size], In("work_dim", optional=True)],
    local_work_size: Annotated[Array[Size], In("work_dim", optional=True)],
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueTask(
    command_queue: Queue, kernel: Kernel, num_events_in_wait_list: U32, event_wait_list: WaitList, event: MaybeEvent
) -> Status: ...


@call(Carry.REFUSED)
def clEnqueueNativeKernel(
    command_queue: Queue,
    user_func: Annotated[Pointer, CallbackRole("void (*)(void*)")],
    args: Annotated[Pointer, OpaqueRole("void*")],
    cb_args: Size,
    num_mem_objects: U32,
    mem_list: Annotated[Pointer, OpaqueRole("const cl_mem*")],
    args_mem_loc: Annotated[Pointer, OpaqueRole("const void**")],
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...
