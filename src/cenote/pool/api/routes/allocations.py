"""Asking for devices, waiting for them, giving them back."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from cenote.pool.allocations import AllocationView
from cenote.pool.api.authentication import Me, only
from cenote.pool.api.elsewhere import Here
from cenote.pool.api.runtime import Run, Runtime
from cenote.pool.api.schemas import AllocationId, AllocationOut, Asked, DoorOut, Prolonged
from cenote.pool.core import Actor
from cenote.pool.models import Role, State
from cenote.pool.request import Request as Wish

LONGEST_POLL = 60.0

router = APIRouter(tags=["allocations"])

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern="^[!-~]*$",
        description="a request that is sent again with the same key is the same request",
    ),
]


@router.post("/allocations", status_code=201, **only(Role.ADMIN, Role.USER))
async def submit(body: Asked, me: Me, run: Run, response: Response, key: Key = None) -> AllocationOut:
    """Asks for devices. What does not fit now waits in the queue, or fails with `wait` 0."""
    fields = body.model_dump() | {"term": body.term or run.services.core.rules.max_time, "policy": body.policy or ""}
    wish = Wish(**fields | {"round_trips": tuple(body.round_trips.items()), "key": key})
    view = await run.threads.write(run.services.allocations.submit, me, wish)
    response.headers["Location"] = f"/api/v1/allocations/{view.id}"
    return await _out(run, view)


@router.get("/allocations", **only(Role.ADMIN, Role.USER, Role.VIEWER))
async def list_allocations(
    me: Me,
    run: Run,
    request: Request,
    ended: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[AllocationId | None, Query(description="the last one of the page before")] = None,
    here: Here = False,
) -> list[AllocationOut]:
    """Your allocations; everybody's for admins and viewers. The latest first."""
    views = await run.threads.read(run.services.allocations.page, me, ended=ended, limit=limit, before=before)
    found = [await _out(run, view) for view in views]
    if not here:
        await _listen_around(run, request, found)
    return found


@router.get("/allocations/{allocation}", **only(Role.ADMIN, Role.USER, Role.VIEWER))
async def get_allocation(
    allocation: AllocationId,
    me: Me,
    run: Run,
    request: Request,
    wait: Annotated[float, Query(ge=0, le=LONGEST_POLL, allow_inf_nan=False)] = 0,
    seen: Annotated[State | None, Query(description="the state that you know")] = None,
    here: Here = False,
) -> AllocationOut:
    """One allocation. With `wait` and `seen` the answer comes when its state is another, or after `wait` seconds."""
    async with AsyncExitStack() as stack:
        changed = stack.enter_context(run.watch.following(allocation))
        view = await _look(run, me, allocation, changed, again=bool(wait) and seen == State.WAITING)
        if view.attended and view.user == me.name and view.state == State.WAITING:
            stack.enter_context(run.presence.asking(allocation))
        if wait and view.state == seen:
            gone = asyncio.create_task(_disconnected(request))
            stack.callback(gone.cancel)
            deadline = asyncio.get_running_loop().time() + wait
            while view.state == seen and await _news(changed, gone, deadline):
                view = await run.threads.read(run.services.allocations.get, me, allocation)
    found = await _out(run, view)
    if not wait and not here:
        await _listen_around(run, request, [found])
    return found


@router.delete("/allocations/{allocation}", **only(Role.ADMIN, Role.USER))
async def release(allocation: AllocationId, me: Me, run: Run) -> AllocationOut:
    """Leaves the queue, or gives the devices back: they are free when their servers have said so."""
    view = await run.threads.write(run.services.allocations.release, me, allocation)
    return await _out(run, view)


@router.post("/allocations/{allocation}/extend", **only(Role.ADMIN, Role.USER))
async def extend(allocation: AllocationId, body: Prolonged, me: Me, run: Run) -> AllocationOut:
    """Lets an active one last longer; `busy` while a request that waits could use its devices."""
    view = await run.threads.write(run.services.allocations.extend, me, allocation, body.seconds)
    return await _out(run, view)


@router.get("/allocations/{allocation}/doors", **only(Role.ADMIN, Role.USER))
async def doors(allocation: AllocationId, me: Me, run: Run, response: Response) -> list[DoorOut]:
    """The secrets that open the data path, for its user alone; empty unless it is active."""
    found = await run.threads.read(run.services.allocations.doors, me, allocation)
    response.headers["Cache-Control"] = "no-store"
    return [
        DoorOut(server=door.server, address=door.address, indexes=list(door.indexes), secret=door.secret.hex())
        for door in found
    ]


async def _look(run: Runtime, me: Actor, allocation: str, changed: asyncio.Event, *, again: bool) -> AllocationView:
    """Who asks ``again``, as thousands may all the time, costs no database."""
    known = run.waiting.get(allocation)
    if again and known and known.user == me.name and run.watch.current:
        return known
    view = await run.threads.read(run.services.allocations.get, me, allocation)
    if view.state == State.WAITING and not changed.is_set():
        run.waiting[allocation] = view
    return view


async def _out(run: Runtime, view: AllocationView) -> AllocationOut:
    out = AllocationOut.model_validate(view)
    if view.state == State.WAITING and (forecast := await run.outlook.of(view.id)):
        out.position, out.starts_at = forecast.position, forecast.starts
    if view.state == State.ACTIVE and view.started_at is not None:
        activity = run.told.activity(view.id, [part.server for part in view.parts], view.started_at)
        if activity:
            out.quiet, out.utilisation = activity.quiet, activity.utilisation
    return out


async def _listen_around(run: Runtime, request: Request, found: list[AllocationOut]) -> None:
    """Completes what servers tell other managers of the pool."""
    unheard = {one.id: one for one in found if one.state == State.ACTIVE and one.quiet is None}
    if not unheard:
        return
    for answer in await run.elsewhere.ask(request):
        for one in answer if isinstance(answer, list) else [answer]:
            if one["id"] in unheard and one["quiet"] is not None:
                unheard[one["id"]].quiet = one["quiet"]
                unheard[one["id"]].utilisation = one["utilisation"]


async def _news(changed: asyncio.Event, gone: asyncio.Task[None], deadline: float) -> bool:
    """Waits until there may be news; False when it is time to answer anyway."""
    left = deadline - asyncio.get_running_loop().time()
    waiting = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({waiting, gone}, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if gone.done() or not changed.is_set():
        return False
    changed.clear()
    return True


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
