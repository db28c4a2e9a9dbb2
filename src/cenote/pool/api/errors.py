"""Every error as a problem document (RFC 9457); which status and code each has is the table below."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from cenote.errors import (
    Busy,
    CenoteError,
    Conflict,
    Invalid,
    NoDevice,
    NotAllowed,
    NotFound,
    OverQuota,
    StoreFailed,
    Throttled,
    Unreachable,
    WrongToken,
)

log = logging.getLogger("cenote.api")

MEDIA_TYPE = "application/problem+json"

TABLE: dict[type[CenoteError], tuple[int, str, str]] = {
    WrongToken: (401, "wrong-token", "no token, or one that is not valid (any more)"),
    OverQuota: (403, "over-quota", "more than the user or group may ever hold"),
    NotFound: (404, "not-found", "there is no such thing, or none that you may see"),
    NotAllowed: (403, "not-allowed", "your role may not do this"),
    Conflict: (409, "conflict", "not as things are now: a name is taken, an allocation has ended"),
    NoDevice: (409, "no-device", "no device that fits is free (with `wait` 0), or there is none in this pool"),
    Busy: (409, "busy", "others are waiting for it"),
    Invalid: (422, "invalid", "what was asked for makes no sense"),
    Unreachable: (409, "unreachable", "a server of the pool cannot be reached now"),
    Throttled: (429, "throttled", "too many wrong tokens from this address; `Retry-After` says when to try again"),
    StoreFailed: (503, "store-failed", "the pool's database cannot be used now; nothing was changed"),
}
"""Status, code and meaning; the first class that an error is of counts."""

HTTP: dict[int, tuple[str, str]] = {
    400: ("malformed", "the request is not well-formed"),
    404: ("not-found", "there is nothing at this path"),
    405: ("no-such-method", "nothing can be done here with this method"),
    408: ("too-slow", "the body did not arrive in time"),
    413: ("too-large", "the body is larger than 64 KiB"),
    500: ("internal", "a mistake of ours; the manager's log says more"),
}
"""The same for what is wrong before a service has been asked."""


class Problem(BaseModel):
    """What is wrong, as RFC 9457 writes it."""

    type: str = Field(description="“urn:cenote:” and the code")
    title: str = Field(description="what the code means")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="one sentence for the user")
    code: str = Field(description="for programs; it stays the same from version to version")


def problem(status: int, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    document = Problem(type=f"urn:cenote:{code}", title=title, status=status, detail=_clean(detail), code=code)
    return JSONResponse(document.model_dump(), status, headers, MEDIA_TYPE)


def of_http(status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> JSONResponse:
    code, title = HTTP.get(status, ("malformed", HTTPStatus(status).phrase))
    return problem(status, code, title, detail or title, headers)


def of(error: CenoteError) -> JSONResponse:
    for kind, (status, code, title) in TABLE.items():
        if isinstance(error, kind):
            return problem(status, code, title, str(error), _headers(error))
    log.error("an error without a status: %s", type(error).__name__, exc_info=error)
    return of_http(500)


def install(app: FastAPI) -> None:
    @app.exception_handler(CenoteError)
    async def cenote_error(_: Request, error: CenoteError) -> JSONResponse:
        return of(error)

    @app.exception_handler(RequestValidationError)
    async def wrong_request(_: Request, error: RequestValidationError) -> JSONResponse:
        return of(Invalid(_sentence(error.errors())))

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        return of_http(error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def mistake(_: Request, __: Exception) -> JSONResponse:
        return of_http(500)


async def no_unknown_parameters(request: Request) -> None:
    """What is misspelt is not ignored, in a query as little as in a body."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    if unknown := sorted(set(request.query_params) - known):
        raise Invalid(f"query.{unknown[0][:60]}: there is no such parameter")


def _headers(error: CenoteError) -> dict[str, str] | None:
    match error:
        case WrongToken():
            return {"WWW-Authenticate": "Bearer"}
        case Throttled():
            return {"Retry-After": str(max(math.ceil(error.seconds), 1))}
        case StoreFailed():
            return {"Retry-After": "1"}
    return None


def _sentence(errors: Sequence[Any]) -> str:
    """The first of what the schema objects to. The values themselves, which may be secrets, are not repeated."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return "the body is not JSON"
    place = ".".join(str(piece)[:60] for piece in first["loc"])
    message = str(first["msg"])
    return f"{place}: {message[:1].lower()}{message[1:]}"


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
