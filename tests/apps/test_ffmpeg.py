"""ffmpeg's OpenCL filters: images of several formats, uploads and downloads of every frame, kernels with samplers."""

from __future__ import annotations

import pytest

from tests.support.differential import Pair

SOURCE = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=5:duration=1"]
DEVICE = ["-init_hw_device", "opencl=borrowed:0.0", "-filter_hw_device", "borrowed"]
FILTERS = [
    "avgblur_opencl=3",
    "boxblur_opencl=2",
    "erosion_opencl",
    "sobel_opencl",
    "transpose_opencl=dir=clock",
    "unsharp_opencl",
    "pad_opencl=w=200:h=160:x=20:y=10",
    "nlmeans_opencl",
    "dilation_opencl,avgblur_opencl=2,prewitt_opencl",
]


@pytest.mark.parametrize("chain", FILTERS)
def test_frames_are_the_same(pair: Pair, chain: str) -> None:
    steps = f"format=yuv420p,hwupload,{chain},hwdownload,format=yuv420p"
    command = [
        "ffmpeg",
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        *DEVICE,
        *SOURCE,
        "-vf",
        steps,
        "-f",
        "framemd5",
        "-",
    ]
    frames = [line for line in pair.compare(command).splitlines() if not line.startswith("#")]
    assert len(frames) == 5
