"""The routes, one module for each concern."""

from __future__ import annotations

from cenote.pool.api.routes import (
    accounts,
    allocations,
    health,
    history,
    joining,
    metrics,
    placement,
    queue,
    servers,
    tokens,
)

ROUTERS = (
    allocations.router,
    queue.router,
    servers.router,
    accounts.router,
    tokens.router,
    joining.router,
    history.router,
    health.router,
    metrics.router,
    placement.router,
)
