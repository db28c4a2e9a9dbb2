"""Whether this manager works."""

from __future__ import annotations

from fastapi import APIRouter

import cenote
from cenote.errors import StoreFailed
from cenote.pool.api.runtime import Run
from cenote.pool.api.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/health", openapi_extra={"x-roles": []})
async def health(run: Run) -> Health:
    """Whether this manager lives and reaches its database. No token is needed."""
    if not run.watch.current:
        raise run.watch.failure or StoreFailed("the pool's database has not answered for some seconds")
    return Health(status="ok", version=cenote.__version__)
