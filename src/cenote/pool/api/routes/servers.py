"""Servers, their devices, and what servers say of themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from cenote.devices import Device
from cenote.errors import NotAllowed
from cenote.pool.api.authentication import Me, only
from cenote.pool.api.elsewhere import Here
from cenote.pool.api.runtime import Run, Runtime
from cenote.pool.api.schemas import (
    CertificateIn,
    CertificateOut,
    DeviceOut,
    Heartbeat,
    HeartbeatAnswer,
    Name,
    ProbeOut,
    ServerIn,
    ServerOut,
    SessionsOut,
)
from cenote.pool.core import Actor
from cenote.pool.filters import LENGTH_LIMIT
from cenote.pool.inventory import ServerView
from cenote.pool.models import Role
from cenote.pool.orders import Stamp
from cenote.pool.servers import Offer

router = APIRouter(tags=["servers"])

_BORROWERS = only(Role.ADMIN, Role.USER, Role.VIEWER)
_ADMINS = only(Role.ADMIN)
_SERVERS = only(Role.SERVER)
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/servers", **_BORROWERS)
async def list_servers(
    run: Run, limit: Limit = 100, after: Annotated[Name | None, Query(description="the last of the page before")] = None
) -> list[ServerOut]:
    """The pool's servers by name, with their devices and what of them is free."""
    views = await run.threads.read(run.services.inventory.servers, limit=limit, after=after or "")
    return [_out(run, view) for view in views]


@router.get("/servers/{server}", **_BORROWERS)
async def get_server(server: Name, run: Run) -> ServerOut:
    """One server."""
    return _out(run, await run.threads.read(run.services.inventory.server, server))


@router.get("/devices", **_BORROWERS)
async def list_devices(
    run: Run,
    filter: Annotated[
        str, Query(max_length=LENGTH_LIMIT, pattern=r"^[^\x00]*$", description="like `name~A100 and memory>=40GiB`")
    ] = "",
    limit: Limit = 100,
    after_server: Name | None = None,
    after_index: Annotated[int, Query(ge=-1, le=4095)] = -1,
) -> list[DeviceOut]:
    """The devices for which a filter holds, by server and index."""
    after = (after_server or "", after_index)
    views = await run.threads.read(run.services.inventory.devices, filter, limit=limit, after=after)
    return [DeviceOut.model_validate(view) for view in views]


@router.post("/servers/{server}/drain", status_code=204, **_ADMINS)
async def drain(server: Name, me: Me, run: Run) -> None:
    """Places nothing more there. What runs goes on."""
    await run.threads.write(run.services.servers.drain, me, server)


@router.post("/servers/{server}/undrain", status_code=204, **_ADMINS)
async def undrain(server: Name, me: Me, run: Run) -> None:
    """Places there again."""
    await run.threads.write(run.services.servers.drain, me, server, draining=False)


@router.post("/servers/{server}/write-off", status_code=204, **_ADMINS)
async def write_off(server: Name, me: Me, run: Run) -> None:
    """Declares that an unreachable server will not come back: what it held is over."""
    await run.threads.write(run.services.servers.write_off, me, server)


@router.delete("/servers/{server}", status_code=204, **_ADMINS)
async def remove(server: Name, me: Me, run: Run, force: bool = False) -> None:
    """Takes a server out of the pool, whose certificate and token do not count any more.

    `conflict` while it lends something; with `force` that counts as over, whatever still runs there.
    """
    await run.threads.write(run.services.joining.remove, me, server, force=force)
    run.gatekeeper.forget()
    run.forget(server)


@router.get("/servers/{server}/sessions", **only(Role.ADMIN, Role.VIEWER))
async def sessions(server: Name, run: Run, request: Request, here: Here = False) -> SessionsOut:
    """What runs there, as the server last told a manager."""
    await run.server(server)
    heard = run.told.fresh(server)
    if heard is None and not here:
        others = map(SessionsOut.model_validate, await run.elsewhere.ask(request))
        told = [one for one in others if one.heard_at is not None]
        if told:
            return max(told, key=lambda one: one.heard_at or 0.0)
        heard = run.told.of(server)
    if heard is None:
        return SessionsOut(heard_at=None, sessions=[], more=0)
    return SessionsOut(heard_at=heard.at, sessions=heard.sessions, more=heard.more)


@router.post("/servers/{server}/probe", **only(Role.ADMIN, Role.USER))
async def probe(server: Name, run: Run, response: Response) -> ProbeOut:
    """Lets one connection in, within half a minute, that measures the link to the server."""
    view = await run.threads.read(run.services.inventory.server, server)
    permitted = await run.services.courier.probe(await run.server(server))
    response.headers["Cache-Control"] = "no-store"
    return ProbeOut(server=view.name, address=view.address, id=permitted.id, secret=permitted.secret)


@router.put("/servers/{server}", **_SERVERS)
async def put_server(server: Name, body: ServerIn, me: Me, run: Run) -> ServerOut:
    """What a server says of itself when it starts. Nothing is placed on a new one before it has reported."""
    _itself(me, server)
    offers = [Offer(Device(**one.model_dump(exclude={"overhead"})), one.overhead) for one in body.devices]
    number = await run.threads.write(run.services.servers.join, me, server, body.address, offers)
    run.services.courier.heard(number, behind=True)
    return _out(run, await run.threads.read(run.services.inventory.server, server))


@router.post("/servers/{server}/certificate", status_code=201, **_SERVERS)
async def renew(server: Name, body: CertificateIn, me: Me, run: Run) -> CertificateOut:
    """Another certificate for a server, before the one that it has expires. That one goes on until then."""
    issued = await run.threads.write(run.services.certificates.renew, me, body.request.encode(), server)
    return CertificateOut(certificate=issued.certificate.decode("ascii"), renew_at=issued.renew_at)


@router.post("/servers/{server}/heartbeat", **_SERVERS)
async def heartbeat(server: Name, body: Heartbeat, me: Me, run: Run) -> HeartbeatAnswer:
    """To be sent every five seconds, and at once when the ledger has changed."""
    _itself(me, server)
    number = await run.server(server)
    stamp = Stamp(body.stamp.ledger, body.stamp.boot, body.stamp.serial)
    behind = not (body.accepting and run.services.servers.heard(number, stamp))
    run.told.beat(server, body.sessions, body.more)
    courier = run.services.courier
    courier.heard(number, behind=behind)
    return HeartbeatAnswer(
        report=behind,
        trouble=courier.trouble(number),
        managers=list(run.services.site.managers),
        revoked=await run.revoked(),
    )


def _out(run: Runtime, view: ServerView) -> ServerOut:
    out = ServerOut.model_validate(view)
    out.silent = run.told.silent(view.name)
    return out


def _itself(me: Actor, server: str) -> None:
    if me.name != server:
        raise NotAllowed(f"{me.name} may not speak for the server “{server}”")
