"""By what the pool chooses devices, as far as clients can help with it."""

from __future__ import annotations

from fastapi import APIRouter

from cenote.pool import placement
from cenote.pool.api.authentication import only
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import PlacementOut, SiteOut
from cenote.pool.models import Role

router = APIRouter(tags=["allocations"])

_MEASURED = 256


@router.get("/placement", **only(Role.ADMIN, Role.USER, Role.VIEWER))
async def get_placement(run: Run) -> PlacementOut:
    """How this pool places, and to which servers it wants to know the round trips with each request, if to any."""
    name = run.services.core.rules.placement
    measured = placement.known(name).measured
    sites = await run.threads.read(run.services.inventory.sites, _MEASURED) if measured else []
    return PlacementOut(policy=name, measure=[SiteOut.model_validate(site) for site in sites])
