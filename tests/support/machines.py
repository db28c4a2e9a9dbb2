"""Two machines on one: network namespaces joined by a cable, so that what travels is beyond loopback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

LENDER, BORROWER = "10.98.0.1", "10.98.0.2"


@dataclass(frozen=True)
class Machine:
    """A namespace, alive as long as the process that was started in it."""

    pid: int
    address: str

    def command(self, *words: str) -> list[str]:
        """A command that runs there; its process is that of the command."""
        user = [] if os.getuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self.pid), *user, "--net", "--", *words]


def cut(machine: Machine) -> None:
    """Pulls the cable out; no connection ends by that."""
    _run(machine, "link set cable down")


def mend(machine: Machine) -> None:
    _run(machine, "link set cable up")


def allowed() -> str:
    """Why there can be no namespaces here; empty when there can."""
    try:
        with two_machines():
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"namespaces are not allowed here: {error}"


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """A lender and a borrower. Nothing of the machine's own network is touched, and nothing stays."""
    with ExitStack() as stack:
        as_user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        lender = Machine(_keep(stack, ["unshare", *as_user, "--net"]), LENDER)
        borrower = Machine(_keep(stack, lender.command("unshare", "--net")), BORROWER)
        _run(lender, f"link add cable type veth peer name cable netns {borrower.pid}")
        for machine in (lender, borrower):
            _run(machine, "link set lo up")
            _run(machine, f"address add {machine.address}/24 dev cable")
            _run(machine, "link set cable up")
        yield lender, borrower


def _keep(stack: ExitStack, words: list[str]) -> int:
    """The process that holds a namespace; it ends when we do, however that happens."""
    holder = subprocess.Popen(
        [*words, "sh", "-c", "echo up; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stack.callback(holder.communicate)
    assert holder.stdout is not None
    if holder.stdout.readline() != "up\n":
        raise PermissionError("unshare failed")
    return holder.pid


def _run(machine: Machine, words: str) -> None:
    subprocess.run(machine.command("ip", *words.split()), check=True, capture_output=True)
