"""Devices of one or several servers, held for a program, and the file that tells its shims about them."""

from __future__ import annotations

import getpass
import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cenote.client.control import Control
from cenote.errors import CenoteError, NoDevice, NoKey
from cenote.keys import write_private
from cenote.protocol import Address
from cenote.units import parse_size


@dataclass(frozen=True)
class Wanted:
    """Whole devices, as many as the servers have for no count, or a share of each: weight in millionths, bytes."""

    count: int | None = None
    weight: int | None = None
    memory: int | None = None

    @property
    def shares(self) -> bool:
        return self.weight is not None or self.memory is not None

    @classmethod
    def from_words(cls, count: int | None, share: str | None, memory: str | None) -> Self:
        """A share without a count is of one device."""
        if share is None and memory is None:
            return cls(count)
        from cenote.pool.request import parse_share  # programs with whole devices start sooner

        weight = None if share is None else parse_share(share)
        return cls(1 if count is None else count, weight, None if memory is None else parse_size(memory))


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


class Hold:
    """The connection that an allocation lives as long as. When the server ends it, because it is started anew or
    upgraded, its successor is asked to go on with the allocation."""

    RETRY = 0.5  # seconds

    def __init__(self, control: Control, key_file: Path | None, share: Share) -> None:
        self._control = control
        self._key_file = key_file
        self._share = share
        self._closed = threading.Event()

    def keep(self) -> None:
        """From now on, in a thread of its own."""
        threading.Thread(target=self._keep, name="cenote-hold", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._control.close()

    def _keep(self) -> None:
        self._control.wait_for_end()
        while not self._closed.wait(self.RETRY):
            try:
                self._claim()
            except NoDevice:  # it has ended
                break
            except CenoteError:
                continue
            if self._closed.is_set():  # meanwhile
                self._control.close()
            self._control.wait_for_end()

    def _claim(self) -> None:
        control = Control.open(self._share.address, self._key_file)
        try:
            control.request("claim", allocation=self._share.allocation, secret=self._share.secret)
        except BaseException:
            control.close()
            raise
        self._control = control


class Allocations:
    """Held until closed, or until this process ends in any other way."""

    def __init__(self, connections: ExitStack, holds: list[Hold], shares: list[Share]) -> None:
        self._connections = connections
        self._holds = holds
        self.shares = shares

    @classmethod
    def request(
        cls, servers: Sequence[Address], key_files: Sequence[Path], wanted: Wanted, command: Sequence[str]
    ) -> Self:
        """So many devices in all, from the servers in the order given."""
        with ExitStack() as connections:
            shares: list[Share] = []
            holds: list[Hold] = []
            missing = wanted.count
            refusal: NoDevice | None = None
            for address, key_file in zip(servers, key_of_each(servers, key_files), strict=True):
                if missing == 0:
                    break
                control = Control.open(address, key_file)
                connections.callback(control.close)
                take = missing if missing is None else min(missing, len(control.request("list")["devices"]))
                try:
                    share = _allocate(control, take, wanted, command)
                except NoDevice as error:  # the next server may have room
                    if not wanted.shares:
                        raise
                    refusal = refusal or error
                    continue
                missing = None if missing is None else missing - len(share.devices)
                shares.append(share)
                holds.append(Hold(control, key_file, share))
                connections.callback(holds[-1].close)
            if missing and refusal:
                raise refusal
            if missing:
                there = sum(len(share.devices) for share in shares)
                where = "the server has" if len(servers) == 1 else "the servers together have"
                raise NoDevice(f"{wanted.count} devices were asked for, but {where} {there}")
            return cls(connections.pop_all(), holds, shares)

    def write(self, file: Path) -> None:
        write_private(file, "\n".join(["cenote-allocation 1", *(share.line() for share in self.shares), ""]).encode())

    def keep(self) -> None:
        """Holds them across restarts of their servers; not before this process has forked for the last time."""
        for hold in self._holds:
            hold.keep()

    def close(self) -> None:
        self._connections.close()


def key_of_each(servers: Sequence[Address], key_files: Sequence[Path]) -> Sequence[Path | None]:
    """One key for all servers, or one for each."""
    if len(key_files) <= 1:
        return [key_files[0] if key_files else None] * len(servers)
    if len(key_files) != len(servers):
        raise NoKey(f"{len(key_files)} key files were given for {len(servers)} server(s); give one, or one for each")
    return list(key_files)


def _allocate(control: Control, count: int | None, wanted: Wanted, command: Sequence[str]) -> Share:
    reply = control.request(
        "allocate",
        count=count,
        weight=wanted.weight,
        memory=wanted.memory,
        user=_user(),
        host=socket.gethostname(),
        command=Path(command[0]).name,
    )
    names = [str(device["name"]) for device in reply["devices"]]
    return Share(control.address, control.tls, reply["allocation"], reply["secret"], names)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
