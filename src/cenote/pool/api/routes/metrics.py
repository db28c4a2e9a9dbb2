"""Figures for those who watch the pool."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import PlainTextResponse

from cenote.pool.api.authentication import only
from cenote.pool.api.runtime import Run
from cenote.pool.models import Role

router = APIRouter(tags=["metrics"])


@router.get("/metrics", response_class=PlainTextResponse, **only(Role.ADMIN, Role.VIEWER))
async def metrics(run: Run) -> PlainTextResponse:
    """The pool, its sessions and this manager in numbers, in the text format of Prometheus."""
    return PlainTextResponse(await run.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
