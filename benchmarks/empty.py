"""How long `cenote run` of an empty program takes in a pool of one manager and one server, as people start them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import drivers
from benchmarks.sides import CENOTE, free_port

START = 60.0  # seconds
PLAIN = [sys.executable, "-c", "import typer, httpx"]


def take(runs: int) -> tuple[list[float], list[float]]:
    """Seconds for PLAIN, and for the program in the pool, in turn."""
    with tempfile.TemporaryDirectory(prefix="cenote-bench-") as made, ExitStack() as stack:
        state = Path(made)
        environment = drivers.find("null").environment | {
            "XDG_CONFIG_HOME": str(state / "config"),
            "XDG_CACHE_HOME": str(state / "cache"),
            "CENOTE_POOL_LISTEN": f"127.0.0.1:{free_port()}",
        }

        def start(name: str, *words: str, **more: str) -> None:
            log = stack.enter_context((state / f"{name}.log").open("wb"))
            variables = environment | {"XDG_STATE_HOME": str(state / name)} | more
            process = subprocess.Popen([*CENOTE, *words], env=variables, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        def ask(*words: str) -> str:
            variables = environment | {"XDG_STATE_HOME": str(state / "manager")}
            done = subprocess.run([*CENOTE, *words], env=variables, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        start("manager", "manager")
        token = state / "manager" / "cenote" / "manager" / "admin.token"
        _until(token.exists)
        _until(lambda: _well(lambda: ask("login", str(token))))
        listen = f"127.0.0.1:{free_port()}"
        start("gpu", "serve", "--listen", listen, "--name", "gpu", CENOTE_JOIN=ask("join-string").strip())
        _until(lambda: "ready" in ask("list", "servers"))
        environment = environment | {"XDG_STATE_HOME": str(state / "client")}
        command = [*CENOTE, "run", "--", "true"]
        _time(command, environment)
        pairs = [(_time(PLAIN, dict(os.environ)), _time(command, environment)) for _ in range(runs)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + START
    while not condition():
        assert time.monotonic() < deadline, "the pool does not start"
        time.sleep(0.2)


def _well(work: object) -> bool:
    assert callable(work)
    try:
        work()
    except AssertionError:
        return False
    return True


def _time(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True)
    return time.perf_counter() - began
