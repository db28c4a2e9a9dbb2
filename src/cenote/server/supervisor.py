"""The supervisor: the one ``cenote serve`` process of a host, put together from the parts beside this file."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cenote import paths
from cenote.devices import Device, choose
from cenote.errors import NoDevice
from cenote.listening import address_of, listen_on
from cenote.pool.home import Home
from cenote.pool.manager import LocalManager, Manager
from cenote.protocol import DEFAULT_PORT, Address
from cenote.scratch import sweep
from cenote.server.claims import Claims
from cenote.server.control import Control
from cenote.server.drivers import Drivers
from cenote.server.enrolment import Enrolment, Wish
from cenote.server.gate import Gate
from cenote.server.identity import Identity
from cenote.server.membership import Membership
from cenote.server.memory import Ledger
from cenote.server.records import Records
from cenote.server.sessions import Sessions
from cenote.server.workers import Spares

if TYPE_CHECKING:
    from cenote.server.member import Member

log = logging.getLogger("cenote.server")

_DESCRIPTORS = 65536


@dataclass(frozen=True)
class Running:
    """What there is to say about a server once it is up."""

    addresses: list[Address]
    devices: list[Device]
    identity: Identity
    member: Membership | None
    home: Home | None
    """Of the manager that is kept here."""


def serve(addresses: Sequence[Address], filters: Sequence[str], wish: Wish, announce: Callable[[Running], None]) -> int:
    """Serves until a signal. Returns how many sessions Ctrl-C ended, or SIGTERM and SIGHUP left running.

    A manager that is kept here ends with Ctrl-C, too, and goes on otherwise.
    """
    _raise_descriptor_limit()
    return asyncio.run(_serve(addresses, filters, wish, announce))


async def _serve(
    addresses: Sequence[Address], filters: Sequence[str], wish: Wish, announce: Callable[[Running], None]
) -> int:
    listeners = listen_on(addresses, DEFAULT_PORT)
    identity = Identity.load()
    sweep("serve", "worker")  # what killed supervisors, and workers that outlived theirs, left behind
    drivers = Drivers.find()
    state = identity.key_file.parent
    home = Home(state / paths.MANAGER)
    enrolment = Enrolment(wish, state / "pool", home)
    running = False
    try:
        found = await asyncio.to_thread(drivers.devices)
        devices = choose(found, filters)
        if not devices:
            names = ", ".join(device.name for device in found) or "none"
            raise NoDevice(f"no device of this machine fits; it has: {names}")
        await enrolment.prepare()
        membership = Membership.load(state / "pool")
        ledger, spares = Ledger(devices), Spares(drivers.environment)
        records = Records.open(state)
        sessions = Sessions(spares, ledger, records)
        at = [address_of(listener) for listener in listeners]
        member = _member(membership, devices, sessions, at, wish.address)
        manager: Manager = member.lender if member else LocalManager(devices, ledger, records)
        claims = Claims(manager, sessions)
        gate = Gate(
            listeners,
            identity,
            sessions,
            manager.find,
            lambda channel: Control(channel, manager, claims, ledger, devices),
            member.pooled if member else None,
        )
        ending = _wait_for_end()
        unclaimed = manager.restore()
        await sessions.adopt(manager.find)
        claims.expect(unclaimed)
        spares.fill()
        if member:
            member.start()
        gate.open()
        announce(Running(at, devices, identity, membership, home if enrolment.manager else None))
        running = True
        watching = asyncio.create_task(enrolment.manager.watch()) if enrolment.manager else None
        by_terminal = await ending == signal.SIGINT
        count = len(sessions)
        if not by_terminal:  # before the gate closes its control connections, which would end the allocations
            await sessions.close(kill=False)
        await claims.close(keep=not by_terminal)
        await gate.close()
        await sessions.close(kill=True)
        if member:
            await member.close()
        if watching:
            watching.cancel()
        if enrolment.manager and by_terminal:
            await enrolment.manager.end()
        spares.close()
        records.close(keep=not by_terminal)
        return count
    finally:
        if enrolment.manager and not running:
            enrolment.manager.abandon()
        drivers.close()


def _member(
    membership: Membership | None,
    devices: Sequence[Device],
    sessions: Sessions,
    gate: Sequence[Address],
    address: str | None,
) -> Member | None:
    if membership is None:
        return None
    from cenote.server.member import Member  # with an HTTP client, which a host by itself does without

    return Member(membership, membership.folder, devices, sessions, gate, address)


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
