"""Who waits."""

from __future__ import annotations

from fastapi import APIRouter

from cenote.pool.api.authentication import Me, only
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import QueuedOut
from cenote.pool.models import Role

router = APIRouter(tags=["queue"])


@router.get("/queue", **only(Role.ADMIN, Role.USER, Role.VIEWER))
async def queue(me: Me, run: Run) -> list[QueuedOut]:
    """Your waiting requests with their places; the whole queue for admins and viewers."""
    forecasts = await run.outlook.all()
    views = await run.threads.read(run.services.allocations.waiting, me)
    placed = [(forecasts[view.id], view) for view in views if view.id in forecasts]
    return [
        QueuedOut(
            position=forecast.position,
            starts_at=forecast.starts,
            allocation=view.id,
            user=view.user,
            count=view.count,
            priority=view.priority,
            submitted_at=view.submitted_at,
        )
        for forecast, view in sorted(placed, key=lambda one: one[0].position)
    ]
