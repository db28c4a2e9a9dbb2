"""What servers do with the pool: join, report, confirm. A server is the last authority on its own devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from cenote.devices import Device as Listed
from cenote.errors import Conflict, NotAllowed, NotFound
from cenote.pool import lending
from cenote.pool.core import POOL, Actor, Change, Core
from cenote.pool.models import Allocation, Device, Outcome, Part, PartState, Role, Server, ServerState, State, User
from cenote.pool.orders import (
    Answer,
    Ended,
    Extend,
    Held,
    Order,
    Release,
    Report,
    Reserve,
    Result,
    Share,
    Spent,
    Stamp,
    Why,
)

_NOT_ACCEPTING = "it can write down nothing new: its disk is full, or fails"
_ENDS_SLACK = 5.0  # seconds by which an expected end may be wrong before it is written down again


@dataclass(frozen=True)
class Offer:
    """A device that a server lends; a context of its driver takes ``overhead`` bytes."""

    device: Listed
    overhead: int = 0


@dataclass(frozen=True)
class Place:
    """``ledger`` names the one on which it has last reported."""

    name: str
    address: str
    ledger: str


class Servers:
    """All methods raise StoreFailed when the database cannot be used."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._known: dict[int, tuple[Stamp, int]] = {}
        """The last stamp of which the store has everything, and the core's number for it, by server."""

    def join(self, actor: Actor, name: str, address: str, offers: Sequence[Offer]) -> int:
        """Adds a server or what has changed of it; nothing is placed on a new one before its first report.

        For an admin, or for the server itself, whose user has its name. Returns the server's id.
        """
        if not (actor.is_admin or (actor.role == Role.SERVER and actor.name == name)):
            raise NotAllowed(f"{actor.name} may not speak for the server “{name}”")
        with self._core.change() as change:
            row = change.session.scalars(select(Server).where(Server.name == name)).one_or_none()
            if row is None:
                row = Server(name=name, address=address, state=ServerState.DOUBTFUL, trouble="", draining=False)
                row.ledger, row.boot, row.serial = "", "", 0
                change.session.add(row)
            row.address = address
            by_index = {device.index: device for device in row.devices}
            for offer in offers:
                device = by_index.pop(offer.device.index, None)
                if device is None:
                    row.devices.append(device := Device(index=offer.device.index))
                _describe(device, offer)
            for gone in by_index.values():
                gone.present = False
            joined = row in change.session.new or row.state == ServerState.REMOVED
            row.state = ServerState.DOUBTFUL if joined else row.state
            if joined or any(map(change.session.is_modified, (row, *row.devices))):
                action = "server.join" if joined else "server.change"
                change.audit(actor, action, name, address=address, devices=len(offers))
            change.session.flush()
            return row.id

    def drain(self, actor: Actor, name: str, *, draining: bool = True) -> None:
        """Places nothing more there, or does so again. What runs goes on."""
        with self._core.change() as change:
            row = named(change.session, actor, name)
            row.draining = draining
            change.audit(actor, "server.drain" if draining else "server.undrain", name)
            lending.reschedule(change)

    def write_off(self, actor: Actor, name: str) -> None:
        """Declares that an unreachable server will not come back, so that all that it held is over."""
        with self._core.change() as change:
            row = named(change.session, actor, name)
            if row.state != ServerState.UNREACHABLE:
                raise Conflict(f"“{name}” can be reached; drain it instead")
            change.audit(actor, "server.write-off", name)
            lending.free_all(change, change.session.scalars(select(Part).where(Part.server_id == row.id)))
            lending.reschedule(change)

    def place(self, server: int) -> Place:
        """Where a server is, to be looked up anew before it is asked to report."""
        with self._core.store.reading() as session:
            row = session.get_one(Server, server)
            return Place(row.name, row.address, row.ledger)

    def outstanding(self, revisions: Collection[int] | None = None) -> list[int]:
        """The servers that have yet to be told something, to be asked when a manager starts and now and then.

        With ``revisions`` only what was last changed by these.
        """
        query = select(Part.server_id).join(Part.allocation).where(_UNTOLD).distinct()
        if revisions is not None:
            query = query.where(Allocation.revision.in_(revisions))
        with self._core.store.reading() as session:
            return list(session.scalars(query))

    def orders(self, server: int) -> list[Order]:
        """What the server has yet to be told. To be sent again until it is answered."""
        groups: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
        with self._core.store.reading() as session:
            for part in session.connection().execute(_ORDERS, {"number": server}):
                groups[part.allocation_id, part.epoch].append(part)
        return sorted(map(_order, groups.values()), key=lambda order: _ORDER.index(type(order)))

    def settle(self, server: int, answers: Iterable[tuple[Order, Answer]]) -> None:
        """Takes in what the server answered, in any order and however often."""
        self.settle_all([(server, answers)])

    def settle_all(self, answered: Iterable[tuple[int, Iterable[tuple[Order, Answer]]]]) -> None:
        """The same of several servers, in one transaction."""
        with self._core.change() as change:
            freed = False
            for server, answers in answered:
                row = change.session.get_one(Server, server)
                for order, answer in answers:
                    if (answer.stamp.ledger, answer.stamp.boot) == (row.ledger, row.boot):
                        freed |= self._settle(change, row, order, answer)
                        self._follow(change, server, answer.stamp)
            if freed:
                lending.reschedule(change)

    def recall(self) -> None:
        """To be called once when a manager starts: what the store knows of servers needs no new report."""
        query = select(Server.id, Server.ledger, Server.boot, Server.serial)
        with self._core.change() as change:
            for row in change.session.execute(query.where(Server.state == ServerState.READY)):
                self._known[row.id] = Stamp(row.ledger, row.boot, row.serial), change.mirror.doubts

    def heard(self, server: int, stamp: Stamp) -> bool:
        """Whether all is known about a server that says this of itself; if not, ask it to report. No transaction."""
        agreed = self._core.agrees(server)
        return agreed is not None and self._known.get(server) == (stamp, agreed)

    def reported(self, server: int, report: Report, ledger: str) -> None:
        """Makes the store agree with what the server says it holds.

        ``ledger`` is the one that it was known to have when it was asked. If a report on a third one was taken in
        since then, nobody can say which of the two is the later.
        """
        stamp = report.stamp
        with self._core.change() as change:
            row = change.session.get_one(Server, server)
            if row.state == ServerState.REMOVED:
                return
            if stamp.serial < row.serial if stamp.ledger == row.ledger else ledger != row.ledger:
                return
            rebooted = (stamp.ledger, stamp.boot) != (row.ledger, row.boot)
            row.ledger, row.boot, row.serial = stamp.ledger, stamp.boot, stamp.serial
            row.state = ServerState.READY if report.accepting else ServerState.DOUBTFUL
            row.trouble = "" if report.accepting else _NOT_ACCEPTING
            whole = (joinedload(Allocation.user), selectinload(Allocation.parts))
            here = select(Allocation).join(Part).where(Part.server_id == server).options(*whole)
            change.session.scalars(here).all()  # at once, and not one by one below
            found: set[int] = set()
            for ended in report.ended:  # first: what is still held of it does not say why it ends
                self._ended_there(change, row, ended)
            for held in report.held:
                found |= self._take_in(change, row, held, stamp.serial)
            lost = [
                part
                for part in change.session.scalars(select(Part).where(Part.server_id == server))
                if part.id not in found and part.serial is not None and (rebooted or part.serial <= stamp.serial)
            ]
            lending.free_all(change, lost, _busy(report.spent))
            lending.reschedule(change)
            self._known[server] = stamp, change.mirror.doubts

    def troubled(self, server: int, reason: str) -> None:
        """A server that is not ready cannot be reached; so nothing changes but what people are told."""
        with self._core.change() as change:
            row = change.session.get_one(Server, server)
            if row.state != ServerState.READY:
                row.trouble = reason

    def unreachable(self, server: int, reason: str = "") -> None:
        """The server has been silent for too long: what it holds stays lent, what it was asked for others are asked."""
        self._known.pop(server, None)
        with self._core.change() as change:
            row = change.session.get_one(Server, server)
            if row.state == ServerState.REMOVED:
                return
            row.state, row.trouble = ServerState.UNREACHABLE, reason
            for part in change.session.scalars(select(Part).where(Part.server_id == server)):
                allocation = part.allocation
                if (
                    allocation.state == State.PLACING
                    and part.epoch == allocation.epoch
                    and part.state == PartState.ASKED
                ):
                    lending.give_up(allocation)
            lending.reschedule(change)

    def _follow(self, change: Change, server: int, stamp: Stamp) -> None:
        """An answer that follows directly on what was known needs no report, neither now nor after a restart."""
        known, agreed = self._known.get(server, (None, 0))
        if known and stamp == replace(known, serial=known.serial + 1):
            self._known[server] = stamp, agreed
            change.session.connection().execute(_FOLLOW, {"number": server, "latest": stamp.serial})

    def _settle(self, change: Change, server: Server, order: Order, answer: Answer) -> bool:
        """Returns whether others may start now."""
        query = select(Part).where(Part.server_id == server.id, Part.allocation_id == order.allocation)
        parts = list(change.session.scalars(query))
        own = [part for part in parts if part.epoch == order.epoch]
        row = change.session.get(Allocation, order.allocation)
        if row is None:
            return False
        match order, answer.result:
            case Reserve() | Extend(), Result.HELD if answer.stamp.serial >= server.serial:
                for part in own:
                    if part.state == PartState.ASKED:
                        part.state, part.since = PartState.HELD, change.now
                    if part.serial is None:
                        part.serial = answer.stamp.serial
                    part.term = order.term
            case Reserve(), Result.REFUSED if answer.stamp.serial >= server.serial:
                self._refused(change, server, row, own)
                return True
            case Extend(), Result.FREE | Result.REFUSED if answer.stamp.serial >= server.serial:
                lending.free_all(change, own)
                return True
            case Release(), Result.FREE:
                gone = [part for part in parts if part.epoch <= order.epoch]
                lending.free_all(change, gone, _busy(answer.spent))
                return True
        lending.settle(change, row)
        return False

    def _refused(self, change: Change, server: Server, row: Allocation, own: Sequence[Part]) -> None:
        """The server holds nothing of it, and knows better than the store what it has."""
        for part in own:
            if part.state == PartState.ASKED:
                lending.free(change, part)
        if server.state == ServerState.READY:
            server.state = ServerState.DOUBTFUL
        self._known.pop(server.id, None)
        lending.settle(change, row)

    def _take_in(self, change: Change, server: Server, held: Held, serial: int) -> set[int]:
        """Makes the store have what a server holds; returns the ids of the parts."""
        session = change.session
        row = session.get(Allocation, held.allocation)
        if row is None:
            row = _adopted(change, held)
        elif held.epoch > row.epoch and row.state not in (State.RELEASING, State.ENDED):
            lending.give_up(row)  # a restored database does not know of this attempt
            row.epoch, row.state, row.started_at = held.epoch, State.ACTIVE, change.now - held.term + held.left
            row.term, row.ends_at = held.term, change.now + held.left
        wanted = row.epoch == held.epoch and row.state in (State.PLACING, State.ACTIVE)
        devices = {device.index: device for device in server.devices}
        parts = []
        for share in held.shares:
            if (device := devices.get(share.index)) is None:
                continue
            part = next((p for p in row.parts if p.epoch == held.epoch and p.device_id == device.id), None)
            if part is None:
                part = Part(epoch=held.epoch, device=device, server=server, since=change.now, term=held.term)
                part.device_id, part.server_id, part.secret = device.id, server.id, held.secret
                row.parts.append(part)
            if part.serial is None:
                part.serial, part.since = serial, change.now
            part.memory, part.weight, part.term = share.memory, share.weight, held.term
            part.state = PartState.HELD if wanted else PartState.RELEASING
            parts.append(part)
        if wanted:
            row.term = max(row.term, held.term)
            row.count = max(row.count, len(lending.current(row)))
            self._keep_time(change, row, held)
        elif row.state == State.ENDED and parts:
            row.state, row.ended_at = State.RELEASING, None
        lending.settle(change, row)
        session.flush()
        return {part.id for part in parts}

    def _ended_there(self, change: Change, server: Server, ended: Ended) -> None:
        """A server has ended its part by itself; then the other servers of the allocation are to let go as well."""
        row = change.session.get(Allocation, ended.allocation)
        if row is None or row.epoch != ended.epoch or row.state != State.ACTIVE:
            return
        if any(part.server_id == server.id for part in lending.current(row)):
            action, outcome = _ENDED_THERE.get(ended.why, ("allocation.let-go", Outcome.RELEASED))
            change.audit(POOL, action, row.id)
            lending.end(change, row, outcome)

    def _keep_time(self, change: Change, row: Allocation, held: Held) -> None:
        """The server's clock says when a term is over."""
        over = held.left <= 0 and row.term <= held.term
        if over or held.ending:
            change.audit(POOL, "allocation.expire" if over else "allocation.end", row.id)
            lending.end(change, row, Outcome.EXPIRED if over else Outcome.RELEASED)
            return
        ends = change.now + held.left + row.term - held.term
        if row.state == State.ACTIVE and (row.ends_at is None or abs(row.ends_at - ends) > _ENDS_SLACK):
            row.ends_at = ends


_ENDED_THERE = {
    Why.EXPIRED: ("allocation.expire", Outcome.EXPIRED),
    Why.IDLE: ("allocation.idle", Outcome.IDLE),
}
_WHY = {Outcome.EXPIRED: Why.EXPIRED, Outcome.IDLE: Why.IDLE, Outcome.REVOKED: Why.REVOKED}
_FOLLOW = update(Server).where(Server.id == bindparam("number")).values(serial=bindparam("latest"))
_UNTOLD = or_(Part.state != PartState.HELD, Part.term != Allocation.term)
_ORDERS = (
    select(
        *(Part.allocation_id, Part.epoch, Part.state, Part.memory, Part.weight, Part.secret),
        *(Allocation.tethered, Allocation.idle, Allocation.outcome),
        Device.index.label("place"),
        Allocation.term.label("wanted"),
        User.name.label("user"),
    )
    .join(Part.allocation)
    .join(Part.device)
    .join(Allocation.user)
    .where(Part.server_id == bindparam("number"), _UNTOLD)
    .order_by(Part.id)
)
_ORDER = (Release, Extend, Reserve)  # what frees comes before what takes


def _busy(spent: Iterable[Spent]) -> lending.Busy:
    return {(one.allocation, one.epoch, index): seconds for one in spent for index, seconds in one.busy}


def _order(parts: Sequence[Any]) -> Order:
    one = parts[0]
    if any(part.state == PartState.RELEASING for part in parts):
        why = Why.RELEASED if one.outcome is None else _WHY.get(one.outcome, Why.RELEASED)
        return Release(one.allocation_id, one.epoch, why)
    if all(part.state == PartState.HELD for part in parts):
        return Extend(one.allocation_id, one.epoch, one.wanted)
    shares = tuple(Share(part.place, part.memory, part.weight) for part in parts)
    return Reserve(one.allocation_id, one.epoch, shares, one.wanted, one.user, one.secret, one.tethered, one.idle)


def _adopted(change: Change, held: Held) -> Allocation:
    """An allocation that a restored database has never heard of, as far as its server knows it."""
    user = change.session.scalars(select(User).where(User.name == held.user)).one_or_none()
    if user is None:
        user = User(name=held.user, role=Role.USER, active=True, used=0.0, used_at=change.now)
        change.session.add(user)
    started = change.now - held.term + held.left
    row = Allocation(
        id=held.allocation,
        user=user,
        state=State.ACTIVE,
        epoch=held.epoch,
        count=len(held.shares),
        weight=held.shares[0].weight,
        memory=held.shares[0].memory,
        filter="",
        term=held.term,
        priority=0,
        policy="pack",
        round_trips=[],
        tethered=held.tethered,
        idle=held.idle,
        submitted_at=started,
        started_at=started,
        ends_at=change.now + held.left,
    )
    change.session.add(row)
    change.session.flush()
    change.audit(POOL, "allocation.adopt", row.id, user=held.user)
    return row


def _describe(device: Device, offer: Offer) -> None:
    for name in ("name", "platform", "vendor", "type", "version", "driver_version", "memory", "compute_units"):
        setattr(device, name, getattr(offer.device, name))
    device.overhead, device.present = offer.overhead, True


def named(session: Session, actor: Actor, name: str) -> Server:
    """One that an admin is about to change."""
    if not actor.is_admin:
        raise NotAllowed(f"{actor.name} may not change servers")
    row = session.scalars(select(Server).where(Server.name == name)).one_or_none()
    if row is None or row.state == ServerState.REMOVED:
        raise NotFound(f"there is no server “{name}”")
    return row
