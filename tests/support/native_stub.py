"""A folder that can stand in for build/native, so that the Python side is tested without the native one."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def make(folder: Path) -> Path:
    """Puts a worker that is a script, and empty libraries, where CENOTE_NATIVE may point."""
    worker = folder / "bin" / "cenote-worker"
    worker.parent.mkdir(parents=True)
    source = Path(__file__).with_name("stub_worker.py")
    worker.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(REPOSITORY / 'src')!r})\n{_body(source)}"
    )
    worker.chmod(0o755)
    libraries = folder / "lib"
    libraries.mkdir()
    for name in ("libcenote.so", "libOpenCL.so.1", "libcenote-opencl-icd.so"):
        (libraries / name).touch()
    return folder


def _body(source: Path) -> str:
    """The script without its ``from __future__``, which must come first in a file."""
    return source.read_text().replace("from __future__ import annotations\n", "")
