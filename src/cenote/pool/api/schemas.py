"""What requests and answers look like. Sizes are bytes, durations seconds, moments seconds since 1970."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from cenote.pool.accounts import NAME
from cenote.pool.filters import LENGTH_LIMIT
from cenote.pool.models import Outcome, Role, ServerState, State
from cenote.pool.request import COUNT_LIMIT, DAY, PRIORITIES, WHOLE

_TEXT = r"^[^\x00]*$"
_CENTURY = 100 * 365 * DAY


def _number(value: object) -> object:
    """Of what Python takes for an integer, what JSON does: 1.0, but neither true nor “1”."""
    if isinstance(value, bool | str):
        raise ValueError("a number is expected")
    return value


_WHOLE_NUMBER = BeforeValidator(_number)

Name = Annotated[str, Field(pattern=f"^{NAME}$")]
AllocationId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
TokenId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Count = Annotated[int, Field(ge=0, le=2**31 - 1), _WHOLE_NUMBER]
Bytes = Annotated[int, Field(ge=0, le=1 << 50), _WHOLE_NUMBER]
Serial = Annotated[int, Field(ge=0, le=1 << 53), _WHOLE_NUMBER]  # beyond that JSON is not exact
Duration = Annotated[int, Field(ge=1, le=_CENTURY), _WHOLE_NUMBER]
Text = Annotated[str, Field(max_length=200, pattern=_TEXT)]
Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Address = Annotated[str, Field(max_length=300, pattern=r"^[!-~]+:[0-9]{1,5}$")]


SigningRequest = Annotated[
    str,
    Field(
        max_length=16 * 1024,
        pattern=_TEXT,
        description="a certificate signing request in PEM, for a key on an elliptic curve",
    ),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


# ── Allocations ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Asked(_Asked):
    """Devices, whole or a share of each. Whichever of weight and memory is missing follows from the other."""

    count: Annotated[int, Field(ge=1, le=COUNT_LIMIT), _WHOLE_NUMBER] = 1
    weight: Annotated[int, Field(ge=1, le=WHOLE), _WHOLE_NUMBER] | None = Field(
        None, description="share of each device's compute time, in millionths; none and no memory are whole devices"
    )
    memory: Annotated[int, Field(ge=1, le=1 << 50), _WHOLE_NUMBER] | None = Field(
        None, description="bytes of each device's memory"
    )
    filter: Annotated[str, Field(max_length=LENGTH_LIMIT, pattern=_TEXT)] = Field(
        "", description="like `name~A100 and memory>=40GiB`"
    )
    term: Duration | None = Field(
        None, description="seconds that it lasts; none is as long as anything may in this pool"
    )
    wait: Annotated[int, Field(ge=0, le=_CENTURY), _WHOLE_NUMBER] | None = Field(
        None, description="seconds to wait at most; 0 does not wait, none waits without limit"
    )
    priority: Annotated[int, Field(ge=PRIORITIES[0], le=PRIORITIES[-1]), _WHOLE_NUMBER] = 0
    policy: Text | None = Field(
        None, description="how it is placed: `same-server`, say; the pool's way if it is missing"
    )
    round_trips: dict[Name, Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]] = Field(
        {}, max_length=1000, description="seconds by server, where `/placement` asks for them"
    )
    attended: StrictBool = Field(False, description="whether it leaves the queue when nobody has asked for it for 30 s")
    tethered: StrictBool = Field(
        False,
        description="whether it ends with its client: it is attended, and ends when no tether to its server is open",
    )
    idle: Duration | None = Field(
        None, description="seconds after which it ends when nothing has used it; the pool may ask for fewer"
    )


class PartOut(_Told):
    """A share of a device."""

    server: str
    address: str = Field(description="“host:port” of the server")
    index: int = Field(description="which of the server's devices")
    device: str
    memory: int
    weight: int
    state: str = Field(description="`asked`, `held`, `releasing`, or `unknown` while the server cannot be reached")


class AllocationOut(_Told):
    id: str
    user: str
    state: State
    outcome: Outcome | None = Field(description="how it ended, or is ending")
    count: int
    term: int
    priority: int
    tethered: bool
    idle: int | None = Field(description="seconds without use after which it ends; none where it does not")
    submitted_at: float
    started_at: float | None
    ends_at: float | None
    ended_at: float | None
    parts: list[PartOut]
    position: int | None = Field(None, description="place in the queue, from 1, while it waits")
    starts_at: float | None = Field(None, description="when it should start, where that can be estimated")
    quiet: float | None = Field(
        None,
        description="seconds, at least, for which no program has used it, while it is active; none where no manager "
        "hears from all of its servers",
    )
    utilisation: float | None = Field(
        None, description="the part of the time in which devices had work of it, as far as a manager has heard"
    )


class SiteOut(_Told):
    name: str
    address: str = Field(description="“host:port” of the server")


class PlacementOut(BaseModel):
    policy: str = Field(description="of requests that name none")
    measure: list[SiteOut] = Field(description="where a client's round trips count; none where they do not")


class Prolonged(_Asked):
    seconds: Duration = Field(description="by how much")


class DoorOut(_Told):
    """How the data path to one server of an allocation is opened."""

    server: str
    address: str
    indexes: list[int]
    secret: str = Field(description="32 bytes in hex")


class ProbeOut(BaseModel):
    """How one connection to a server is opened that measures the link."""

    server: str
    address: str
    id: str = Field(description="16 bytes in hex")
    secret: str = Field(description="32 bytes in hex")


class QueuedOut(BaseModel):
    position: int
    starts_at: float | None
    allocation: str
    user: str
    count: int
    priority: int
    submitted_at: float


# ── Servers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class DeviceOut(_Told):
    server: str
    index: int
    name: str
    platform: str
    vendor: str
    type: str
    version: str
    driver_version: str
    compute_units: int
    memory: int
    smallest: int = Field(description="the smallest share of its memory that can be had")
    free_memory: int
    free_weight: int = Field(description="free compute time, in millionths")
    open: bool = Field(description="whether something would be placed there if it were free")


class ServerOut(_Told):
    name: str
    address: str
    state: ServerState
    trouble: str = Field(description="why it is not ready, as far as anybody knows")
    draining: bool
    silent: float | None = Field(
        None, description="seconds since its last heartbeat at this manager; none when it beats at others alone"
    )
    devices: list[DeviceOut]


class Lent(_Asked):
    """A device that a server lends, as its driver describes it."""

    index: Annotated[int, Field(ge=0, le=4095), _WHOLE_NUMBER]
    name: Text
    platform: Text
    platform_version: Text = ""
    vendor: Text
    version: Text
    driver_version: Text
    type: Text
    memory: Bytes
    compute_units: Count
    overhead: Bytes = Field(0, description="what a context of its driver takes of the memory")


def _once(devices: list[Lent]) -> list[Lent]:
    if len({device.index for device in devices}) < len(devices):
        raise ValueError("two devices have the same index")
    return devices


class ServerIn(_Asked):
    address: Address
    devices: Annotated[list[Lent], Field(max_length=256), AfterValidator(_once)]


class StampIn(_Asked):
    ledger: Text
    boot: Text
    serial: Serial


class Granted(_Asked):
    """Memory of a device."""

    index: Count
    bytes: Bytes


class Figures(_Asked):
    """A process that uses an allocation on a server."""

    allocation: AllocationId
    user: Name
    pid: Count = Field(description="of its worker on the server")
    since: Moment
    memory: Annotated[list[Granted], Field(max_length=256)] = Field(description="what it has been granted")
    calls: Serial = Field(description="so far, as its worker has last said")
    received: Serial = Field(description="bytes from the client so far")
    sent: Serial = Field(description="bytes to the client so far")
    busy: Moment = Field(description="seconds so far for which devices have had work of it")


class Heartbeat(_Asked):
    stamp: StampIn
    accepting: StrictBool = True
    sessions: Annotated[list[Figures], Field(max_length=500)] = []
    more: Count = Field(0, description="sessions for which there was no room")


class HeartbeatAnswer(BaseModel):
    report: bool = Field(description="whether the pool lacks something that the server has; it will be asked to report")
    trouble: str = Field(description="why no manager reaches the server; empty when one does")
    managers: list[str] = Field(description="where the pool's managers are now, as “host:port”")
    revoked: list[str] = Field(description="serials, in hex, of managers' certificates that no longer count")


class SessionsOut(BaseModel):
    heard_at: float | None = Field(description="none while no manager has heard from the server")
    sessions: list[Figures]
    more: int = Field(description="sessions of which the server has told no figures")


class JoinIn(_Asked):
    secret: Text = Field(description="from the join string")
    name: Name
    request: SigningRequest


class CertificateIn(_Asked):
    request: SigningRequest


class CertificateOut(_Told):
    certificate: str = Field(description="the server's own, in PEM")
    renew_at: float = Field(description="when the server is to ask for another")


class JoinOut(BaseModel):
    name: str
    certificate: str = Field(description="the server's own, in PEM")
    renew_at: float = Field(description="when the server is to ask for another")
    authority: str = Field(description="that of the pool's authority")
    token: str


class InvitationIn(_Asked):
    server: Name | None = Field(None, description="only for the server of that name, which may have been one before")


class InvitationOut(BaseModel):
    text: str = Field(description="the join string, which is shown once")
    expires_at: float


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class LimitsIO(_Asked):
    """The most that may be held at once; none is no limit."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    devices: Count | None = None
    memory: Annotated[int, Field(ge=0, le=1 << 53), _WHOLE_NUMBER] | None = None


class UserIn(_Asked):
    name: Name
    role: Role = Role.USER
    group: Name | None = None
    limits: LimitsIO = LimitsIO()


class UserChange(_Asked):
    """What is missing stays as it is."""

    role: Role | None = None
    limits: LimitsIO | None = None
    active: StrictBool | None = None


class Membership(_Asked):
    group: Name | None


class UserOut(_Told):
    name: str
    role: Role
    group: str | None
    limits: LimitsIO
    active: bool


class MeOut(_Told):
    name: str
    role: Role


class GroupOut(_Told):
    name: str
    limits: LimitsIO


class TokenIn(_Asked):
    user: Name | None = Field(None, description="whose; your own if it is missing")
    label: Annotated[str, Field(max_length=100, pattern=_TEXT)] = ""
    lifetime: Duration | None = Field(None, description="seconds; none is without end")


class NewTokenOut(BaseModel):
    id: str
    token: str = Field(description="the token itself, which is shown once")
    text: str = Field(description="the same with what a client needs to find and to know the managers")
    expires_at: float | None


class TokenOut(_Told):
    id: str
    user: str
    label: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None


class AuditOut(_Told):
    id: int
    at: float
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class UsageOut(_Told):
    """What a user had of a device on one day; none for what is not told apart."""

    user: str | None
    server: str | None
    index: int | None
    device: str | None
    day: float | None = Field(description="the moment at which the day began, in UTC")
    allocations: int
    seconds: float
    device_seconds: float = Field(description="half a device counts half")
    byte_seconds: float
    busy_seconds: float = Field(description="in which the device had work, of what has ended since")


class Health(BaseModel):
    status: str
    version: str
