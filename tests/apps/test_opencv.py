"""OpenCV: some seventy kernels behind UMat, with sub-buffers, built when first used."""

from __future__ import annotations

from pathlib import Path

from tests.support import borrower
from tests.support.differential import Pair


def test_pictures_are_the_same(pair: Pair) -> None:
    program = [borrower.python(), Path(__file__).parent / "opencv_filters.py"]
    printed = pair.compare(program, timeout=400, OPENCV_OPENCL_DEVICE=":CPU:", OPENCV_OPENCL_CACHE_ENABLE="0")
    assert printed.startswith("OpenCL in use: True")
