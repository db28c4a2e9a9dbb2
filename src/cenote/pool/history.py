"""What was lent to whom, day by day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from cenote.pool.core import Actor, Core
from cenote.pool.models import Allocation, Device, Part, Role, Server, Usage, User
from cenote.pool.queue import Rules
from cenote.pool.request import WHOLE

DAY = 86400

_Moment = SQLColumnExpression[float]


class By(StrEnum):
    """What usage is told apart by."""

    USER = "user"
    DEVICE = "device"
    DAY = "day"


@dataclass(frozen=True)
class Used:
    """What a user had of a device on a day, which starts at ``day``, in UTC; None for what is not told apart.

    ``device_seconds`` count half a device half, ``byte_seconds`` are its memory times the time. ``busy_seconds`` are
    those in which it had work of what has ended since, as its server has told; they count as spread over all the time.
    """

    user: str | None
    server: str | None
    index: int | None
    device: str | None
    day: float | None
    allocations: int
    seconds: float
    device_seconds: float
    byte_seconds: float
    busy_seconds: float


class History:
    """All methods raise StoreFailed when the database cannot be used."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def usage(
        self,
        actor: Actor,
        since: float,
        *,
        by: Collection[By] = tuple(By),
        limit: int = 10_000,
        offset: int = 0,
    ) -> list[Used]:
        """From that moment until now, what is still lent included: the actor's, or everybody's for an admin or viewer.

        The latest days first, then by names.
        """
        everybody = actor.is_admin or actor.role == Role.VIEWER
        user = None if everybody else actor.user
        spans = _spans(user, since, self._core.clock(), self._core.rules)
        sums = _sums(_by_day(spans) if By.DAY in by else spans, by)
        query = _named(sums, by).limit(limit).offset(offset)
        with self._core.store.reading() as session:
            return [
                Used(
                    user=row.user,
                    server=row.server,
                    index=row.place,
                    device=row.device,
                    day=None if row.day is None else float(row.day * DAY),
                    allocations=row.allocations,
                    seconds=row.seconds,
                    device_seconds=row.weighted / WHOLE,
                    byte_seconds=row.bytes,
                    busy_seconds=row.busy,
                )
                for row in session.execute(query)
            ]


def _spans(user: int | None, since: float, now: float, rules: Rules) -> CTE:
    """When parts of devices were lent after ``since``, those that still are included."""
    over = select(
        Usage.user_id.label("user"),
        Usage.device_id.label("device"),
        Usage.allocation_id.label("allocation"),
        _greater(Usage.ended_at - Usage.seconds, literal(since)).label("began"),
        Usage.ended_at.label("ended"),
        Usage.memory.label("memory"),
        Usage.weight.label("weight"),
        case((Usage.seconds > 0, func.coalesce(Usage.busy, 0.0) / Usage.seconds), else_=0.0).label("load"),
    ).where(Usage.ended_at > since)
    longest = Part.since + Allocation.term + literal(rules.handover)  # as it will be counted when it is over
    lent = (
        select(
            Allocation.user_id,
            Part.device_id,
            Part.allocation_id,
            _greater(Part.since, literal(since)),
            _less(longest, literal(now)),
            Part.memory,
            Part.weight,
            literal(0.0),
        )
        .join(Allocation, Allocation.id == Part.allocation_id)
        .where(Part.serial.is_not(None), _less(longest, literal(now)) > _greater(Part.since, literal(since)))
    )
    if user is not None:
        over, lent = over.where(Usage.user_id == user), lent.where(Allocation.user_id == user)
    return union_all(over, lent).cte("spans")


def _by_day(spans: CTE) -> CTE:
    """The same, cut at midnight. Most begin and end on one day, and only the others are cut one day after another."""
    columns = spans.c
    within = select(spans).where(_day(columns.began) == _day(columns.ended))
    rest = select(spans).where(_day(columns.began) != _day(columns.ended)).cte("rest", recursive=True)
    tomorrow = cast((_day(rest.c.began) + 1) * DAY, rest.c.began.type)
    others = (rest.c.user, rest.c.device, rest.c.allocation)
    rest = rest.union_all(
        select(*others, tomorrow, rest.c.ended, rest.c.memory, rest.c.weight, rest.c.load).where(
            tomorrow < rest.c.ended
        )
    )
    midnight = cast((_day(rest.c.began) + 1) * DAY, rest.c.began.type)
    others = (rest.c.user, rest.c.device, rest.c.allocation)
    columns = rest.c
    first = select(*others, columns.began, _less(midnight, columns.ended), columns.memory, columns.weight, columns.load)
    return union_all(within, first).cte("pieces")


def _sums(spans: CTE, by: Collection[By]) -> Subquery:
    columns = spans.c
    keys: dict[By, ColumnElement[Any]] = {By.USER: columns.user, By.DEVICE: columns.device, By.DAY: _day(columns.began)}
    seconds = columns.ended - columns.began
    return (
        select(
            *(keys[one].label(one) if one in by else literal(None).label(one) for one in By),
            func.count(columns.allocation.distinct()).label("allocations"),
            func.sum(seconds).label("seconds"),
            func.sum(seconds * columns.weight).label("weighted"),
            func.sum(seconds * columns.memory).label("bytes"),
            func.sum(seconds * columns.load).label("busy"),
        )
        .group_by(*(keys[one] for one in By if one in by))
        .subquery("sums")
    )


def _named(sums: Subquery, by: Collection[By]) -> Select[Any]:
    query = select(
        (User.name if By.USER in by else literal(None)).label("user"),
        (Server.name if By.DEVICE in by else literal(None)).label("server"),
        (Device.index if By.DEVICE in by else literal(None)).label("place"),
        (Device.name if By.DEVICE in by else literal(None)).label("device"),
        sums.c.day,
        sums.c.allocations,
        sums.c.seconds,
        sums.c.weighted,
        sums.c.bytes,
        sums.c.busy,
    ).select_from(sums)
    order: list[Any] = [sums.c.day.desc()] if By.DAY in by else []
    if By.USER in by:
        query = query.join(User, User.id == sums.c.user)
        order.append(User.name)
    if By.DEVICE in by:
        query = query.join(Device, Device.id == sums.c.device).join(Server, Server.id == Device.server_id)
        order += [Server.name, Device.index]
    return query.order_by(*order)


def _day(moment: _Moment) -> ColumnElement[int]:
    return cast(moment, BigInteger) // DAY


def _greater(one: _Moment, other: _Moment) -> ColumnElement[float]:
    return case((one > other, one), else_=other)


def _less(one: _Moment, other: _Moment) -> ColumnElement[float]:
    return case((one < other, one), else_=other)
