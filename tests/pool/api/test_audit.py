"""Every route that changes something writes down who has changed what, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cenote.credentials import read_join
from cenote.pool.api.app import PREFIX
from cenote.pool.authority import signing_request
from cenote.pool.core import POOL
from cenote.pool.models import Audit, Role
from tests.support.api import Api
from tests.support.pool import Clock, FakeServer, Manager, deliver_all

CHANGES_NOTHING = {"POST /servers/{server}/heartbeat", "POST /servers/{server}/probe"}
DEVICE = {"index": 0, "name": "A", "platform": "P", "vendor": "V", "version": "1", "driver_version": "1", "type": "gpu"}


class Steps:
    """Does one change after the other, and looks at what has been written down of it."""

    def __init__(self, api: Api, manager: Manager, clock: Clock) -> None:
        self._api, self._manager, self._clock = api, manager, clock
        self.done: set[str] = set()

    def do(self, route: str, who: str, token: str | None, body: Any, *actions: str, **names: str) -> Any:
        """Where something is repeated that was so already, no action is expected."""
        method, path = route.split(" ")
        before = self.latest(1)[0].id
        self._clock.pass_by(1)
        answer = self._api.send(method, path.format(**names), token, json=body)
        assert answer.is_success, (route, answer.text)
        new = [entry for entry in self.latest(10) if entry.id > before]
        assert [(entry.actor, entry.action) for entry in reversed(new)] == [(who, action) for action in actions], route
        assert {entry.at for entry in new} <= {self._clock.wall}
        assert all(entry.subject for entry in new) or route == "POST /join-strings"
        self.done.add(route)
        return answer.json() if answer.content else None

    def latest(self, count: int) -> list[Audit]:
        return self._manager.accounts.audit(POOL, limit=count)


def test_every_change(api: Api, admin: str, host: FakeServer, manager: Manager, clock: Clock, tmp_path: Path) -> None:
    steps = Steps(api, manager, clock)
    server = api.token("gpu1", Role.SERVER)

    name = steps.do("POST /allocations", "root", admin, {"term": 600}, "allocation.submit")["id"]
    deliver_all(manager, [host])
    steps.do("POST /allocations/{name}/extend", "root", admin, {"seconds": 5}, "allocation.extend", name=name)
    steps.do("DELETE /allocations/{name}", "root", admin, None, "allocation.release", name=name)
    steps.do("DELETE /allocations/{name}", "root", admin, None, name=name)

    for verb in ("drain", "undrain"):
        steps.do(f"POST /servers/{{name}}/{verb}", "root", admin, None, f"server.{verb}", name="one")
    manager.servers.unreachable(host.id)
    steps.do("POST /servers/{name}/write-off", "root", admin, None, "server.write-off", name="one")
    for memory, actions in ((1, ["server.join"]), (1, []), (2, ["server.change"])):
        body = {"address": "a:1", "devices": [DEVICE | {"memory": memory, "compute_units": 1}]}
        steps.do("PUT /servers/{name}", "gpu1", server, body, *actions, name="gpu1")

    steps.do("POST /users", "root", admin, {"name": "cy"}, "user.create")
    steps.do("PATCH /users/{name}", "root", admin, {"role": "viewer"}, "user.change", name="cy")
    steps.do("PUT /groups/{name}", "root", admin, {"devices": 3}, "group.limit", name="lab")
    steps.do("PUT /users/{name}/group", "root", admin, {"group": "lab"}, "user.group", name="cy")
    token = steps.do("POST /tokens", "root", admin, {"user": "cy"}, "token.create")["id"]
    steps.do("DELETE /tokens/{name}", "root", admin, None, "token.revoke", name=token)
    steps.do("DELETE /tokens/{name}", "root", admin, None, name=token)

    word = steps.do("POST /join-strings", "root", admin, {}, "server.invite")["text"]
    request = signing_request(tmp_path / "new.key").decode()
    joining = {"secret": read_join(word).secret, "name": "gpu2", "request": request}
    steps.do("POST /join", "gpu2", None, joining, "certificate.issue", "token.create", "server.admit")

    member = manager.accounts.create_token(POOL, "gpu2")
    body = {"request": request}
    steps.do("POST /servers/{name}/certificate", "gpu2", member, body, "certificate.issue", name="gpu2")

    steps.do("DELETE /servers/{name}", "root", admin, None, "server.remove", name="one")

    described = api.app.openapi()["paths"]
    changing = {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in described.items()
        for method in methods
        if method != "get"
    }
    assert shapes(steps.done) == shapes(changing - CHANGES_NOTHING)


def shapes(routes: set[str]) -> set[str]:
    return {"/".join("{}" if part.startswith("{") else part for part in route.split("/")) for route in routes}


def test_what_the_pool_does_by_itself(api: Api, ann: str, host: FakeServer, manager: Manager, clock: Clock) -> None:
    api.send("POST", "/allocations", ann, json={"count": 2})
    late = api.send("POST", "/allocations", ann, json={"wait": 5}).json()["id"]
    clock.pass_by(6)
    manager.allocations.tick()
    (entry,) = manager.accounts.audit(POOL, limit=1)
    assert (entry.actor, entry.action, entry.subject) == ("pool", "allocation.time-out", late)
