"""Runs the program as if it had been started directly: its exit status, its signals, its job control are ours."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Protocol

from cenote.client import environment, trace
from cenote.errors import CannotExecute, NoProgram
from cenote.scratch import Scratch, sweep

_FORWARDED = {
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGWINCH,
    signal.SIGTSTP,
    signal.SIGCONT,
}
_FROM_KERNEL = 0x80  # si_code of signals that a terminal sends: the program gets them by itself
_JOB_CONTROL = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_PR_SET_PDEATHSIG = 1
SCRATCH = "run"


class Held(Protocol):
    """Devices that are held for the program."""

    def write(self, file: Path) -> None:
        """What the program's shims read."""
        ...

    def keep(self) -> None:
        """Holds them across restarts of servers; not before this process has forked for the last time."""
        ...

    def close(self) -> None: ...


def run(acquire: Callable[[], Held], command: Sequence[str], trace_file: Path | None = None) -> int:
    """Runs the command with devices that are acquired for it. Returns its wait status, negative for a signal."""
    program = _find(command[0])
    if trace_file:
        trace.create(trace_file)
    held = acquire()
    signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED | {signal.SIGCHLD})  # from here on none is lost
    sweep(SCRATCH)
    scratch = Scratch(SCRATCH)
    folder = scratch.folder
    try:
        held.write(environment.allocation_file(folder))
        variables = environment.prepare(folder, os.environ)
        if trace_file:
            variables |= trace.variable(folder)
        child = _start(program, command, variables)
        held.keep()
        status = _wait(child)
        if trace_file:
            trace.merge(folder, trace_file)
        return status
    finally:
        held.close()
        scratch.close()


def end_like(status: int) -> NoReturn:
    """Ends this process as the program ended: with its exit status, or by the same signal."""
    if status < 0:
        with suppress(ValueError, OSError):  # the program has dumped its core; ours would only be confusing
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        with suppress(OSError):  # SIGKILL has no handler to reset
            signal.signal(-status, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-status})
        os.kill(os.getpid(), -status)
        os._exit(128 - status)  # a signal that does not end processes
    os._exit(status)


def _find(name: str) -> str:
    if found := shutil.which(name):
        return found
    if "/" in name and Path(name).exists():
        raise CannotExecute(f"{name} cannot be run: {'it is a folder' if Path(name).is_dir() else 'permission denied'}")
    raise NoProgram(f"there is no program “{name}”")


def _start(program: str, command: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # killing us kills the program, as killing the program would
        if os.getppid() != parent:
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED | {signal.SIGCHLD})

    try:
        return subprocess.Popen(command, executable=program, env=variables, preexec_fn=in_child)
    except OSError as error:
        raise CannotExecute(f"{command[0]} cannot be run: {error.strerror}") from None


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Passes signals on until the program ends."""
    while True:
        received = signal.sigwaitinfo(_FORWARDED | {signal.SIGCHLD})
        if received.si_signo != signal.SIGCHLD:
            if received.si_code != _FROM_KERNEL:
                os.kill(child.pid, received.si_signo)
            continue
        found, status = os.waitpid(child.pid, os.WNOHANG | os.WUNTRACED)
        if not found:
            continue
        if os.WIFSTOPPED(status):
            if os.WSTOPSIG(status) in _JOB_CONTROL:
                os.kill(os.getpid(), signal.SIGSTOP)  # so that the shell sees its job stopped
                os.kill(child.pid, signal.SIGCONT)
            continue
        child.returncode = os.waitstatus_to_exitcode(status)
        return child.returncode
