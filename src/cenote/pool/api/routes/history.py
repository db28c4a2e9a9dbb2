"""Who did what, and who has used what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cenote.pool.api.authentication import Me, only
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import AuditOut, UsageOut
from cenote.pool.history import By
from cenote.pool.models import Role

EVERYTHING = tuple(By)

router = APIRouter(tags=["history"])


@router.get("/audit", **only(Role.ADMIN))
async def audit(
    me: Me,
    run: Run,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="the id of the last of the page before")] = None,
) -> list[AuditOut]:
    """The audit log, the latest entries first."""
    rows = await run.threads.read(run.services.accounts.audit, me, limit=limit, before=before)
    return [AuditOut.model_validate(row) for row in rows]


@router.get("/usage", **only(Role.ADMIN, Role.USER, Role.VIEWER))
async def usage(
    me: Me,
    run: Run,
    since: Annotated[float, Query(ge=0, le=1e11, allow_inf_nan=False)] = 0,
    by: Annotated[tuple[By, ...], Query(min_length=1, description="what is told apart")] = EVERYTHING,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1, description="how many were on the pages before")] = 0,
) -> list[UsageOut]:
    """What has been lent since a moment, what still is included; everybody's for admins and viewers, else yours.

    Sums by user, device and day, or fewer of them. The latest days first.
    """
    rows = await run.threads.read(run.services.history.usage, me, since, by=by, limit=limit, offset=offset)
    return [UsageOut.model_validate(row) for row in rows]
