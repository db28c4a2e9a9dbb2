"""The application, made from the services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

import cenote
from cenote.pool.api import errors
from cenote.pool.api.authentication import Authentication
from cenote.pool.api.body import BoundedBody
from cenote.pool.api.metrics import Measuring
from cenote.pool.api.routes import ROUTERS
from cenote.pool.api.runtime import Runtime
from cenote.pool.api.services import Services

PREFIX = "/api/v1"
OPEN = frozenset(f"{PREFIX}/{name}" for name in ("health", "join", "openapi.json"))


def create(services: Services) -> FastAPI:
    runtime = Runtime(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running():
            yield

    app = _with_routes(lifespan)
    app.state.runtime = runtime
    app.add_middleware(BoundedBody)
    app.add_middleware(Authentication, gatekeeper=runtime.gatekeeper, open_paths=OPEN)
    app.add_middleware(Measuring, metrics=runtime.metrics, prefix=PREFIX)
    return app


def description() -> dict[str, Any]:
    """The API as an OpenAPI document."""
    return _with_routes().openapi()


def _with_routes(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    app = _Application(
        title="Cenote",
        version=cenote.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_name,
        responses=_PROBLEMS,
        dependencies=[Depends(errors.no_unknown_parameters)],
    )
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            schema = get_openapi(title=self.title, version=self.version, routes=self.routes)
            schema["components"]["schemas"]["Problem"] = errors.Problem.model_json_schema()
            self.openapi_schema = schema
        return self.openapi_schema


def _name(route: APIRoute) -> str:
    return route.name


_PROBLEM = {"content": {errors.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "What is wrong with the request.", **_PROBLEM},
    503: {"description": "The pool's database cannot be used now.", **_PROBLEM},
}
