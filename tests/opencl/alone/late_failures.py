"""Calls one function whose call does not wait, lets the driver's part in it fail, and prints all that is heard of it.

Run as ``late_failures.py FUNCTION FAULT CODE SIZE FOLDER``: FAULT is the driver's function that is to fail, if any,
SIZE that of transfers, FOLDER that of the server's fault layer. Where the device lacks the function, “not offered” is
all.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

from cenote.spec.opencl_constants import CONSTANTS
from tests.null.driver import FUNCTIONS
from tests.opencl.alone.bench import READ_WRITE, Bench, call, cl, handles, number, sizes, wish_for

SAMPLING = """kernel void sample(read_only image2d_t image, sampler_t sampler, global uint* to) {
  to[0] = read_imageui(image, sampler, (int2)(0, 0)).x; }"""

# ── The calls: their arguments, made for a bench ─────────────────────────────────────────────────────────────────────

heard: Queue[int] = Queue()
HEARD = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)(
    lambda _event, status, _data: heard.put(status)
)
Recipe = Callable[[Bench], tuple[Any, ...]]
RECIPES: dict[str, Recipe] = {
    "clEnqueueReadBuffer": lambda t: (t.queue, t.a, 0, 0, t.size, t.host, *t.waits),
    "clEnqueueReadBufferRect": lambda t: (t.queue, t.a, 0, t.zero, t.zero, t.box, 0, 0, 0, 0, t.host, *t.waits),
    "clEnqueueWriteBuffer": lambda t: (t.queue, t.a, 0, 0, t.size, t.host, *t.waits),
    "clEnqueueWriteBufferRect": lambda t: (t.queue, t.a, 0, t.zero, t.zero, t.box, 0, 0, 0, 0, t.host, *t.waits),
    "clEnqueueFillBuffer": lambda t: (t.queue, t.a, number(7), 4, 0, 64, *t.waits),
    "clEnqueueCopyBuffer": lambda t: (t.queue, t.a, t.b, 0, 0, 64, *t.waits),
    "clEnqueueCopyBufferRect": lambda t: (t.queue, t.a, t.b, t.zero, t.zero, t.box, 0, 0, 0, 0, *t.waits),
    "clEnqueueMapBuffer": lambda t: (t.queue, t.a, 0, CONSTANTS["CL_MAP_READ"], 0, t.size, *t.waits),
    "clEnqueueReadImage": lambda t: (t.queue, t.image, 0, t.zero, t.pixels, 0, 0, t.host, *t.waits),
    "clEnqueueWriteImage": lambda t: (t.queue, t.image, 0, t.zero, t.pixels, 0, 0, t.host, *t.waits),
    "clEnqueueFillImage": lambda t: (t.queue, t.image, t.color, t.zero, t.pixels, *t.waits),
    "clEnqueueCopyImage": lambda t: (t.queue, t.image, t.image, t.zero, t.zero, t.pixels, *t.waits),
    "clEnqueueCopyImageToBuffer": lambda t: (t.queue, t.image, t.a, t.zero, t.pixels, 0, *t.waits),
    "clEnqueueCopyBufferToImage": lambda t: (t.queue, t.a, t.image, 0, t.zero, t.pixels, *t.waits),
    "clEnqueueMapImage": lambda t: (
        *(t.queue, t.image, 0, CONSTANTS["CL_MAP_READ"], t.zero, t.pixels),
        *(ctypes.byref(ctypes.c_size_t()), ctypes.byref(ctypes.c_size_t()), *t.waits),
    ),
    "clEnqueueUnmapMemObject": lambda t: (t.queue, t.a, t.mapped, *t.waits),
    "clEnqueueMigrateMemObjects": lambda t: (t.queue, 1, handles(t.a), 0, *t.waits),
    "clEnqueueNDRangeKernel": lambda t: (t.queue, t.kernel, 1, None, sizes(4), None, *t.waits),
    "clEnqueueTask": lambda t: (t.queue, t.kernel, *t.waits),
    "clEnqueueMarkerWithWaitList": lambda t: (t.queue, *t.waits),
    "clEnqueueBarrierWithWaitList": lambda t: (t.queue, *t.waits),
    "clEnqueueMarker": lambda t: (t.queue, t.waits[2]),
    "clEnqueueSVMFree": lambda t: (t.queue, 1, handles(t.taken(t.svm)), None, None, *t.waits),
    "clEnqueueSVMMemcpy": lambda t: (t.queue, 0, t.svm, t.svm, 64, *t.waits),
    "clEnqueueSVMMemFill": lambda t: (t.queue, t.svm, number(7), 4, 64, *t.waits),
    "clEnqueueSVMMap": lambda t: (t.queue, 0, CONSTANTS["CL_MAP_READ"], t.svm, t.size, *t.waits),
    "clEnqueueSVMUnmap": lambda t: (t.queue, t.mapped_svm, *t.waits),
    "clEnqueueMemsetINTEL": lambda t: (t.queue, t.usm, 7, 64, *t.waits),
    "clEnqueueMemFillINTEL": lambda t: (t.queue, t.usm, number(7), 4, 64, *t.waits),
    "clEnqueueMemcpyINTEL": lambda t: (t.queue, 0, t.usm, t.usm, 64, *t.waits),
    "clEnqueueCommandBufferKHR": lambda t: (0, None, t.recorded, *t.waits),
    "clFlush": lambda t: (t.queue,),
    "clEnqueueBarrier": lambda t: (t.queue,),
    "clEnqueueWaitForEvents": lambda t: (t.queue, 1, handles(t.marker)),
    "clSetEventCallback": lambda t: (t.ended_unknown, CONSTANTS["CL_COMPLETE"], HEARD, None),
    "clCreateBuffer": lambda t: (t.context, 0, 64, None),
    "clCreateBufferWithProperties": lambda t: (t.context, None, 0, 64, None),
    "clCreateSubBuffer": lambda t: (t.a, 0, CONSTANTS["CL_BUFFER_CREATE_TYPE_REGION"], sizes(0, 1024)),
    "clCreateImage": lambda t: (t.context, READ_WRITE, t.form, t.plane, None),
    "clCreateImageWithProperties": lambda t: (t.context, None, READ_WRITE, t.form, t.plane, None),
    "clCreateImage2D": lambda t: (t.context, READ_WRITE, t.form, 16, 16, 0, None),
    "clCreateImage3D": lambda t: (t.context, READ_WRITE, t.form, 16, 16, 4, 0, 0, None),
    "clCreateSampler": lambda t: (t.context, *t.sampling),
    "clCreateSamplerWithProperties": lambda t: (t.context, None),
    "clCreateProgramWithSource": lambda t: (t.context, *t.source),
    "clCreateKernel": lambda t: (t.program, b"copy"),
    "clCreateKernelsInProgram": lambda t: (t.program, 1, t.kernels, None),
    "clCloneKernel": lambda t: (t.kernel,),
    "clSetKernelArg": lambda t: (t.kernel, 0, 8, handles(t.b)),
    "clSetKernelArgSVMPointer": lambda t: (t.kernel, 0, t.svm),
    "clSetKernelArgMemPointerINTEL": lambda t: (t.kernel, 0, t.usm),
    "clCommandBarrierWithWaitListKHR": lambda t: (*t.into, *t.unsynced),
    "clCommandCopyBufferKHR": lambda t: (*t.into, t.a, t.b, 0, 0, 64, *t.unsynced),
    "clCommandCopyBufferRectKHR": lambda t: (*t.into, t.a, t.b, t.zero, t.zero, t.box, 0, 0, 0, 0, *t.unsynced),
    "clCommandCopyBufferToImageKHR": lambda t: (*t.into, t.a, t.image, 0, t.zero, t.pixels, *t.unsynced),
    "clCommandCopyImageKHR": lambda t: (*t.into, t.image, t.image, t.zero, t.zero, t.pixels, *t.unsynced),
    "clCommandCopyImageToBufferKHR": lambda t: (*t.into, t.image, t.a, t.zero, t.pixels, 0, *t.unsynced),
    "clCommandFillBufferKHR": lambda t: (*t.into, t.a, number(7), 4, 0, 64, *t.unsynced),
    "clCommandFillImageKHR": lambda t: (*t.into, t.image, t.color, t.zero, t.pixels, *t.unsynced),
    "clCommandNDRangeKernelKHR": lambda t: (*t.into, t.kernel, 1, None, sizes(4), None, *t.unsynced),
    "clCommandSVMMemcpyKHR": lambda t: (*t.into, t.svm, t.svm, 64, *t.unsynced),
    "clCommandSVMMemFillKHR": lambda t: (*t.into, t.svm, number(7), 4, 64, *t.unsynced),
    "clReleaseContext": lambda t: (cl.clCreateContext(None, 1, handles(t.device), None, None),),
    "clReleaseCommandQueue": lambda t: (cl.clCreateCommandQueue(t.context, t.device, 0),),
    "clReleaseDevice": lambda t: (t.device,),
    "clReleaseMemObject": lambda t: (cl.clCreateBuffer(t.context, 0, 64, None),),
    "clReleaseSampler": lambda t: (t.taken(t.sampler),),
    "clReleaseProgram": lambda t: (cl.clCreateProgramWithSource(t.context, *t.source),),
    "clReleaseKernel": lambda t: (t.taken(t.kernel),),
    "clReleaseEvent": lambda t: (t.taken(t.marker),),
    "clReleaseCommandBufferKHR": lambda t: (t.taken(t.recording),),
    "clSVMFree": lambda t: (t.context, t.taken(t.svm)),
    "clMemFreeINTEL": lambda t: (t.context, t.taken(t.usm)),
    "clCreateUserEvent": lambda t: (t.context,),
    "clSetUserEventStatus": lambda t: (t.keep("clReleaseEvent", cl.clCreateUserEvent(t.context)), 0),
}
FREE = {"Mem": "clReleaseMemObject", "Sampler": "clReleaseSampler", "Program": "clReleaseProgram"}
FREE |= {"Kernel": "clReleaseKernel", "Event": "clReleaseEvent"}


# ── What is heard ────────────────────────────────────────────────────────────────────────────────────────────────────


def need(bench: Bench, made: Any, kind: str, *, image: bool) -> int:
    """What comes of using an object."""
    match kind:
        case "Program":
            return int(cl.raw("clBuildProgram")(made, 0, None, b"", None, None))
        case "Kernel":
            return bench.launch(bench.with_buffers(made))
        case "Sampler":
            source = (ctypes.c_char_p * 1)(SAMPLING.encode())
            program = bench.build(cl.clCreateProgramWithSource(bench.context, 1, source, None))
            bench.keep("clReleaseProgram", program)
            kernel = bench.keep("clReleaseKernel", cl.clCreateKernel(program, b"sample"))
            for index, handle in enumerate((bench.image, made, bench.a)):
                cl.clSetKernelArg(kernel, index, 8, handles(handle))
            return bench.launch(kernel)
    event = ctypes.c_void_p()
    if image:
        cl.clEnqueueFillImage(bench.queue, made, bench.color, bench.zero, sizes(1, 1, 1), 0, None, ctypes.byref(event))
    else:
        cl.clEnqueueFillBuffer(bench.queue, made, number(7), 4, 0, 64, 0, None, ctypes.byref(event))
    return bench.end_of(event)


def main() -> None:
    name, fault, code, size, folder = sys.argv[1:]
    bench = Bench(int(size))
    if not bench.offers(name):
        print("not offered")
        return
    model, arguments = FUNCTIONS[name], RECIPES[name](bench)
    bench.finish()
    wish = Path(folder) / "fault"
    if fault:
        wish_for(wish, fault, code)
    result, status = call(name, arguments)
    print("returned", status)
    if bench.event:
        print("ended", bench.end_of(bench.event))
    print(f"finish {bench.finish()}, then {bench.finish()}")
    made = bench.kernels[0] or (result if model.returns.kind == "new" else None)
    if made:
        kind = model.returns.handle or "Kernel"
        bench.keep(FREE[kind], made)
        if fault:
            print("needed", need(bench, made, kind, image="Image" in name))
    elif name.startswith("clSetKernelArg"):
        print("launched", bench.launch(arguments[0]))
        call(name, arguments)
        print("anew", bench.launch(arguments[0]))
    elif name.startswith("clCommand"):
        print("finalized", cl.raw("clFinalizeCommandBufferKHR")(arguments[0]))
    elif name == "clSetEventCallback":
        print("heard", heard.get(timeout=10))
    bench.finish()
    print("alive", bench.launch(bench.kernel), "as wished" if not wish.exists() else "never reached")
    bench.free()
    # A call that waits takes the last releases along.
    cl.clReleaseContext(cl.clCreateContext(None, 1, handles(bench.device), None, None))


if __name__ == "__main__":
    main()
