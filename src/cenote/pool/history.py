"""What was lent to whom, day by day."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select

from cenote.pool.core import Actor, Core
from cenote.pool.models import Device, Role, Server, Usage, User
from cenote.pool.request import WHOLE

DAY = 86400


@dataclass(frozen=True)
class Used:
    """What a user had of a device, of allocations that ended on that day (which starts at ``day``, in UTC).

    ``device_seconds`` count half a device half, ``byte_seconds`` are its memory times the time.
    """

    user: str
    server: str
    index: int
    device: str
    day: float
    allocations: int
    seconds: float
    device_seconds: float
    byte_seconds: float


class History:
    """All methods raise StoreFailed when the database cannot be used."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def usage(self, actor: Actor, since: float, *, limit: int = 10_000) -> list[Used]:
        """The actor's, or everybody's for an admin or viewer; the latest days first."""
        day = (cast(Usage.ended_at, BigInteger) // DAY).label("day")
        query = (
            select(
                User.name.label("user"),
                Server.name.label("server"),
                Device.index.label("place"),
                Device.name.label("device"),
                day,
                func.count(Usage.allocation_id.distinct()).label("allocations"),
                func.sum(Usage.seconds).label("seconds"),
                func.sum(Usage.seconds * Usage.weight).label("weighted"),
                func.sum(Usage.seconds * Usage.memory).label("bytes"),
            )
            .join(User, User.id == Usage.user_id)
            .join(Device, Device.id == Usage.device_id)
            .join(Server, Server.id == Device.server_id)
            .where(Usage.ended_at >= since)
            .group_by(User.name, Server.name, Device.index, Device.name, day)
            .order_by(day.desc(), User.name, Server.name, Device.index)
            .limit(limit)
        )
        if not (actor.is_admin or actor.role == Role.VIEWER):
            query = query.where(Usage.user_id == actor.user)
        with self._core.store.reading() as session:
            return [
                Used(
                    user=row.user,
                    server=row.server,
                    index=row.place,
                    device=row.device,
                    day=float(row.day * DAY),
                    allocations=row.allocations,
                    seconds=row.seconds,
                    device_seconds=row.weighted / WHOLE,
                    byte_seconds=row.bytes,
                )
                for row in session.execute(query)
            ]
