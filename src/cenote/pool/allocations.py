"""What users do with the pool: ask, look, prolong, release."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy import Select, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session, joinedload, selectinload

from cenote.errors import Busy, Conflict, Invalid, NoDevice, NotAllowed, NotFound, OverQuota
from cenote.pool import lending, placement, queue
from cenote.pool.core import POOL, Actor, Change, Core
from cenote.pool.fleet import Fleet, Search
from cenote.pool.mirror import request as asked
from cenote.pool.models import Allocation, Outcome, Part, Role, ServerState, State
from cenote.pool.patience import Patience
from cenote.pool.request import Request
from cenote.units import human_duration

PRIORITY_CAPS = {Role.USER: 5, Role.ADMIN: 10}
UNKNOWN = "unknown"
_BATCH = 500  # ids in one statement

_WHOLE = (
    joinedload(Allocation.user),
    selectinload(Allocation.parts).options(joinedload(Part.server), joinedload(Part.device)),
)


@dataclass(frozen=True)
class PartView:
    """A share of a device; ``state`` is ``unknown`` while its server cannot be reached."""

    server: str
    address: str
    index: int
    device: str
    memory: int
    weight: int
    state: str


@dataclass(frozen=True)
class AllocationView:
    """Moments are seconds since 1970 and for people; ``term`` is what counts, in seconds."""

    id: str
    user: str
    state: State
    outcome: Outcome | None
    count: int
    term: int
    priority: int
    submitted_at: float
    started_at: float | None
    ends_at: float | None
    ended_at: float | None
    tethered: bool
    attended: bool
    idle: int | None
    parts: tuple[PartView, ...]


@dataclass(frozen=True)
class Door:
    """How the data path to one server of an allocation is opened."""

    server: str
    address: str
    indexes: tuple[int, ...]
    secret: bytes = field(repr=False)


class Allocations:
    """All methods raise StoreFailed when the database cannot be used, and NotAllowed for what is not the actor's."""

    def __init__(self, core: Core, patience: Patience | None = None) -> None:
        self._core = core
        self._patience = patience or Patience()

    def submit(self, actor: Actor, request: Request) -> AllocationView:
        """Asks for devices. What does not fit now waits; with ``wait=0`` it raises NoDevice instead.

        Raises Invalid, OverQuota, or NoDevice for what this pool could never give.
        """
        if actor.user is None or actor.role not in PRIORITY_CAPS:
            raise NotAllowed(f"{actor.name} has the role {actor.role}, which does not borrow devices")
        request.limited(self._core.rules.max_time)
        policy = placement.named(request.policy or self._core.rules.placement)
        with self._core.change(grows=True) as change:
            if request.key and (known := self._known(change.session, actor.user, request)):
                return view(known)
            self._could_ever(change, actor.user, request, policy.one_server)
            row = Allocation(
                id=secrets.token_hex(16),
                user_id=actor.user,
                key=request.key,
                state=State.WAITING,
                epoch=0,
                count=request.count,
                weight=request.weight,
                memory=request.memory,
                filter=request.filter,
                term=request.term,
                wait=request.wait,
                priority=min(request.priority, PRIORITY_CAPS[actor.role]),
                policy=request.policy or self._core.rules.placement,
                round_trips=[list(trip) for trip in request.round_trips],
                tethered=request.tethered,
                polled_at=change.now if request.attended else None,
                idle=min((one for one in (request.idle, self._core.rules.max_idle) if one is not None), default=None),
                token_id=actor.token,
                submitted_at=change.now,
            )
            lending.schedule(change, row)
            if request.wait == 0 and row.state == State.WAITING:
                raise NoDevice("nothing that fits is free now")
            change.session.add(row)
            change.audit(actor, "allocation.submit", row.id, count=row.count, state=row.state)
            change.session.flush()
            return _new_view(change.mirror.fleet, actor, row)

    def release(self, actor: Actor, allocation: str) -> AllocationView:
        """Leaves the queue, or gives devices back: they are free once their servers have said so."""
        with self._core.change() as change:
            row = _find(change.session, actor, allocation)
            if row.state not in (State.RELEASING, State.ENDED):
                waited = row.state == State.WAITING
                outcome = Outcome.CANCELLED if waited else Outcome.RELEASED
                lending.end(change, row, outcome)
                change.audit(actor, "allocation.release", row.id, outcome=outcome)
                if waited:  # others may have waited behind it
                    lending.reschedule(change)
            return view(row)

    def extend(self, actor: Actor, allocation: str, seconds: int) -> AllocationView:
        """Lets it last longer. Raises Invalid for too long, and Busy while a waiting request could use its devices."""
        with self._core.change() as change:
            row = _find(change.session, actor, allocation)
            if row.state != State.ACTIVE or row.ends_at is None:
                raise Conflict(f"the allocation is {row.state}, not active")
            if seconds < 1 or row.ends_at - change.now + seconds > self._core.rules.max_time:
                limit = human_duration(self._core.rules.max_time)
                raise Invalid(f"an allocation can be prolonged by a second or more, to at most {limit} from now")
            fleet = change.mirror.fleet
            devices = [fleet.devices[part.device_id] for part in row.parts if part.device_id in fleet.devices]
            for other in change.mirror.waiting.values():
                if change.mirror.standings.room(other.user)[0] < other.request.count:
                    continue  # it waits for its user's own devices
                search = Search(fleet, other.request)
                if any(search.may_use(device) for device in devices):
                    raise Busy("it cannot be prolonged: a request that waits needs one of its devices")
            row.term += seconds
            row.ends_at += seconds
            change.audit(actor, "allocation.extend", row.id, seconds=seconds, term=row.term)
            return view(row)

    def get(self, actor: Actor, allocation: str) -> AllocationView:
        with self._core.store.reading() as session:
            return view(_find(session, actor, allocation, write=False))

    def listing(self, actor: Actor, *, ended: bool = False) -> list[AllocationView]:
        """The actor's allocations; those of all users for an admin or viewer. Oldest first."""
        query = _visible(actor).order_by(Allocation.submitted_at, Allocation.id)
        if not ended:
            query = query.where(Allocation.state != State.ENDED)
        with self._core.store.reading() as session:
            return [view(row) for row in session.scalars(query)]

    def page(
        self, actor: Actor, *, ended: bool = False, limit: int = 100, before: str | None = None
    ) -> list[AllocationView]:
        """The same, the latest first, at most ``limit``; ``before`` an id continues."""
        query = _visible(actor).order_by(Allocation.submitted_at.desc(), Allocation.id.desc()).limit(limit)
        if not ended:
            query = query.where(Allocation.state != State.ENDED)
        with self._core.store.reading() as session:
            if before is not None:
                last = _find(session, actor, before, write=False)
                query = query.where(
                    tuple_(Allocation.submitted_at, Allocation.id)
                    < tuple_(literal(last.submitted_at), literal(last.id))
                )
            return [view(row) for row in session.scalars(query)]

    def waiting(self, actor: Actor) -> list[AllocationView]:
        """Those that the actor may see, without an order."""
        with self._core.store.reading() as session:
            return [view(row) for row in session.scalars(_visible(actor).where(Allocation.state == State.WAITING))]

    def doors(self, actor: Actor, allocation: str) -> tuple[Door, ...]:
        """The secrets of an active allocation, for its user alone; none while it is not active."""
        with self._core.store.reading() as session:
            row = _find(session, actor, allocation, write=False)
            if row.user_id != actor.user:
                raise _unknown(allocation)
            by_server: dict[str, list[Part]] = {}
            for part in lending.current(row) if row.state == State.ACTIVE else []:
                by_server.setdefault(part.server.name, []).append(part)
            return tuple(
                Door(name, parts[0].server.address, tuple(part.device.index for part in parts), parts[0].secret)
                for name, parts in by_server.items()
            )

    def forecasts(self, actor: Actor) -> list[queue.Forecast]:
        """The places and estimated starts of the actor's requests; for an admin or viewer the whole queue."""
        with self._core.change() as change:
            mirror = change.mirror
            running = chain.from_iterable(mirror.running.values())
            found = queue.forecast(change.now, mirror.waiting.values(), running, mirror.fleet, mirror.standings)
            if actor.is_admin or actor.role == Role.VIEWER:
                return found
            return [one for one in found if mirror.waiting[one.id].user == actor.user]

    def tick(self) -> None:
        """To be called every second or so: waiting that has taken too long ends, and requests rise as they wait."""
        with self._core.change() as change:
            for name in self._patience.overdue(change.now, change.mirror.waiting.values()):
                lending.end(change, change.session.get_one(Allocation, name), Outcome.TIMED_OUT)
                change.audit(POOL, "allocation.time-out", name)
            if self._patience.clock_was_set(change.now):
                change.mirror.doubt()  # servers know when terms end
            lending.reschedule(change)

    def held_by_polls(self) -> list[tuple[str, float | None]]:
        """What leaves the queue without its client, and when a manager last wrote down that the client is there."""
        query = select(Allocation.id, Allocation.polled_at).where(
            Allocation.state == State.WAITING, or_(Allocation.tethered, Allocation.polled_at.is_not(None))
        )
        with self._core.store.reading() as session:
            return [(row.id, row.polled_at) for row in session.execute(query)]

    def polled(self, allocations: Sequence[str]) -> None:
        """Writes down that their clients are there. Nobody follows that, so it is no revision."""
        with self._core.store.transaction() as (session, _):
            for start in range(0, len(allocations), _BATCH):
                some = Allocation.id.in_(allocations[start : start + _BATCH])
                session.execute(update(Allocation).where(some).values(polled_at=self._core.clock()))

    def abandon(self, allocation: str) -> None:
        """The client of a request that waits is gone."""
        with self._core.change() as change:
            row = change.session.get_one(Allocation, allocation)
            if row.state == State.WAITING:
                lending.end(change, row, Outcome.CANCELLED)
                change.audit(POOL, "allocation.abandon", row.id)
                lending.reschedule(change)

    def _known(self, session: Session, user: int, request: Request) -> Allocation | None:
        query = select(Allocation).where(Allocation.user_id == user, Allocation.key == request.key)
        row = session.scalars(query).one_or_none()
        if row is None:
            return None
        then = asked(row)
        same = ["count", "weight", "memory", "filter", *(["policy"] if request.policy else [])]
        if any(getattr(then, name) != getattr(request, name) for name in same):
            raise Conflict("this idempotency key was used for another request")
        return row

    def _could_ever(self, change: Change, user: int, request: Request, one_server: bool) -> None:
        most = change.mirror.standings.most(user)
        if most.devices is not None and request.count > most.devices:
            raise OverQuota(f"{request.count} devices are more than the {most.devices} that you may hold at once")
        if Search(change.mirror.fleet, request, budget=most.memory).possible(one_server=one_server):
            return
        if Search(change.mirror.fleet, request).possible(one_server=one_server):
            raise OverQuota("that is more device memory than you may hold at once")
        where = "one server of this pool has" if one_server else "this pool has"
        raise NoDevice(f"not even when all is free {where} {request.count} device(s) where this fits")


def view(row: Allocation) -> AllocationView:
    return _view(row, row.user.name, map(_part_view, row.parts))


def _new_view(fleet: Fleet, actor: Actor, row: Allocation) -> AllocationView:
    """The same of what has just been placed, or not, without looking at the store."""
    places = ((part, fleet.devices[part.device_id]) for part in row.parts)
    parts = (
        PartView(
            server=fleet.servers[part.server_id].name,
            address=fleet.servers[part.server_id].address,
            index=device.index,
            device=device.kind.name,
            memory=part.memory,
            weight=part.weight,
            state=part.state,
        )
        for part, device in places
    )
    return _view(row, actor.name, parts)


def _view(row: Allocation, user: str, parts: Iterable[PartView]) -> AllocationView:
    return AllocationView(
        id=row.id,
        user=user,
        state=row.state,
        outcome=row.outcome,
        count=row.count,
        term=row.term,
        priority=row.priority,
        submitted_at=row.submitted_at,
        started_at=row.started_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        tethered=row.tethered,
        attended=row.tethered or row.polled_at is not None,
        idle=row.idle,
        parts=tuple(parts),
    )


def _part_view(part: Part) -> PartView:
    reachable = part.server.state != ServerState.UNREACHABLE
    return PartView(
        server=part.server.name,
        address=part.server.address,
        index=part.device.index,
        device=part.device.name,
        memory=part.memory,
        weight=part.weight,
        state=part.state if reachable else UNKNOWN,
    )


def _visible(actor: Actor) -> Select[Allocation]:
    query = select(Allocation).options(*_WHOLE)
    everything = actor.is_admin or actor.role == Role.VIEWER
    return query if everything else query.where(Allocation.user_id == actor.user)


def _find(session: Session, actor: Actor, allocation: str, *, write: bool = True) -> Allocation:
    """The allocation, if the actor may see it; others learn nothing from the answer."""
    row = session.get(Allocation, allocation, options=_WHOLE)
    allowed = actor.is_admin or (actor.role == Role.VIEWER and not write)
    if row is None or not (allowed or (actor.user is not None and row.user_id == actor.user)):
        raise _unknown(allocation)
    return row


def _unknown(allocation: str) -> NotFound:
    return NotFound(f"you have no allocation “{allocation}”")
