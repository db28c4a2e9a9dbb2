"""A program that lives as long as the run: it makes, uses and releases every kind of object, over and over."""

from __future__ import annotations

import gc
import os
import time

import numpy as np
import pyopencl as cl

SOURCE = "kernel void twice(global const int* from, global int* to) { int i = get_global_id(0); to[i] = 2 * from[i]; }"
SIZE = 64 * 1024
PAUSE = 0.05


def once(context: cl.Context, number: int) -> None:
    queue = cl.CommandQueue(context)
    program = cl.Program(context, f"{SOURCE}\n// {number % 4}").build()
    flags = cl.mem_flags
    values = np.arange(SIZE, dtype=np.int32) + number
    source = cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=values)
    result = cl.Buffer(context, flags.READ_WRITE, values.nbytes)
    half = result.get_sub_region(0, values.nbytes // 2)
    gate = cl.UserEvent(context)
    done = program.twice(queue, (SIZE,), None, source, result, wait_for=[gate])
    gate.set_status(cl.command_execution_status.COMPLETE)
    done.set_callback(cl.command_execution_status.COMPLETE, lambda status: None)
    found = np.empty(SIZE // 2, np.int32)
    cl.enqueue_copy(queue, found, half)
    assert (found == 2 * values[: SIZE // 2]).all()
    mapped, _ = cl.enqueue_map_buffer(queue, result, cl.map_flags.READ, 0, (16,), np.int32)
    mapped.base.release(queue)
    image = cl.Image(
        context, flags.READ_WRITE, cl.ImageFormat(cl.channel_order.RGBA, cl.channel_type.UNORM_INT8), (64, 64)
    )
    cl.enqueue_fill_image(queue, image, np.ones(4, np.float32), (0, 0), (64, 64))
    queue.finish()


def main() -> None:
    context = cl.create_some_context(interactive=False)
    print(os.getpid(), flush=True)
    number = 0
    while True:
        once(context, number)
        gc.collect()
        number += 1
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
