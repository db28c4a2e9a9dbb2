"""What happens to allocations and their parts: the steps that the services are made of, each inside a transaction."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from cenote.pool import queue
from cenote.pool.core import POOL, Change
from cenote.pool.fleet import Slice
from cenote.pool.mirror import waiting
from cenote.pool.models import Allocation, Outcome, Part, PartState, State, Usage
from cenote.pool.request import WHOLE

Busy = Mapping[tuple[str, int, int], float]
"""For how many seconds a device had work, by allocation, epoch and the device's index, as far as its server says."""
_NOTHING: Busy = {}


def schedule(change: Change, new: Allocation | None = None) -> None:
    """Starts what can start now; ``new`` is a request that the mirror does not know yet."""
    candidates = dict(change.mirror.waiting)
    if new is not None:
        candidates[new.id] = waiting(new)
    if not candidates:
        return
    running = chain.from_iterable(change.mirror.running.values())
    plan = queue.plan(change.now, candidates.values(), running, change.mirror.fleet, change.mirror.standings)
    for start in plan.starts:
        row = new if new is not None and new.id == start.id else change.session.get_one(Allocation, start.id)
        _place(change, row, start.parts)


def reschedule(change: Change) -> None:
    """The same after this transaction has freed something."""
    change.look()
    schedule(change)


def give_up(row: Allocation) -> None:
    """Puts a request that was being placed back into the queue, at its old place."""
    for part in current(row):
        part.state = PartState.RELEASING
    row.state, row.ends_at = State.WAITING, None


def end(change: Change, row: Allocation, outcome: Outcome) -> None:
    """Lets an allocation go; it has ended once its servers have freed all of it."""
    if row.state in (State.RELEASING, State.ENDED):
        return
    row.state, row.outcome = State.RELEASING, outcome
    for part in row.parts:
        part.state = PartState.RELEASING
    settle(change, row)


def free(change: Change, part: Part, busy: Busy = _NOTHING) -> None:
    """The server has said that it does not hold this part, or not any more."""
    row = part.allocation
    if part.serial is not None:
        seconds = min(max(change.now - part.since, 0.0), row.term + change.rules.handover)
        change.session.add(
            Usage(
                user_id=row.user_id,
                device_id=part.device_id,
                allocation_id=row.id,
                ended_at=part.since + seconds,
                seconds=seconds,
                busy=busy.get((row.id, part.epoch, part.device.index)),
                memory=part.memory,
                weight=part.weight,
            )
        )
        user = row.user
        user.used = queue.decayed(user.used, change.now - user.used_at, change.rules.half_life)
        user.used += seconds * part.weight / WHOLE
        user.used_at = change.now
    row.parts.remove(part)


def free_all(change: Change, parts: Iterable[Part], busy: Busy = _NOTHING) -> None:
    """The same of several parts, and what follows for their allocations."""
    rows: dict[str, Allocation] = {}
    for part in list(parts):
        rows[part.allocation_id] = part.allocation
        free(change, part, busy)
    for row in rows.values():
        settle(change, row)


def settle(change: Change, row: Allocation) -> None:
    """Draws the conclusion for an allocation from the states of its parts."""
    own = current(row)
    if row.state == State.PLACING:
        if len(own) < row.count:
            give_up(row)
        elif all(part.state == PartState.HELD for part in own):
            row.state = State.ACTIVE
            row.started_at, row.ends_at = change.now, change.now + row.term
    if row.state == State.ACTIVE and not own:
        row.state, row.outcome = State.RELEASING, Outcome.LOST
        change.audit(POOL, "allocation.lose", row.id)
    if row.state == State.RELEASING and not row.parts:
        row.state, row.ended_at = State.ENDED, change.now


def current(row: Allocation) -> list[Part]:
    """The parts of the latest attempt to place it."""
    return [part for part in row.parts if part.epoch == row.epoch]


def _place(change: Change, row: Allocation, slices: Sequence[Slice]) -> None:
    row.epoch += 1
    row.state, row.ends_at = State.PLACING, change.now + row.term
    doors: defaultdict[int, bytes] = defaultdict(lambda: secrets.token_bytes(32))
    for piece in slices:
        server = change.mirror.fleet.devices[piece.device].server
        row.parts.append(
            Part(
                epoch=row.epoch,
                device_id=piece.device,
                server_id=server,
                memory=piece.memory,
                weight=piece.weight,
                state=PartState.ASKED,
                term=row.term,
                secret=doors[server],
                since=change.now,
            )
        )
