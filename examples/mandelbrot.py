"""The Mandelbrot set with pyopencl: an ordinary OpenCL program, which knows nothing of Cenote."""

import sys
import time

import numpy as np
import pyopencl as cl

SOURCE = """
kernel void mandelbrot(global uchar *out, int width, int height, int limit) {
    int x = get_global_id(0), y = get_global_id(1), n = 0;
    float cr = -2.2f + 3.2f * x / width, ci = -1.2f + 2.4f * y / height, zr = 0, zi = 0;
    for (; n < limit && zr * zr + zi * zi < 4; n++) {
        float t = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = t;
    }
    out[y * width + x] = n;
}
"""
WIDTH, HEIGHT, LIMIT, FRAMES = 1024, 768, 200, 20
SHADES = " .:-=+*#%@"


def main() -> None:
    try:
        platform = cl.get_platforms()[0]
    except (cl.LogicError, IndexError):
        sys.exit("no OpenCL device")
    device = platform.get_devices()[0]
    print(f"{device.name} ({platform.name})")
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    kernel = cl.Program(context, SOURCE).build().mandelbrot
    image = np.empty((HEIGHT, WIDTH), np.uint8)
    out = cl.Buffer(context, cl.mem_flags.WRITE_ONLY, image.nbytes)
    kernel(queue, (WIDTH, HEIGHT), None, out, np.int32(WIDTH), np.int32(HEIGHT), np.int32(LIMIT))
    queue.finish()
    start = time.perf_counter()
    for _ in range(FRAMES):
        kernel(queue, (WIDTH, HEIGHT), None, out, np.int32(WIDTH), np.int32(HEIGHT), np.int32(LIMIT))
        cl.enqueue_copy(queue, image, out)
    spent = time.perf_counter() - start
    for row in image[24::48, 8::16]:
        print(
            "".join(SHADES[int(n) * (len(SHADES) - 1) // LIMIT if n < 8 else min(9, int(n).bit_length())] for n in row)
        )
    print(f"{FRAMES} images of {WIDTH} × {HEIGHT} in {spent:.3f} s; sum {int(image.sum(dtype=np.uint64))}")


main()
