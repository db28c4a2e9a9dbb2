"""Shared virtual memory."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import Array, Bytes, CallbackRole, Carry, Hand, In, OpaqueRole, Pointer, Surface, UserData, call
from cenote.spec.opencl_types import (
    U32,
    Address,
    Bool,
    ConstAddress,
    Context,
    Kernel,
    KernelExecInfo,
    MapFlags,
    MaybeEvent,
    MemMigrationFlags,
    Queue,
    Size,
    Status,
    SvmMemFlags,
    WaitList,
)

# ── Allocations ─────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, since="2.0", slow=True)
def clSVMAlloc(
    context: Context, flags: SvmMemFlags, size: Size, alignment: U32
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="2.0", slow=True, surfaces=Surface.NOWHERE)
def clSVMFree(context: Context, svm_pointer: Address) -> None: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="2.0", surfaces=Surface.KERNEL)
def clSetKernelArgSVMPointer(kernel: Kernel, arg_index: U32, arg_value: ConstAddress) -> Status: ...


@call(Carry.WAITS, opcode=7, hand=Hand.BOTH, since="2.0")
def clSetKernelExecInfo(
    kernel: Kernel,
    param_name: KernelExecInfo,
    param_value_size: Size,
    param_value: Annotated[Bytes, In("param_value_size")],
) -> Status: ...


# ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="2.0", surfaces=Surface.COMMAND)
def clEnqueueSVMFree(
    command_queue: Queue,
    num_svm_pointers: U32,
    svm_pointers: Annotated[Pointer, OpaqueRole("void**")],
    pfn_free_func: Annotated[
        Pointer,
        CallbackRole(
            "void (*)(cl_command_queue queue, cl_uint num_svm_pointers, void** svm_pointers, void* user_data)"
        ),
    ],
    user_data: UserData,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=8, hand=Hand.BOTH, since="2.0", surfaces=Surface.COMMAND)
def clEnqueueSVMMemcpy(
    command_queue: Queue,
    blocking_copy: Bool,
    dst_ptr: Address,
    src_ptr: ConstAddress,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, opcode=9, hand=Hand.BOTH, since="2.0", surfaces=Surface.COMMAND)
def clEnqueueSVMMemFill(
    command_queue: Queue,
    svm_ptr: Address,
    pattern: Annotated[Bytes, In("pattern_size")],
    pattern_size: Size,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="2.0", surfaces=Surface.COMMAND)
def clEnqueueSVMMap(
    command_queue: Queue,
    blocking_map: Bool,
    flags: MapFlags,
    svm_ptr: Address,
    size: Size,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="2.0", surfaces=Surface.COMMAND)
def clEnqueueSVMUnmap(
    command_queue: Queue, svm_ptr: Address, num_events_in_wait_list: U32, event_wait_list: WaitList, event: MaybeEvent
) -> Status: ...


@call(Carry.WAITS, opcode=12, hand=Hand.BOTH, since="2.1")
def clEnqueueSVMMigrateMem(
    command_queue: Queue,
    num_svm_pointers: U32,
    svm_pointers: Annotated[Array[Address], In("num_svm_pointers")],
    sizes: Annotated[Array[Size], In("num_svm_pointers", optional=True)],
    flags: MemMigrationFlags,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> Status: ...
