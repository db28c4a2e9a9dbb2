"""``make demo``: lends a CPU device that comes from PyPI to a "machine" that has none, and runs a program there.

The other machine is a network namespace with a Python that has pyopencl but no driver. Where namespaces are not
allowed, it is only that Python, and the connection is loopback's. Nothing is left running.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from benchmarks import drivers  # noqa: E402
from tests.support import borrower, machines  # noqa: E402
from tests.support.servers import CENOTE, prefix, serving  # noqa: E402

PROGRAM = str(REPOSITORY / "examples" / "mandelbrot.py")
# pyopencl and PoCL both keep what they compiled; the demo compiles each time and leaves nothing in the home folder.
NO_CACHE = {"PYOPENCL_NO_CACHE": "1"}


def main() -> None:
    driver = drivers.find("pocl")
    with ExitStack() as stack:
        pair = None
        if reason := machines.allowed():
            say(f"({reason}; so the borrower is on this machine, over loopback)")
        else:
            pair = stack.enter_context(machines.two_machines())
        server = stack.enter_context(serving(env=driver.environment, machines=pair))
        say("This machine lends a device:")
        print(server.announced.rstrip())
        there = prefix(pair[1] if pair else None)
        python = str(borrower.python())

        say("A machine without a driver runs examples/mandelbrot.py:")
        run([*there, python, PROGRAM], os.environ | {"OCL_ICD_VENDORS": "/nonexistent/"}, expected=1)

        say("The same there, with “cenote run --”:")
        remote = [*there, *CENOTE, "run", "--", python, PROGRAM]
        borrowed = run(remote, server.environment | NO_CACHE)

        say("And natively, on the machine that has the driver:")
        native = run([sys.executable, PROGRAM], driver.environment | NO_CACHE)

        same = picture(borrowed) == picture(native)
        link = subprocess.run(
            [*there, *CENOTE, "netperf", "--seconds", "1"],
            env=server.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        say("The link between the two:")
        print(link.stdout.rstrip())
        say(f"The pictures are {'equal' if same else 'DIFFERENT'}. Everything has been stopped again.")
    sys.exit(0 if same else 1)


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def run(command: list[str], environment: dict[str, str], expected: int = 0) -> str:
    start = time.monotonic()
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout.rstrip())
    if done.returncode != expected:
        sys.exit(f"it ended with {done.returncode}")
    print(f"(whole run: {time.monotonic() - start:.2f} s)")
    return done.stdout


def picture(output: str) -> list[str]:
    """What the program printed but for the times."""
    return [line.split(" in ")[0] + line.partition("; ")[2] for line in output.splitlines()]


main()
