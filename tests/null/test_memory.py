"""Bytes in buffers, images and shared virtual memory."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator

import pytest

from cenote.spec.opencl_constants import CONSTANTS as CL
from tests.null.driver import Cl, NullDriver


class Setup:
    """A context and a queue of one driver."""

    def __init__(self, driver: NullDriver) -> None:
        self.cl = driver
        self.context = driver.context()
        self.queue = driver.queue(self.context)

    def buffer(self, data: bytes) -> Cl:
        flags = CL["CL_MEM_READ_WRITE"] | CL["CL_MEM_COPY_HOST_PTR"]
        return self.cl.clCreateBuffer(self.context, flags, len(data), ctypes.create_string_buffer(data, len(data)))

    def read(self, buffer: Cl, size: int, offset: int = 0) -> bytes:
        room = ctypes.create_string_buffer(b"\xff" * size, size)
        self.cl.clEnqueueReadBuffer(self.queue, buffer, 1, offset, size, room, 0, None, None)
        return room.raw

    def image(self, order: str, type_: str, width: int, height: int) -> Cl:
        image_format = (ctypes.c_uint32 * 2)(CL[order], CL[type_])
        description = (ctypes.c_uint64 * 9)(CL["CL_MEM_OBJECT_IMAGE2D"], width, height)
        return self.cl.clCreateImage(self.context, 0, image_format, description, None)


@pytest.fixture
def setup(keeping: NullDriver) -> Iterator[Setup]:
    made = Setup(keeping)
    yield made
    keeping.clReleaseCommandQueue(made.queue)
    keeping.clReleaseContext(made.context)


def test_reads_are_zeros_where_nothing_is_kept(forgetful: NullDriver) -> None:
    setup = Setup(forgetful)
    assert setup.read(setup.buffer(b"hello world!"), 12) == bytes(12)


def test_buffers_keep_bytes(setup: Setup) -> None:
    buffer = setup.buffer(bytes(range(64)))
    setup.cl.clEnqueueWriteBuffer(setup.queue, buffer, 0, 8, 4, b"abcd", 0, None, None)
    assert setup.read(buffer, 6, 6) == b"\x06\x07abcd"
    setup.cl.clEnqueueFillBuffer(setup.queue, buffer, b"xy", 2, 16, 6, 0, None, None)
    other = setup.buffer(bytes(32))
    setup.cl.clEnqueueCopyBuffer(setup.queue, buffer, other, 14, 1, 10, 0, None, None)
    assert setup.read(other, 12) == b"\0\x0e\x0fxyxyxy\x16\x17\0"


def test_sub_buffers_share_bytes(setup: Setup) -> None:
    buffer = setup.buffer(bytes(512))
    region = setup.cl.sizes(128, 64)
    part = setup.cl.clCreateSubBuffer(buffer, 0, CL["CL_BUFFER_CREATE_TYPE_REGION"], region)
    setup.cl.clEnqueueWriteBuffer(setup.queue, part, 1, 2, 3, b"abc", 0, None, None)
    assert setup.read(buffer, 3, 130) == b"abc"
    setup.cl.clReleaseMemObject(buffer)
    assert setup.read(part, 3, 2) == b"abc"


def test_ranges_beyond_the_end_are_errors(setup: Setup) -> None:
    buffer = setup.buffer(bytes(16))
    room = ctypes.create_string_buffer(16)
    for offset, size in [(0, 17), (16, 1), (2**64 - 1, 2), (1, 2**64 - 1), (0, 0)]:
        code = setup.cl.raw("clEnqueueReadBuffer")(setup.queue, buffer, 1, offset, size, room, 0, None, None)
        assert code == CL["CL_INVALID_VALUE"]
    huge = setup.cl.sizes(2**63, 2**63, 2**63)
    one = setup.cl.sizes(1, 1, 1)
    for origin, region in [(huge, one), (one, huge)]:
        arguments = (buffer, 1, origin, one, region, 0, 0, 0, 0, room, 0, None, None)
        assert setup.cl.raw("clEnqueueReadBufferRect")(setup.queue, *arguments) == CL["CL_INVALID_VALUE"]


def test_rectangles(setup: Setup) -> None:
    buffer = setup.buffer(bytes(range(64)))
    room = ctypes.create_string_buffer(b"." * 12, 12)
    origin, host, region = setup.cl.sizes(1, 2, 0), setup.cl.sizes(1, 0, 0), setup.cl.sizes(3, 2, 1)
    arguments = (buffer, 1, origin, host, region, 8, 0, 5, 0, room, 0, None, None)
    setup.cl.clEnqueueReadBufferRect(setup.queue, *arguments)
    assert room.raw == b".\x11\x12\x13..\x19\x1a\x1b..."
    target = setup.buffer(bytes(16))
    zero = setup.cl.sizes(0, 0, 0)
    copied = (buffer, target, origin, zero, region, 8, 0, 4, 0, 0, None, None)
    setup.cl.clEnqueueCopyBufferRect(setup.queue, *copied)
    assert setup.read(target, 8) == b"\x11\x12\x13\0\x19\x1a\x1b\0"


def test_images(setup: Setup) -> None:
    image = setup.image("CL_RGBA", "CL_UNORM_INT8", 4, 3)
    origin, region = setup.cl.sizes(1, 1, 0), setup.cl.sizes(2, 2, 1)
    setup.cl.clEnqueueFillImage(setup.queue, image, struct.pack("4f", 0, 0.5, 1, 2), origin, region, 0, None, None)
    buffer = setup.buffer(bytes(48))
    everything = setup.cl.sizes(4, 3, 1)
    setup.cl.clEnqueueCopyImageToBuffer(
        setup.queue, image, buffer, setup.cl.sizes(0, 0, 0), everything, 0, 0, None, None
    )
    pixel = b"\x00\x80\xff\xff"
    assert setup.read(buffer, 48) == bytes(20) + pixel * 2 + bytes(8) + pixel * 2 + bytes(4)
    room = ctypes.create_string_buffer(20)
    setup.cl.clEnqueueReadImage(setup.queue, image, 1, origin, region, 12, 0, room, 0, None, None)
    assert room.raw == pixel * 2 + bytes(4) + pixel * 2


def test_half_pixels(setup: Setup) -> None:
    values = [0.0, 1.0, -2.5, 65504.0, 1e6, 6e-8, 1e-5, 0.1, 2049.0, float("inf")]
    image = setup.image("CL_R", "CL_HALF_FLOAT", len(values), 1)
    room = ctypes.create_string_buffer(2 * len(values))
    for x, value in enumerate(values):
        origin, one = setup.cl.sizes(x, 0, 0), setup.cl.sizes(1, 1, 1)
        color = struct.pack("4f", value, 0, 0, 0)
        setup.cl.clEnqueueFillImage(setup.queue, image, color, origin, one, 0, None, None)
    zero, region = setup.cl.sizes(0, 0, 0), setup.cl.sizes(len(values), 1, 1)
    setup.cl.clEnqueueReadImage(setup.queue, image, 1, zero, region, 0, 0, room, 0, None, None)
    expected = [v if v != 1e6 else float("inf") for v in values]
    assert room.raw == struct.pack(f"{len(values)}e", *expected)


def test_maps_are_the_memory(setup: Setup) -> None:
    buffer = setup.buffer(bytes(range(16)))
    address = setup.cl.clEnqueueMapBuffer(setup.queue, buffer, 1, CL["CL_MAP_WRITE"], 4, 8, 0, None, None)
    assert ctypes.string_at(address, 8) == bytes(range(4, 12))
    ctypes.memmove(address, b"ABCD", 4)
    assert setup.cl.number("clGetMemObjectInfo", buffer, CL["CL_MEM_MAP_COUNT"]) == 1
    setup.cl.clEnqueueUnmapMemObject(setup.queue, buffer, address, 0, None, None)
    assert setup.read(buffer, 4, 4) == b"ABCD"
    code = setup.cl.raw("clEnqueueUnmapMemObject")(setup.queue, buffer, address, 0, None, None)
    assert code == CL["CL_INVALID_VALUE"]


def test_maps_work_where_nothing_is_kept(forgetful: NullDriver) -> None:
    setup = Setup(forgetful)
    buffer = setup.buffer(b"x" * 4096)
    address = forgetful.clEnqueueMapBuffer(setup.queue, buffer, 1, CL["CL_MAP_WRITE"], 0, 4096, 0, None, None)
    ctypes.memset(address, 7, 4096)
    forgetful.clEnqueueUnmapMemObject(setup.queue, buffer, address, 0, None, None)


def test_shared_virtual_memory(setup: Setup) -> None:
    first = setup.cl.clSVMAlloc(setup.context, 0, 100, 64)
    second = setup.cl.clSVMAlloc(setup.context, 0, 100, 0)
    assert first % 64 == 0
    setup.cl.clEnqueueSVMMemFill(setup.queue, first, b"ab", 2, 100, 0, None, None)
    setup.cl.clEnqueueSVMMemcpy(setup.queue, 1, second, first, 100, 0, None, None)
    assert ctypes.string_at(second, 100) == b"ab" * 50
    flags = CL["CL_MEM_USE_HOST_PTR"]
    buffer = setup.cl.clCreateBuffer(setup.context, flags, 100, first)
    assert setup.cl.number("clGetMemObjectInfo", buffer, CL["CL_MEM_USES_SVM_POINTER"]) == 1
    setup.cl.clReleaseMemObject(buffer)
    setup.cl.clSVMFree(setup.context, first)
    setup.cl.clEnqueueSVMFree(setup.queue, 1, setup.cl.handles(second), None, None, 0, None, None)
    setup.cl.clSVMFree(setup.context, 0x1234)
