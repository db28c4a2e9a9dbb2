"""The pool in numbers: what there is of what, in which state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cenote.pool.core import Core
from cenote.pool.models import Allocation, Device, Part, Server, ServerState, State
from cenote.pool.request import WHOLE


@dataclass(frozen=True)
class Census:
    """Devices and bytes by what becomes of them: `lent`, `free`, or `away`, where nothing is placed now."""

    servers: Counter[tuple[ServerState, bool]]
    """By state, and whether they are being drained."""
    devices: int
    memory: dict[str, int]
    compute: dict[str, float]
    """In devices: half of one's compute time is 0.5."""
    allocations: dict[State, int]
    waited: float
    """Seconds for which the oldest request has waited."""


def take(core: Core) -> Census:
    """Raises StoreFailed."""
    with core.store.reading() as session:
        servers = Counter(
            {
                (state, draining): count
                for state, draining, count in session.execute(
                    select(Server.state, Server.draining, func.count())
                    .where(Server.state != ServerState.REMOVED)
                    .group_by(Server.state, Server.draining)
                )
            }
        )
        states, oldest = _allocations(session)
        devices, memory, weight = _devices(session)
    return Census(
        servers=servers,
        devices=devices,
        memory=memory,
        compute={name: amount / WHOLE for name, amount in weight.items()},
        allocations=states,
        waited=max(core.clock() - oldest, 0.0) if oldest is not None else 0.0,
    )


def _allocations(session: Session) -> tuple[dict[State, int], float | None]:
    """Those that have not ended, and when the first that waits was submitted."""
    query = (
        select(Allocation.state, func.count(), func.min(Allocation.submitted_at))
        .where(Allocation.state != State.ENDED)
        .group_by(Allocation.state)
    )
    found = {state: (count, oldest) for state, count, oldest in session.execute(query)}
    states: dict[State, int] = {state: found.get(state, (0, 0.0))[0] for state in State if state != State.ENDED}
    return states, found[State.WAITING][1] if State.WAITING in found else None


def _devices(session: Session) -> tuple[int, dict[str, int], dict[str, int]]:
    lent = (
        select(Part.device_id, func.sum(Part.memory).label("memory"), func.sum(Part.weight).label("weight"))
        .group_by(Part.device_id)
        .subquery()
    )
    query = (
        select(
            Server.state,
            Server.draining,
            func.count(),
            func.sum(Device.memory),
            func.coalesce(func.sum(lent.c.memory), 0),
            func.coalesce(func.sum(lent.c.weight), 0),
        )
        .select_from(Device)
        .join(Server)
        .outerjoin(lent, lent.c.device_id == Device.id)
        .where(Device.present)
        .group_by(Server.state, Server.draining)
    )
    total = 0
    memory = dict.fromkeys(("lent", "free", "away"), 0)
    weight = dict.fromkeys(("lent", "free", "away"), 0)
    for state, draining, count, bytes_, lent_bytes, lent_weight in session.execute(query):
        rest = "free" if state == ServerState.READY and not draining else "away"
        total += count
        memory["lent"] += int(lent_bytes)
        weight["lent"] += int(lent_weight)
        memory[rest] += max(int(bytes_) - int(lent_bytes), 0)
        weight[rest] += max(count * WHOLE - int(lent_weight), 0)
    return total, memory, weight
