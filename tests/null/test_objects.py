"""Devices, reference counts, wrong handles, info queries."""

from __future__ import annotations

import ctypes
import random
from pathlib import Path

import pytest

from cenote import paths
from cenote.codegen.model import Function
from cenote.spec.info import Info, Value
from cenote.spec.opencl_constants import CONSTANTS as CL
from cenote.spec.opencl_device_info import DEVICE
from cenote.spec.opencl_dispatch import DISPATCH
from tests.null.driver import FUNCTIONS, ClError, NullDriver, built, ctype_of

FIXED_SIZES = {Value.BOOL: 4, Value.U32: 4, Value.U64: 8, Value.SIZE: 8, Value.HANDLE: 8}
TAKE_HANDLES = [
    f
    for name, f in FUNCTIONS.items()
    if name in DISPATCH
    and name == f.name
    and f.params
    and not name.endswith("EXT")
    and f.params[0].kind in {"handle", "scalar"}
    and "SVMFree" not in name
]
# Functions that are not about one of our objects.
ANSWER_ALWAYS = {"clGetPlatformIDs", "clCreateContextFromType", "clGetExtensionFunctionAddressForPlatform"}


def test_device_count_is_a_setting(tmp_path: Path, forgetful: NullDriver) -> None:
    assert len(forgetful.devices) == 2
    for count in (0, 1, 5):
        (folder := tmp_path / str(count)).mkdir()
        assert len(NullDriver(folder, devices=count).devices) == count


@pytest.mark.parametrize("info", [i for i in DEVICE if i.since[0].isdigit()], ids=lambda i: i.name)
def test_every_device_query_of_the_core_is_answered(forgetful: NullDriver, info: Info) -> None:
    answer = forgetful.info("clGetDeviceInfo", forgetful.devices[0], CL[info.name])
    if info.value in FIXED_SIZES:
        assert len(answer) == FIXED_SIZES[info.value]
    elif info.value is Value.TEXT:
        assert answer.endswith(b"\0")
    elif info.value in {Value.SIZES, Value.PROPERTIES}:
        assert len(answer) % 8 == 0
    elif info.value is Value.NAME_VERSIONS:
        assert len(answer) % 68 == 0


def test_too_little_room_for_an_answer(forgetful: NullDriver) -> None:
    room = ctypes.create_string_buffer(4)
    code = forgetful.raw("clGetDeviceInfo")(forgetful.devices[0], CL["CL_DEVICE_NAME"], 4, room, None)
    assert code == CL["CL_INVALID_VALUE"]


def test_reference_counts(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context)
    assert forgetful.number("clGetContextInfo", context, CL["CL_CONTEXT_REFERENCE_COUNT"]) == 1
    forgetful.clRetainContext(context)
    assert forgetful.number("clGetContextInfo", context, CL["CL_CONTEXT_REFERENCE_COUNT"]) == 2
    forgetful.clReleaseContext(context)
    forgetful.clReleaseContext(context)
    assert forgetful.raw("clRetainContext")(context) == CL["CL_INVALID_CONTEXT"]
    # The queue keeps the context alive inside.
    assert forgetful.number("clGetCommandQueueInfo", queue, CL["CL_QUEUE_CONTEXT"]) == context
    forgetful.clReleaseCommandQueue(queue)
    assert forgetful.raw("clFlush")(queue) == CL["CL_INVALID_COMMAND_QUEUE"]


def test_destructor_callbacks(forgetful: NullDriver) -> None:
    context = forgetful.context()
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    called: list[int] = []
    notes = [kind(lambda _mem, _data, n=n: called.append(n)) for n in range(2)]
    buffer = forgetful.clCreateBuffer(context, 0, 16, None)
    for note in notes:
        forgetful.clSetMemObjectDestructorCallback(buffer, ctypes.cast(note, ctypes.c_void_p), None)
    forgetful.clRetainMemObject(buffer)
    forgetful.clReleaseMemObject(buffer)
    assert called == []
    forgetful.clReleaseMemObject(buffer)
    assert called == [1, 0]
    forgetful.clReleaseContext(context)


@pytest.mark.parametrize("function", TAKE_HANDLES, ids=lambda f: f.name)
def test_wrong_handles_are_errors(forgetful: NullDriver, function: Function) -> None:
    context = forgetful.context()
    freed = forgetful.context()
    forgetful.clReleaseContext(freed)
    dice = random.Random(function.name)  # noqa: S311 - the same in every run
    for wrong in (0, 1, 0xDEADBEEF, freed, context + 8, forgetful.devices[0] + 1, 2**64 - 16, dice.getrandbits(47)):
        arguments = [wrong if p.kind in {"handle", "handles"} else 0 for p in function.params]
        for at, param in enumerate(function.params):
            if param.kind == "handles":
                arguments[at] = 0
        error = ctypes.c_int32(1)
        if function.has("errcode_ret"):
            arguments[-1] = ctypes.addressof(error)
        assert len(arguments) == len([ctype_of(p) for p in function.params])
        result = forgetful.raw(function.name)(*arguments)
        if function.has("errcode_ret"):
            assert not result
            assert error.value < 0 or function.name in ANSWER_ALWAYS
        elif function.returns.ctype == "cl_int":
            assert result < 0 or function.name in ANSWER_ALWAYS or function.params[0].kind != "handle"
    forgetful.clReleaseContext(context)


def test_objects_of_another_type_are_wrong(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context)
    assert forgetful.raw("clRetainMemObject")(queue) == CL["CL_INVALID_MEM_OBJECT"]
    assert forgetful.raw("clFinish")(context) == CL["CL_INVALID_COMMAND_QUEUE"]
    forgetful.clReleaseCommandQueue(queue)
    forgetful.clReleaseContext(context)


def test_sub_devices(forgetful: NullDriver) -> None:
    properties = (ctypes.c_ssize_t * 3)(CL["CL_DEVICE_PARTITION_EQUALLY"], 16, 0)
    count = ctypes.c_uint32()
    parts = forgetful.handles(*[0] * 4)
    forgetful.clCreateSubDevices(forgetful.devices[1], properties, 4, parts, ctypes.byref(count))
    assert count.value == 4
    parent = forgetful.number("clGetDeviceInfo", parts[0], CL["CL_DEVICE_PARENT_DEVICE"])
    assert parent == forgetful.devices[1]
    assert forgetful.number("clGetDeviceInfo", parts[0], CL["CL_DEVICE_MAX_COMPUTE_UNITS"]) == 16
    for part in parts:
        forgetful.clReleaseDevice(part)
    with pytest.raises(ClError, match="CL_INVALID_DEVICE"):
        forgetful.info("clGetDeviceInfo", parts[0], CL["CL_DEVICE_NAME"])


def test_memory_ends(tmp_path: Path, forgetful: NullDriver) -> None:
    assert forgetful.devices
    driver = NullDriver(tmp_path)
    context = driver.context()
    buffers = []
    with pytest.raises(ClError, match="CL_MEM_OBJECT_ALLOCATION_FAILURE"):
        while True:
            buffers.append(driver.clCreateBuffer(context, 0, 1 << 30, None))
    assert len(buffers) == 16
    for buffer in buffers:
        driver.clReleaseMemObject(buffer)
    driver.clReleaseMemObject(driver.clCreateBuffer(context, 0, 1 << 30, None))
    driver.clReleaseContext(context)


def test_a_server_may_lend_it() -> None:
    assert not paths.is_ours(built())
    assert paths.is_ours(built().with_name("libcenote-opencl-icd.so"))
