"""What programs of late failures have in common: the API by its spec, and a bench with whatever calls work on."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cenote.spec.opencl_constants import CONSTANTS
from tests.null.driver import FUNCTIONS, ctype_of

SOURCE = """kernel void copy(global uint* to, global const uint* from) {
  to[get_global_id(0)] = from[get_global_id(0)]; }"""
LARGE = 1 << 20
READ_WRITE = CONSTANTS["CL_MEM_READ_WRITE"]


class OpenCL:
    """libOpenCL.so.1 with the types of the spec; an error that is not looked at ends the program."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libOpenCL.so.1")

    def raw(self, name: str) -> Callable[..., Any]:
        function, model = getattr(self._library, name), FUNCTIONS[name]
        function.argtypes = [ctype_of(p) for p in model.params]
        function.restype = None if model.returns.kind == "void" else ctype_of(model.returns)
        return function  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if FUNCTIONS[name].params[-1].kind != "error":
                result, code = self.raw(name)(*arguments), 0
                code = result if FUNCTIONS[name].returns.ctype == "cl_int" else 0
            else:
                error = ctypes.c_int32()
                result = self.raw(name)(*arguments, ctypes.byref(error))
                code = error.value
            if code:
                sys.exit(f"{name} gave {code}")
            return result

        return call


cl = OpenCL()


def call(name: str, arguments: tuple[Any, ...]) -> tuple[Any, int]:
    """What the function returns, and its status."""
    model = FUNCTIONS[name]
    if model.params[-1].kind == "error":
        error = ctypes.c_int32()
        return cl.raw(name)(*arguments, ctypes.byref(error)), error.value
    result = cl.raw(name)(*arguments)
    return result, result if model.returns.ctype == "cl_int" else 0


def wish_for(wish: Path, fault: str, code: str) -> None:
    """Makes the next call of this function of the driver's fail."""
    wish.with_suffix(".new").write_text(f"{fault} {code}")
    wish.with_suffix(".new").rename(wish)


def handles(*values: Any) -> Any:
    return (ctypes.c_void_p * len(values))(*values)


def sizes(*values: int) -> Any:
    return (ctypes.c_size_t * len(values))(*values)


def number(value: int) -> Any:
    return ctypes.byref(ctypes.c_uint32(value))


class Bench:
    """What the calls work on. Whatever is made for one call is kept in `made` with the function that frees it."""

    def __init__(self, size: int) -> None:
        platform, device = ctypes.c_void_p(), ctypes.c_void_p()
        cl.clGetPlatformIDs(1, ctypes.byref(platform), None)
        cl.clGetDeviceIDs(platform, CONSTANTS["CL_DEVICE_TYPE_ALL"], 1, ctypes.byref(device), None)
        self.size = size
        self.device = device.value
        self.context = cl.clCreateContext(None, 1, handles(self.device), None, None)
        self.queue = cl.clCreateCommandQueue(self.context, self.device, 0)
        self.host = (ctypes.c_uint32 * (LARGE // 4))(*range(100))
        self.a, self.b = (cl.clCreateBuffer(self.context, 0, LARGE, None) for _ in range(2))
        self.program: Any = self.build(cl.clCreateProgramWithSource(self.context, *self.source))
        self.event = ctypes.c_void_p()
        self.kernels: Any = handles(None)
        self.made: list[tuple[str, tuple[Any, ...]]] = []

    def offers(self, function: str) -> bool:
        since = FUNCTIONS[function].spec.since
        if not since[0].isdigit():
            return since in self._info("CL_DEVICE_EXTENSIONS").decode()
        wanted = {"Image": "CL_DEVICE_IMAGE_SUPPORT", "SVM": "CL_DEVICE_SVM_CAPABILITIES"}
        return all(any(self._info(name)) for word, name in wanted.items() if word in function)

    def _info(self, name: str) -> bytes:
        size = ctypes.c_size_t()
        cl.clGetDeviceInfo(self.device, CONSTANTS[name], 0, None, ctypes.byref(size))
        answer = ctypes.create_string_buffer(size.value)
        cl.clGetDeviceInfo(self.device, CONSTANTS[name], size.value, answer, None)
        return answer.raw

    source = (1, (ctypes.c_char_p * 1)(SOURCE.encode()), None)
    form = (ctypes.c_uint32 * 2)(CONSTANTS["CL_RGBA"], CONSTANTS["CL_UNSIGNED_INT8"])
    plane = (ctypes.c_uint64 * 9)(CONSTANTS["CL_MEM_OBJECT_IMAGE2D"], 16, 16)
    color = (ctypes.c_uint32 * 4)()
    sampling = (0, CONSTANTS["CL_ADDRESS_NONE"], CONSTANTS["CL_FILTER_NEAREST"])
    zero, pixels, box = sizes(0, 0, 0), sizes(16, 16, 1), sizes(16, 4, 1)
    unsynced = (0, None, None, None)  # how the arguments of a recorded command end

    @property
    def waits(self) -> tuple[Any, ...]:
        return 0, None, ctypes.byref(self.event)

    def keep(self, free: str, *arguments: Any) -> Any:
        """The last argument, which will be freed."""
        self.made.append((free, arguments))
        return arguments[-1]

    @property
    def image(self) -> Any:
        return self.keep("clReleaseMemObject", cl.clCreateImage2D(self.context, READ_WRITE, self.form, 16, 16, 0, None))

    @property
    def sampler(self) -> Any:
        return self.keep("clReleaseSampler", cl.clCreateSampler(self.context, *self.sampling))

    @property
    def kernel(self) -> Any:
        return self.with_buffers(self.keep("clReleaseKernel", cl.clCreateKernel(self.program, b"copy")))

    @property
    def svm(self) -> Any:
        return self.keep("clSVMFree", self.context, cl.clSVMAlloc(self.context, 0, LARGE, 0))

    @property
    def usm(self) -> Any:
        at = cl.clDeviceMemAllocINTEL(self.context, self.device, None, LARGE, 0)
        return self.keep("clMemFreeINTEL", self.context, at)

    @property
    def marker(self) -> Any:
        return self.keep("clReleaseEvent", self.mark(self.queue))

    @property
    def ended_unknown(self) -> Any:
        """A marker's event: of an out-of-order queue, so that clFinish does not tell that it has ended."""
        flags = CONSTANTS["CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE"]
        queue = self.keep("clReleaseCommandQueue", cl.clCreateCommandQueue(self.context, self.device, flags))
        return self.keep("clReleaseEvent", self.mark(queue))

    @property
    def recording(self) -> Any:
        made = cl.clCreateCommandBufferKHR(1, handles(self.queue), None)
        return self.keep("clReleaseCommandBufferKHR", made)

    @property
    def into(self) -> tuple[Any, ...]:
        """How the arguments of a recorded command begin."""
        return self.recording, None, None

    @property
    def recorded(self) -> Any:
        made = self.recording
        cl.clCommandFillBufferKHR(made, None, None, self.a, number(7), 4, 0, 64, *self.unsynced)
        cl.clFinalizeCommandBufferKHR(made)
        return made

    @property
    def mapped(self) -> Any:
        flags = CONSTANTS["CL_MAP_WRITE"]
        return cl.clEnqueueMapBuffer(self.queue, self.a, 1, flags, 0, self.size, 0, None, None)

    @property
    def mapped_svm(self) -> Any:
        at = self.svm
        cl.clEnqueueSVMMap(self.queue, 1, CONSTANTS["CL_MAP_WRITE"], at, self.size, 0, None, None)
        return at

    def mark(self, queue: Any) -> Any:
        event = ctypes.c_void_p()
        cl.clEnqueueMarkerWithWaitList(queue, 0, None, ctypes.byref(event))
        return event.value

    def taken(self, handle: Any) -> Any:
        """An object that the call itself frees."""
        self.made.pop()
        return handle

    def build(self, program: Any) -> Any:
        cl.clBuildProgram(program, 0, None, b"", None, None)
        return program

    def with_buffers(self, kernel: Any) -> Any:
        for index, buffer in enumerate((self.a, self.b)):
            cl.clSetKernelArg(kernel, index, 8, handles(buffer))
        return kernel

    def launch(self, kernel: Any) -> int:
        event = ctypes.c_void_p()
        cl.clEnqueueNDRangeKernel(self.queue, kernel, 1, None, sizes(4), None, 0, None, ctypes.byref(event))
        return self.end_of(event)

    def end_of(self, event: Any) -> int:
        """The status with which the event ends."""
        cl.raw("clWaitForEvents")(1, handles(event.value))
        status = ctypes.c_int32()
        wanted = CONSTANTS["CL_EVENT_COMMAND_EXECUTION_STATUS"]
        cl.clGetEventInfo(event, wanted, 4, ctypes.byref(status), None)
        cl.clReleaseEvent(event)
        return status.value

    def finish(self) -> int:
        return int(cl.raw("clFinish")(self.queue))

    def free(self) -> None:
        for function, arguments in reversed(self.made):
            cl.raw(function)(*arguments)
        cl.clReleaseProgram(self.program)
        for buffer in (self.a, self.b):
            cl.clReleaseMemObject(buffer)
        cl.clReleaseCommandQueue(self.queue)
        cl.clReleaseContext(self.context)
