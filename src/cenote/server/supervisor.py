"""The supervisor: the one ``cenote serve`` process of a host, put together from the parts beside this file."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cenote.devices import Device, choose
from cenote.errors import NoDevice
from cenote.pool.manager import LocalManager
from cenote.protocol import Address
from cenote.scratch import sweep
from cenote.server.control import Control
from cenote.server.drivers import Drivers
from cenote.server.gate import Gate, listen
from cenote.server.identity import Identity
from cenote.server.memory import Ledger
from cenote.server.sessions import Sessions
from cenote.server.workers import Spares

log = logging.getLogger("cenote.server")

EVERYWHERE = (Address("0.0.0.0"), Address("::"))  # noqa: S104 - beyond loopback only over TLS

_DESCRIPTORS = 65536


@dataclass(frozen=True)
class Running:
    """What there is to say about a server once it is up."""

    addresses: list[Address]
    devices: list[Device]
    identity: Identity


def serve(addresses: Sequence[Address], filters: Sequence[str], announce: Callable[[Running], None]) -> int:
    """Serves until a signal. Returns how many sessions Ctrl-C ended, or SIGTERM and SIGHUP left running."""
    _raise_descriptor_limit()
    return asyncio.run(_serve(addresses, filters, announce))


async def _serve(addresses: Sequence[Address], filters: Sequence[str], announce: Callable[[Running], None]) -> int:
    listeners = _listen_on(addresses)
    identity = Identity.load()
    sweep("serve", "worker")  # what killed supervisors, and workers that outlived theirs, left behind
    drivers = Drivers.find()
    try:
        found = await asyncio.to_thread(drivers.devices)
        devices = choose(found, filters)
        if not devices:
            names = ", ".join(device.name for device in found) or "none"
            raise NoDevice(f"no device of this machine fits; it has: {names}")
        manager, ledger, spares = LocalManager(devices), Ledger(devices), Spares(drivers.environment)
        sessions = Sessions(spares, ledger)
        gate = Gate(
            listeners,
            identity,
            sessions,
            manager.find,
            lambda channel: Control(channel, manager, sessions, ledger, devices),
        )
        ending = _wait_for_end()
        spares.fill()
        gate.open()
        announce(Running([_address_of(listener) for listener in listeners], devices, identity))
        by_terminal = await ending == signal.SIGINT
        count = len(sessions)
        if not by_terminal:  # before the gate closes its control connections, which would end the allocations
            await sessions.close(kill=False)
        await gate.close()
        await sessions.close(kill=True)
        spares.close()
        return count
    finally:
        drivers.close()


def _wait_for_end() -> asyncio.Future[signal.Signals]:
    loop = asyncio.get_running_loop()
    ending: asyncio.Future[signal.Signals] = loop.create_future()

    def end(number: signal.Signals) -> None:
        if not ending.done():
            ending.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            loop.add_signal_handler(number, end, number)
    return ending


def _raise_descriptor_limit() -> None:
    """Each session takes a few descriptors; the usual limit of 1024 would end at some 300 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _listen_on(addresses: Sequence[Address]) -> list[socket.socket]:
    """Listens on all of the addresses, or, when none is named, wherever this machine can be reached."""
    if addresses:
        return [listen(address) for address in addresses]
    everywhere = EVERYWHERE if _has_ipv6() else EVERYWHERE[:1]
    return [listen(address) for address in everywhere]


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def _address_of(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(host, port)
