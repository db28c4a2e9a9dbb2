"""Programs that are never compiled, and their kernels."""

from __future__ import annotations

import ctypes
import struct

import pytest

from cenote.spec.opencl_constants import CONSTANTS as CL
from tests.null.driver import Cl, ClError, NullDriver

SOURCE = r"""
#define kernel_like kernel void not_this(int a)
// kernel void nor_this(int a) {}
/* __kernel void nor_that() {} */
constant char text[] = "kernel void still_not()";
kernel void plain(global const float *restrict in, __global float* out, const unsigned int n, float4 v) { }
__kernel __attribute__((reqd_work_group_size(8, 4, 1)))
void shaped(__local int *scratch, constant struct pair *table, read_only image2d_t image,
            write_only image3d_t volume, sampler_t how, struct pair by_value, size_t end, uchar3 c) {
  if (n) { kernel_like(1); }
}
kernel void empty(void);
kernel void empty(void) {}
"""


def name_of(cl: NullDriver, kernel: Cl) -> str:
    return cl.info("clGetKernelInfo", kernel, CL["CL_KERNEL_FUNCTION_NAME"]).rstrip(b"\0").decode()


def args_of(cl: NullDriver, kernel: Cl) -> list[tuple[str, str]]:
    count = cl.number("clGetKernelInfo", kernel, CL["CL_KERNEL_NUM_ARGS"])

    def text(at: int, what: str) -> str:
        return cl.info("clGetKernelArgInfo", kernel, at, CL[what]).rstrip(b"\0").decode()

    return [(text(i, "CL_KERNEL_ARG_TYPE_NAME"), text(i, "CL_KERNEL_ARG_NAME")) for i in range(count)]


def test_kernels_are_found(forgetful: NullDriver) -> None:
    context = forgetful.context()
    program = forgetful.program(context, SOURCE)
    names = forgetful.info("clGetProgramInfo", program, CL["CL_PROGRAM_KERNEL_NAMES"])
    assert names == b"plain;shaped;empty\0"
    plain, shaped, empty = (forgetful.clCreateKernel(program, n) for n in (b"plain", b"shaped", b"empty"))
    assert args_of(forgetful, plain) == [("float*", "in"), ("float*", "out"), ("uint", "n"), ("float4", "v")]
    assert [name for _, name in args_of(forgetful, shaped)] == [
        "scratch",
        "table",
        "image",
        "volume",
        "how",
        "by_value",
        "end",
        "c",
    ]
    assert args_of(forgetful, empty) == []
    what = CL["CL_KERNEL_COMPILE_WORK_GROUP_SIZE"]
    size = forgetful.info("clGetKernelWorkGroupInfo", shaped, forgetful.devices[0], what)
    assert struct.unpack("3Q", size) == (8, 4, 1)
    access = [
        forgetful.number("clGetKernelArgInfo", shaped, i, CL["CL_KERNEL_ARG_ACCESS_QUALIFIER"]) for i in (0, 2, 3)
    ]
    assert access == [CL[f"CL_KERNEL_ARG_ACCESS_{a}"] for a in ("NONE", "READ_ONLY", "WRITE_ONLY")]
    with pytest.raises(ClError, match="CL_INVALID_KERNEL_NAME"):
        forgetful.clCreateKernel(program, b"not_this")


def test_arguments_are_checked(forgetful: NullDriver) -> None:
    context = forgetful.context()
    queue = forgetful.queue(context)
    kernel = forgetful.clCreateKernel(forgetful.program(context, SOURCE), b"plain")
    buffer = forgetful.clCreateBuffer(context, 0, 64, None)
    size = forgetful.sizes(64)

    def launch() -> int:
        code = forgetful.raw("clEnqueueNDRangeKernel")(queue, kernel, 1, None, size, None, 0, None, None)
        assert isinstance(code, int)
        return code

    set_arg = forgetful.raw("clSetKernelArg")
    assert set_arg(kernel, 0, 8, ctypes.byref(ctypes.c_void_p(0x1234))) == CL["CL_INVALID_MEM_OBJECT"]
    assert set_arg(kernel, 2, 8, b"12345678") == CL["CL_INVALID_ARG_SIZE"]
    assert set_arg(kernel, 9, 8, b"12345678") == CL["CL_INVALID_ARG_INDEX"]
    for index in (0, 1):
        forgetful.clSetKernelArg(kernel, index, 8, forgetful.handles(buffer))
    forgetful.clSetKernelArg(kernel, 2, 4, b"1234")
    assert launch() == CL["CL_INVALID_KERNEL_ARGS"]
    forgetful.clSetKernelArg(kernel, 3, 16, b"1234" * 4)
    assert launch() == 0
    clone = forgetful.clCloneKernel(kernel)
    assert name_of(forgetful, clone) == "plain"
    forgetful.clEnqueueNDRangeKernel(queue, clone, 1, None, size, forgetful.sizes(32), 0, None, None)


def test_local_memory_is_what_was_set(forgetful: NullDriver) -> None:
    kernel = forgetful.clCreateKernel(forgetful.program(forgetful.context(), SOURCE), b"shaped")
    forgetful.clSetKernelArg(kernel, 0, 4096, None)
    device = forgetful.devices[0]
    assert forgetful.number("clGetKernelWorkGroupInfo", kernel, device, CL["CL_KERNEL_LOCAL_MEM_SIZE"]) == 4096


def test_binaries_come_back(forgetful: NullDriver) -> None:
    context = forgetful.context()
    program = forgetful.program(context, SOURCE)
    sizes = struct.unpack("2Q", forgetful.info("clGetProgramInfo", program, CL["CL_PROGRAM_BINARY_SIZES"]))
    rooms = [ctypes.create_string_buffer(size) for size in sizes]
    addresses = forgetful.handles(*map(ctypes.addressof, rooms))
    forgetful.clGetProgramInfo(program, CL["CL_PROGRAM_BINARIES"], 16, addresses, None)
    device = forgetful.handles(forgetful.devices[0])
    again = forgetful.clCreateProgramWithBinary(
        context, 1, device, forgetful.sizes(sizes[0]), forgetful.handles(ctypes.addressof(rooms[0])), None
    )
    forgetful.clBuildProgram(again, 0, None, None, None, None)
    assert name_of(forgetful, forgetful.clCreateKernel(again, b"shaped")) == "shaped"
    rooms[0].value = b"something else"
    with pytest.raises(ClError, match="CL_INVALID_BINARY"):
        forgetful.clCreateProgramWithBinary(
            context, 1, device, forgetful.sizes(14), forgetful.handles(ctypes.addressof(rooms[0])), None
        )


def test_linking_joins_programs(forgetful: NullDriver) -> None:
    context = forgetful.context()
    parts = []
    for name in ("one", "two"):
        text = (ctypes.c_char_p * 1)(f"kernel void {name}(global int* p) {{}}".encode())
        parts.append(forgetful.clCreateProgramWithSource(context, 1, text, None))
        forgetful.clCompileProgram(parts[-1], 0, None, b"", 0, None, None, None, None)
    whole = forgetful.clLinkProgram(context, 0, None, b"", 2, forgetful.handles(*parts), None, None)
    count = forgetful.number("clGetProgramInfo", whole, CL["CL_PROGRAM_NUM_KERNELS"])
    assert count == 2


def words(*instructions: tuple[int, ...]) -> bytes:
    """A SPIR-V module of these instructions: the opcode, then its operands."""
    body = [word for op, *operands in instructions for word in ((len(operands) + 1) << 16 | op, *operands)]
    return struct.pack(f"<{5 + len(body)}I", 0x07230203, 0x10000, 0, 100, 0, *body)


def test_kernels_of_spirv(forgetful: NullDriver) -> None:
    name = struct.unpack("<2I", b"kern\0\0\0\0")
    module = words(
        (15, 6, 10, *name),
        (21, 1, 32, 0),
        (22, 2, 64),
        (23, 3, 1, 3),
        (32, 4, 5, 1),
        (54, 9, 10, 0, 8),
        (55, 4, 11),
        (55, 2, 12),
        (55, 3, 13),
    )
    context = forgetful.context()
    program = forgetful.clCreateProgramWithIL(context, module, len(module))
    forgetful.clBuildProgram(program, 0, None, None, None, None)
    kernel = forgetful.clCreateKernel(program, b"kern")
    assert forgetful.number("clGetKernelInfo", kernel, CL["CL_KERNEL_NUM_ARGS"]) == 3
    for index, size in ((1, 8), (2, 16)):
        forgetful.clSetKernelArg(kernel, index, size, bytes(size))
        assert forgetful.raw("clSetKernelArg")(kernel, index, size + 1, bytes(32)) == CL["CL_INVALID_ARG_SIZE"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "kernel",
        "kernel void",
        "kernel void f",
        "kernel void f(",
        'kernel void f(int a, "',
        "kernel void f((((",
        "kernel void f(,,,)",
        "/*",
        "#\\",
        "'",
    ],
)
def test_broken_source_builds_too(forgetful: NullDriver, source: str) -> None:
    forgetful.program(forgetful.context(), source)


def test_broken_spirv_builds_too(forgetful: NullDriver) -> None:
    context = forgetful.context()
    for module in (b"x", bytes(20), words((15, 6)), words((54, 1)), words((15, 6, 10))[:-2], words() + b"\xff" * 8):
        program = forgetful.clCreateProgramWithIL(context, module, len(module))
        forgetful.clBuildProgram(program, 0, None, None, None, None)
