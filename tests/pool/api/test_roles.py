"""Every role at every route."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cenote.pool.api.app import PREFIX
from cenote.pool.models import Role
from tests.support.api import Api
from tests.support.pool import FakeServer

A, U, S, V = Role.ADMIN, Role.USER, Role.SERVER, Role.VIEWER
NONE = "0" * 32

# Method, path, body, who may.
MATRIX: list[tuple[str, str, Any, set[Role]]] = [
    ("POST", "/allocations", {}, {A, U}),
    ("GET", "/allocations", None, {A, U, V}),
    ("GET", f"/allocations/{NONE}", None, {A, U, V}),
    ("DELETE", f"/allocations/{NONE}", None, {A, U}),
    ("POST", f"/allocations/{NONE}/extend", {"seconds": 1}, {A, U}),
    ("GET", f"/allocations/{NONE}/doors", None, {A, U}),
    ("GET", "/placement", None, {A, U, V}),
    ("GET", "/queue", None, {A, U, V}),
    ("GET", "/servers", None, {A, U, V}),
    ("GET", "/servers/one", None, {A, U, V}),
    ("GET", "/devices", None, {A, U, V}),
    ("POST", "/servers/one/drain", None, {A}),
    ("POST", "/servers/one/undrain", None, {A}),
    ("POST", "/servers/one/write-off", None, {A}),
    ("POST", "/servers/none/probe", None, {A, U}),
    ("DELETE", "/servers/none", None, {A}),
    ("GET", "/servers/one/sessions", None, {A, V}),
    ("PUT", "/servers/server", {"address": "a:1", "devices": []}, {S}),
    ("POST", "/servers/server/heartbeat", {"stamp": {"ledger": "l", "boot": "b", "serial": 1}}, {S}),
    ("POST", "/servers/server/certificate", {"request": ""}, {S}),
    ("GET", "/me", None, {A, U, S, V}),
    ("GET", "/users", None, {A, U, V}),
    ("POST", "/users", {"name": "new"}, {A}),
    ("PATCH", "/users/none", {}, {A}),
    ("PUT", "/users/none/group", {"group": None}, {A}),
    ("GET", "/groups", None, {A, U, V}),
    ("PUT", "/groups/lab", {}, {A}),
    ("GET", "/tokens", None, {A, U, S, V}),
    ("POST", "/tokens", {}, {A, U, S, V}),
    ("DELETE", "/tokens/0000000000000000", None, {A, U, S, V}),
    ("POST", "/join-strings", {}, {A}),
    ("GET", "/audit", None, {A}),
    ("GET", "/metrics", None, {A, V}),
    ("GET", "/usage", None, {A, U, V}),
]
OPEN = {("GET", "/health"), ("POST", "/join")}


def routes(api: Api) -> dict[tuple[str, str], dict[str, Any]]:
    paths = api.app.openapi()["paths"]
    return {
        (method.upper(), path.removeprefix(PREFIX)): operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def test_the_matrix_has_every_route(api: Api) -> None:
    shape = {
        "allocations": "{allocation}",
        "servers": "{server}",
        "users": "{user}",
        "groups": "{group}",
        "tokens": "{token}",
    }

    def plain(path: str) -> str:
        first, *rest = path.strip("/").split("/")
        return "/".join(["", first, *([shape[first], *rest[1:]] if rest else [])])

    found = {(method, plain(path)): roles for method, path, _, roles in MATRIX}
    described = {route: set(operation["x-roles"]) for route, operation in routes(api).items()}
    assert described == found | {route: set() for route in OPEN}


def test_who_may_do_what(api: Api, host: FakeServer) -> None:
    tokens = {role: api.token(str(role), role) for role in Role}
    for (method, path, body, allowed), role in itertools.product(MATRIX, Role):
        answer = api.send(method, path, tokens[role], json=body)
        denied = answer.status_code == 403
        assert denied is (role not in allowed), f"{role}: {method} {path}: {answer.text}"
        if denied:
            assert answer.json()["code"] == "not-allowed"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YQ==", "Bearer x", "Bearer " + "x" * 500])
def test_nobody_may_do_anything(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path, body, _ in MATRIX[:3]:
        answer = api.send(method, path, json=body, headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "wrong-token"
    assert api.send("GET", "/nothing", headers=headers).status_code == 401, "not even which paths there are"


def test_health_needs_no_token(api: Api) -> None:
    assert api.send("GET", "/health").json()["status"] == "ok"
    assert api.send("GET", "/openapi.json").status_code == 200
