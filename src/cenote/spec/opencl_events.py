"""Events, and the order of commands."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import CallbackRole, Carry, ErrorCode, Hand, Handles, In, New, Pointer, Surface, UserData, call
from cenote.spec.opencl_types import (
    I32,
    U32,
    Context,
    Event,
    EventInfo,
    InfoSize,
    InfoValue,
    MaybeEvent,
    ProfilingInfo,
    Queue,
    Size,
    Status,
    WaitList,
)

# ── Order ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, opcode=23, since="1.2", surfaces=Surface.COMMAND)
def clEnqueueMarkerWithWaitList(
    command_queue: Queue, num_events_in_wait_list: U32, event_wait_list: WaitList, event: MaybeEvent
) -> Status: ...


@call(Carry.ONE_WAY, opcode=24, since="1.2", surfaces=Surface.COMMAND)
def clEnqueueBarrierWithWaitList(
    command_queue: Queue, num_events_in_wait_list: U32, event_wait_list: WaitList, event: MaybeEvent
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.COMMAND)
def clEnqueueMarker(command_queue: Queue, event: Annotated[Event, New()]) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.QUEUE)
def clEnqueueBarrier(command_queue: Queue) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.QUEUE)
def clEnqueueWaitForEvents(
    command_queue: Queue, num_events: U32, event_list: Annotated[Handles[Event], In("num_events")]
) -> Status: ...


# ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, slow=True)
def clWaitForEvents(num_events: U32, event_list: Annotated[Handles[Event], In("num_events")]) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.1", surfaces=Surface.NOWHERE)
def clCreateUserEvent(context: Context, errcode_ret: ErrorCode) -> Annotated[Event, New()]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.1", surfaces=Surface.NOWHERE)
def clSetUserEventStatus(event: Event, execution_status: I32) -> Status: ...


@call(Carry.LOCAL)
def clRetainEvent(event: Event) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.NOWHERE)
def clReleaseEvent(event: Event) -> Status: ...


@call(Carry.CACHED)
def clGetEventInfo(
    event: Event, param_name: EventInfo, param_value_size: Size, param_value: InfoValue, param_value_size_ret: InfoSize
) -> Status: ...


@call(Carry.CACHED)
def clGetEventProfilingInfo(
    event: Event,
    param_name: ProfilingInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.1", surfaces=Surface.EVENT)
def clSetEventCallback(
    event: Event,
    command_exec_callback_type: I32,
    pfn_notify: Annotated[
        Pointer, CallbackRole("void (*)(cl_event event, cl_int event_command_status, void* user_data)")
    ],
    user_data: UserData,
) -> Status: ...
