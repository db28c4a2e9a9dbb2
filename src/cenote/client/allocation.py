"""Devices of one or several servers, held for a program, and the file that tells its shims about them."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cenote.client.control import Control
from cenote.errors import NoDevice, NoKey
from cenote.keys import write_private
from cenote.protocol import Address


@dataclass(frozen=True)
class Share:
    """What one server gave."""

    address: Address
    tls: bool
    allocation: str
    secret: str
    devices: list[str]

    def line(self) -> str:
        transport = "tls" if self.tls else "plain"
        return f"server {self.address.host} {self.address.port} {transport} {self.allocation} {self.secret}"


class Allocations:
    """Held until closed, or until this process ends in any other way."""

    def __init__(self, connections: ExitStack, shares: list[Share]) -> None:
        self._connections = connections
        self.shares = shares

    @classmethod
    def request(
        cls, servers: Sequence[Address], key_files: Sequence[Path], count: int | None, command: Sequence[str]
    ) -> Self:
        """``count`` devices in all, from the servers in the order given; every device of theirs for None."""
        with ExitStack() as connections:
            shares: list[Share] = []
            missing = count
            for address, key_file in zip(servers, key_of_each(servers, key_files), strict=True):
                if missing == 0:
                    break
                control = connections.enter_context(Control.open(address, key_file))
                take = missing if missing is None else min(missing, len(control.request("list")["devices"]))
                share = _allocate(control, take, command)
                missing = None if missing is None else missing - len(share.devices)
                shares.append(share)
            if missing:
                there = sum(len(share.devices) for share in shares)
                where = "the server has" if len(servers) == 1 else "the servers together have"
                raise NoDevice(f"{count} devices were asked for, but {where} {there}")
            return cls(connections.pop_all(), shares)

    def write(self, file: Path) -> None:
        write_private(file, "\n".join(["cenote-allocation 1", *(share.line() for share in self.shares), ""]).encode())

    def close(self) -> None:
        self._connections.close()


def key_of_each(servers: Sequence[Address], key_files: Sequence[Path]) -> Sequence[Path | None]:
    """One key for all servers, or one for each."""
    if len(key_files) <= 1:
        return [key_files[0] if key_files else None] * len(servers)
    if len(key_files) != len(servers):
        raise NoKey(f"{len(key_files)} key files were given for {len(servers)} server(s); give one, or one for each")
    return list(key_files)


def _allocate(control: Control, count: int | None, command: Sequence[str]) -> Share:
    reply = control.request(
        "allocate", count=count, user=_user(), host=socket.gethostname(), command=Path(command[0]).name
    )
    names = [str(device["name"]) for device in reply["devices"]]
    return Share(control.address, control.tls, reply["allocation"], reply["secret"], names)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
