"""What waits, waits; all else is done at once."""

from __future__ import annotations

import ctypes
import threading

import pytest

from cenote.spec.opencl_constants import CONSTANTS as CL
from tests.null.driver import Cl, ClError, NullDriver

NOTIFY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)


def status(cl: NullDriver, event: Cl) -> int:
    answer = cl.info("clGetEventInfo", event, CL["CL_EVENT_COMMAND_EXECUTION_STATUS"])
    return int.from_bytes(answer, "little", signed=True)


def marker(cl: NullDriver, queue: Cl, *waits: Cl, barrier: bool = False) -> Cl:
    event = ctypes.c_void_p()
    function = cl.clEnqueueBarrierWithWaitList if barrier else cl.clEnqueueMarkerWithWaitList
    function(queue, len(waits), cl.handles(*waits) if waits else None, ctypes.byref(event))
    return event.value


def test_commands_are_done_at_once(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context, flags="CL_QUEUE_PROFILING_ENABLE")
    event = marker(forgetful, queue)
    assert status(forgetful, event) == 0
    times = [
        forgetful.number("clGetEventProfilingInfo", event, CL[f"CL_PROFILING_COMMAND_{name}"])
        for name in ("QUEUED", "SUBMIT", "START", "END")
    ]
    assert times == sorted(times)
    assert times[0] > 0


def test_a_user_event_holds_what_waits_for_it(keeping: NullDriver) -> None:
    context = keeping.context()
    queue = keeping.queue(context)
    buffer = keeping.clCreateBuffer(context, 0, 4, None)
    keeping.clEnqueueWriteBuffer(queue, buffer, 1, 0, 4, b"good", 0, None, None)
    gate = keeping.clCreateUserEvent(context)
    room = ctypes.create_string_buffer(b"none", 4)
    read = ctypes.c_void_p()
    keeping.clEnqueueReadBuffer(queue, buffer, 0, 0, 4, room, 1, keeping.handles(gate), ctypes.byref(read))
    behind = marker(keeping, queue)
    assert [status(keeping, e) > 0 for e in (gate, read, behind)] == [True, True, True]
    assert room.raw == b"none"
    threading.Timer(0.05, lambda: keeping.clSetUserEventStatus(gate, 0)).start()
    keeping.clFinish(queue)
    assert room.raw == b"good"
    assert [status(keeping, e) for e in (gate, read, behind)] == [0, 0, 0]


def test_failures_reach_those_who_wait(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context, flags="CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE")
    gate = forgetful.clCreateUserEvent(context)
    first = marker(forgetful, queue, gate)
    second = marker(forgetful, queue, first)
    forgetful.clSetUserEventStatus(gate, -7)
    failed = CL["CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"]
    assert [status(forgetful, e) for e in (gate, first, second)] == [-7, failed, failed]
    third = marker(forgetful, queue, second)
    assert status(forgetful, third) == failed
    with pytest.raises(ClError, match="EVENTS_IN_WAIT_LIST"):
        forgetful.clWaitForEvents(1, forgetful.handles(third))
    assert forgetful.raw("clSetUserEventStatus")(gate, 0) == CL["CL_INVALID_OPERATION"]


def test_out_of_order_queues_obey_barriers(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context, flags="CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE")
    gate = forgetful.clCreateUserEvent(context)
    held = marker(forgetful, queue, gate)
    buffer = forgetful.clCreateBuffer(context, 0, 4, None)
    free = ctypes.c_void_p()
    write = (queue, buffer, 0, 0, 4, b"abcd", 0, None, ctypes.byref(free))
    forgetful.clEnqueueWriteBuffer(*write)
    assert status(forgetful, free) == 0
    barrier = marker(forgetful, queue, barrier=True)
    forgetful.clEnqueueWriteBuffer(*write)
    assert status(forgetful, barrier) > 0
    assert status(forgetful, free) > 0
    forgetful.clSetUserEventStatus(gate, 0)
    assert [status(forgetful, e) for e in (held, barrier, free)] == [0, 0, 0]


def test_callbacks(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context)
    gate = forgetful.clCreateUserEvent(context)
    event = marker(forgetful, queue, gate)
    seen: list[int] = []
    done = threading.Semaphore(0)

    def note(_event: int, code: int, _data: int) -> None:
        seen.append(code)
        done.release()

    function = NOTIFY(note)
    address = ctypes.cast(function, ctypes.c_void_p)
    forgetful.clSetEventCallback(event, CL["CL_COMPLETE"], address, None)
    assert not done.acquire(timeout=0.05)
    forgetful.clSetUserEventStatus(gate, 0)
    assert done.acquire(timeout=5)
    forgetful.clSetEventCallback(event, CL["CL_RUNNING"], address, None)
    assert done.acquire(timeout=5)
    assert seen == [CL["CL_COMPLETE"], CL["CL_RUNNING"]]


def test_a_long_chain_ends_without_recursion(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context)
    gate = forgetful.clCreateUserEvent(context)
    event = marker(forgetful, queue, gate)
    for _ in range(20_000):
        forgetful.clEnqueueMarkerWithWaitList(queue, 0, None, None)
    forgetful.clSetUserEventStatus(gate, 0)
    forgetful.clFinish(queue)
    assert status(forgetful, event) == 0


def test_threads(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context)
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(300):
                gate = forgetful.clCreateUserEvent(context)
                held = marker(forgetful, queue, gate)
                forgetful.clSetUserEventStatus(gate, 0)
                forgetful.clWaitForEvents(1, forgetful.handles(held))
                forgetful.clReleaseEvent(held)
                forgetful.clReleaseEvent(gate)
        except ClError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    forgetful.clFinish(queue)
