"""The tables of the store.

Moments (``…_at``) are seconds since 1970 by the clock of a manager, for people and estimates only; terms are seconds
that a server measures. A row whose table has a ``revision`` carries the number of the transaction that changed it last,
by which managers keep their picture of the fleet up to date.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_Big = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own interface
        int: _Big,
        float: Double,
        str: Text,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class Role(StrEnum):
    """What a user may do: everything; lend and borrow for themselves; speak for a server; look."""

    ADMIN = "admin"
    USER = "user"
    SERVER = "server"
    VIEWER = "viewer"


class ServerState(StrEnum):
    READY = "ready"
    DOUBTFUL = "doubtful"
    """Nothing is placed there until its next report: it has just joined, or refused what the store thought free."""
    UNREACHABLE = "unreachable"
    REMOVED = "removed"
    """It is no server of the pool any more; only what was lent there is remembered."""


class State(StrEnum):
    """An allocation's life. Servers have yet to confirm what is ``placing``, and to free what is ``releasing``."""

    WAITING = "waiting"
    PLACING = "placing"
    ACTIVE = "active"
    RELEASING = "releasing"
    ENDED = "ended"


class Outcome(StrEnum):
    """How an allocation ended, or is ending."""

    RELEASED = "released"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    EXPIRED = "expired"
    IDLE = "idle"
    """Nothing used it for as long as was allowed."""
    LOST = "lost"
    REVOKED = "revoked"
    """The token by which it was asked for, or its user, does not count any more."""


class PartState(StrEnum):
    """A share of a device as the store sees it. One that is free again has no row."""

    ASKED = "asked"
    HELD = "held"
    RELEASING = "releasing"


def _names(cls: type[StrEnum]) -> Enum:
    return Enum(cls, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members])


class Pool(Base):
    """One row; whoever changes the pool holds its lock, and counts."""

    __tablename__ = "pool"
    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]


class Revision(Base):
    """The latest transactions. ``mark`` is random: a restored database may count the same numbers again."""

    __tablename__ = "revisions"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str]
    tables: Mapped[str]
    """Of what the transaction changed rows, separated by spaces."""


class Group(Base):
    __tablename__ = "groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    max_devices: Mapped[int | None]
    max_memory: Mapped[int | None]
    revision: Mapped[int] = mapped_column(index=True)


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(_names(Role))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    max_devices: Mapped[int | None]
    max_memory: Mapped[int | None]
    used: Mapped[float] = mapped_column(default=0.0)
    """Device-seconds times share, decayed until ``used_at``."""
    used_at: Mapped[float] = mapped_column(default=0.0)
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(index=True)
    group: Mapped[Group | None] = relationship()


class Token(Base):
    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    hash: Mapped[bytes]
    label: Mapped[str]
    created_at: Mapped[float]
    expires_at: Mapped[float | None]
    revoked_at: Mapped[float | None]
    user: Mapped[User] = relationship()


class Certificate(Base):
    """One that the pool's authority has issued, by its serial in hex."""

    __tablename__ = "certificates"
    serial: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    name: Mapped[str]
    issued_at: Mapped[float]
    expires_at: Mapped[float]
    revoked_at: Mapped[float | None]


class Invitation(Base):
    """A secret by which a server may join once; any new one, or the one with that name."""

    __tablename__ = "invitations"
    id: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[bytes]
    server: Mapped[str | None]
    created_at: Mapped[float]
    expires_at: Mapped[float]
    used_at: Mapped[float | None]


class Server(Base):
    __tablename__ = "servers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    ledger: Mapped[str]
    boot: Mapped[str]
    serial: Mapped[int]
    """With the two before: the stamp of the server's last report."""
    state: Mapped[ServerState] = mapped_column(_names(ServerState))
    trouble: Mapped[str] = mapped_column(default="", server_default="")
    """Why it is not ready; empty when it is, or when nobody has tried to reach it."""
    draining: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(index=True)
    devices: Mapped[list[Device]] = relationship(back_populates="server", order_by="Device.index")


class Device(Base):
    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("server_id", "index"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"))
    index: Mapped[int]
    present: Mapped[bool] = mapped_column(default=True)
    name: Mapped[str]
    platform: Mapped[str]
    vendor: Mapped[str]
    type: Mapped[str]
    version: Mapped[str]
    driver_version: Mapped[str]
    memory: Mapped[int]
    compute_units: Mapped[int]
    overhead: Mapped[int]
    """Bytes that a context of the driver takes, as the server measured."""
    server: Mapped[Server] = relationship(back_populates="devices")


class Allocation(Base):
    __tablename__ = "allocations"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index(None, "state", "user_id"),
        Index(None, "submitted_at", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str | None]
    state: Mapped[State] = mapped_column(_names(State))
    outcome: Mapped[Outcome | None] = mapped_column(_names(Outcome))
    epoch: Mapped[int] = mapped_column(default=0)
    """How often it has been placed; what earlier attempts left on servers is not its any more."""
    count: Mapped[int]
    weight: Mapped[int | None]
    memory: Mapped[int | None]
    filter: Mapped[str]
    term: Mapped[int]
    wait: Mapped[int | None]
    priority: Mapped[int]
    policy: Mapped[str]
    round_trips: Mapped[list[Any]]
    token_id: Mapped[str | None]
    """That by which it was asked for, and with which it ends."""
    tethered: Mapped[bool] = mapped_column(default=False)
    """Whether it ends when nobody keeps a connection open for it."""
    idle: Mapped[int | None]
    """After how many seconds without use it ends."""
    polled_at: Mapped[float | None]
    """When its client was last heard of; written every few seconds, and without a revision. What has neither this nor a
    tether waits without one."""
    submitted_at: Mapped[float]
    started_at: Mapped[float | None]
    ends_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    revision: Mapped[int] = mapped_column(index=True)
    user: Mapped[User] = relationship()
    parts: Mapped[list[Part]] = relationship(
        back_populates="allocation", order_by="Part.id", cascade="all, delete-orphan"
    )


class Part(Base):
    """A share of a device that is, or may be, lent."""

    __tablename__ = "parts"
    __table_args__ = (UniqueConstraint("allocation_id", "epoch", "device_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    allocation_id: Mapped[str] = mapped_column(ForeignKey("allocations.id"))
    epoch: Mapped[int]
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id"), index=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id"), index=True)
    memory: Mapped[int]
    weight: Mapped[int]
    state: Mapped[PartState] = mapped_column(_names(PartState))
    serial: Mapped[int | None]
    """The state of the server's ledger that first had it. Where a later report lacks it, it is free; what no server has
    ever confirmed may still arrive there, and is free only once its release is confirmed."""
    term: Mapped[int]
    """The term that the server knows; another than the allocation's has yet to be told."""
    secret: Mapped[bytes]
    """Opens the data path to this server for this allocation, and nothing else."""
    since: Mapped[float]
    allocation: Mapped[Allocation] = relationship(back_populates="parts")
    device: Mapped[Device] = relationship()
    server: Mapped[Server] = relationship()


class Usage(Base):
    """What was lent and is over."""

    __tablename__ = "usage"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id"))
    allocation_id: Mapped[str]
    ended_at: Mapped[float] = mapped_column(index=True)
    seconds: Mapped[float]
    busy: Mapped[float | None]
    """Seconds for which the device had work of it, where its server has told."""
    memory: Mapped[int]
    weight: Mapped[int]


class Audit(Base):
    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
