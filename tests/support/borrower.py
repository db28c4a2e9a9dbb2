"""The venv of a machine that has no driver. What a test runs there can only see borrowed devices."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

_SHOW = "import pyopencl; print(len(pyopencl.get_platforms()))"


@cache
def python() -> Path:
    """Its interpreter. Fails when a driver has found its way there."""
    interpreter = Path(sys.prefix) / "borrower" / "bin" / "python"
    if not interpreter.exists():
        raise FileNotFoundError(f"{interpreter} is missing: run “make build”")
    found = subprocess.run(
        [interpreter, "-c", _SHOW],
        env={"OCL_ICD_VENDORS": "/nonexistent/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.strip() in ("", "0"), f"the borrower's venv has a driver of its own: {found.stdout}"
    return interpreter
