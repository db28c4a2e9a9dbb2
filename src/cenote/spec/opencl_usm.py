"""cl_intel_unified_shared_memory."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import Bytes, Carry, ErrorCode, Hand, In, OpaqueRole, Pointer, Surface, call
from cenote.spec.opencl_types import (
    I32,
    U32,
    Address,
    Bool,
    ConstAddress,
    Context,
    Device,
    InfoSize,
    InfoValue,
    Kernel,
    MaybeEvent,
    MemAdviceIntel,
    MemInfoIntel,
    MemMigrationFlags,
    Queue,
    Size,
    Status,
    WaitList,
)

EXTENSION = "cl_intel_unified_shared_memory"


# ── Allocations ─────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, since=EXTENSION, slow=True)
def clHostMemAllocINTEL(
    context: Context,
    properties: Annotated[Pointer, OpaqueRole("const cl_mem_properties_intel*")],
    size: Size,
    alignment: U32,
    errcode_ret: ErrorCode,
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


@call(Carry.WAITS, hand=Hand.BOTH, since=EXTENSION, slow=True)
def clDeviceMemAllocINTEL(
    context: Context,
    device: Device,
    properties: Annotated[Pointer, OpaqueRole("const cl_mem_properties_intel*")],
    size: Size,
    alignment: U32,
    errcode_ret: ErrorCode,
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


@call(Carry.WAITS, hand=Hand.BOTH, since=EXTENSION, slow=True)
def clSharedMemAllocINTEL(
    context: Context,
    device: Device,
    properties: Annotated[Pointer, OpaqueRole("const cl_mem_properties_intel*")],
    size: Size,
    alignment: U32,
    errcode_ret: ErrorCode,
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, slow=True, surfaces=Surface.NOWHERE)
def clMemFreeINTEL(context: Context, ptr: Address) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since=EXTENSION, slow=True)
def clMemBlockingFreeINTEL(context: Context, ptr: Address) -> Status: ...


@call(Carry.LOCAL, since=EXTENSION)
def clGetMemAllocInfoINTEL(
    context: Context,
    ptr: Annotated[Pointer, OpaqueRole("const void*")],
    param_name: MemInfoIntel,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.KERNEL)
def clSetKernelArgMemPointerINTEL(kernel: Kernel, arg_index: U32, arg_value: ConstAddress) -> Status: ...


# ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.COMMAND)
def clEnqueueMemsetINTEL(
    command_queue: Queue,
    dst_ptr: Address,
    value: I32,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.COMMAND)
def clEnqueueMemFillINTEL(
    command_queue: Queue,
    dst_ptr: Address,
    pattern: Annotated[Bytes, In("pattern_size")],
    pattern_size: Size,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since=EXTENSION, surfaces=Surface.COMMAND)
def clEnqueueMemcpyINTEL(
    command_queue: Queue,
    blocking: Bool,
    dst_ptr: Address,
    src_ptr: ConstAddress,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since=EXTENSION)
def clEnqueueMigrateMemINTEL(
    command_queue: Queue,
    ptr: ConstAddress,
    size: Size,
    flags: MemMigrationFlags,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.WAITS, opcode=31, hand=Hand.BOTH, since=EXTENSION)
def clEnqueueMemAdviseINTEL(
    command_queue: Queue,
    ptr: ConstAddress,
    size: Size,
    advice: MemAdviceIntel,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...
