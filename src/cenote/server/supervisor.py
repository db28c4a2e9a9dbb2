"""The supervisor: the one ``cenote serve`` process of a host, put together from the parts beside this file."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass

from cenote import paths
from cenote.devices import Device, choose
from cenote.errors import NoDevice
from cenote.listening import address_of, listen_on
from cenote.pool.home import Home
from cenote.protocol import DEFAULT_PORT, Address
from cenote.scratch import sweep
from cenote.server.drivers import Drivers
from cenote.server.enrolment import Enrolment, Wish
from cenote.server.gate import Gate
from cenote.server.member import Member
from cenote.server.membership import Membership
from cenote.server.memory import Ledger
from cenote.server.records import Records
from cenote.server.sessions import Sessions
from cenote.server.workers import Spares

_DESCRIPTORS = 65536
_GIVE_BACK_TIMEOUT = 5.0
_SETTLE_TIMEOUT = 10.0

log = logging.getLogger("cenote.server")


@dataclass(frozen=True)
class Running:
    """What there is to say about a server once it is up."""

    addresses: list[Address]
    devices: list[Device]
    member: Membership
    home: Home | None
    """Of the manager that is kept here."""
    settled: bool
    """Whether the pool may place on it yet."""


def serve(addresses: Sequence[Address], filters: Sequence[str], wish: Wish, announce: Callable[[Running], None]) -> int:
    """Serves until a signal. Returns how many sessions Ctrl-C ended, or SIGTERM and SIGHUP left running.

    Ctrl-C also takes back what is lent, and ends a manager that is kept here; the others leave both as they are.
    """
    _raise_descriptor_limit()
    return asyncio.run(_serve(addresses, filters, wish, announce))


async def _serve(
    addresses: Sequence[Address], filters: Sequence[str], wish: Wish, announce: Callable[[Running], None]
) -> int:
    listeners = listen_on(addresses, DEFAULT_PORT)
    sweep("serve", "worker")  # what killed supervisors, and workers that outlived theirs, left behind
    drivers = Drivers.find()
    state = paths.state()
    home = Home(state / paths.MANAGER)
    enrolment = Enrolment(wish, state / "pool", home)
    running = False
    try:
        found = await asyncio.to_thread(drivers.devices)
        devices = choose(found, filters)
        if not devices:
            names = ", ".join(device.name for device in found) or "none"
            raise NoDevice(f"no device of this machine fits; it has: {names}")
        membership = await enrolment.prepare()
        spares = Spares(drivers.environment)
        records = Records.open(state)
        sessions = Sessions(spares, Ledger(), records)
        at = [address_of(listener) for listener in listeners]
        member = Member(membership, devices, sessions, at, wish.address)
        gate = Gate(listeners, sessions, member.pooled)
        ending = _wait_for_end()
        member.lender.restore()
        await sessions.adopt(member.lender.find)
        spares.fill()
        member.start()
        gate.open()
        running = True
        tending = asyncio.create_task(enrolment.tend(member))
        settled = await _unless(ending, member.settle(_SETTLE_TIMEOUT))
        if settled is not None:
            announce(Running(at, devices, membership, home if enrolment.manager else None, settled))
        by_terminal = await ending == signal.SIGINT
        count = len(sessions)
        if not by_terminal:  # before the gate closes its connections, which would end what they hold
            await sessions.close(kill=False)
        await gate.close()
        if by_terminal:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GIVE_BACK_TIMEOUT):
                    await member.lender.end_all()
        await sessions.close(kill=True)
        await member.close()
        tending.cancel()
        if enrolment.manager and by_terminal:
            await enrolment.manager.end()
        spares.close()
        records.close(keep=not by_terminal)
        return count
    finally:
        if enrolment.manager and not running:
            enrolment.manager.abandon()
        drivers.close()


async def _unless(over: asyncio.Future[signal.Signals], work: Coroutine[None, None, bool]) -> bool | None:
    """What the work returns; None when it is over before."""
    task = asyncio.create_task(work)
    over.add_done_callback(lambda _: task.cancel())
    with suppress(asyncio.CancelledError):
        return await task
    return None


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
