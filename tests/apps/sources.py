"""Tests of other people that come in their source distributions: fetched once from PyPI, unpacked beside the venv."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PYOPENCL = "pyopencl==2026.1.4"  # as in requirements.txt
_FOLDER = Path(sys.prefix) / "sources"


def pyopencl_tests() -> Path:
    """The folder of pyopencl's tests."""
    name, _, version = PYOPENCL.partition("==")
    folder = _FOLDER / f"{name}-{version}"
    if not folder.exists():
        raise FileNotFoundError(f"{folder} is missing: run scripts/test-programs")
    return folder / "test"


def fetch() -> None:
    with tempfile.TemporaryDirectory() as download:
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", "pyopencl", "--dest", download]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, PYOPENCL], check=True)
        (archive,) = Path(download).glob("*.tar.gz")
        with tarfile.open(archive) as content:
            content.extractall(_FOLDER)  # noqa: S202 – what pip has checked


if __name__ == "__main__":
    try:
        pyopencl_tests()
    except FileNotFoundError:
        fetch()
