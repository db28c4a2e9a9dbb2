"""Schemathesis: what the description allows and what it forbids, sent to every route as every role, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from cenote.pool.api import throttle
from cenote.pool.api.app import PREFIX, create
from cenote.pool.core import POOL
from cenote.pool.models import Role
from cenote.pool.request import Request
from tests.support.api import NotedCourier, Served, services
from tests.support.pool import Clock, FakeServer, Manager, deliver_all, listed

EXAMPLES: dict[str, int] = {Role.ADMIN: 5, Role.SERVER: 3}  # of each kind, for each route; one for the others
ITS_OWN_RULES = (  # what the description cannot say: filters, policies, names of what there is, signing requests
    "POST /api/v1/allocations",
    "POST /api/v1/allocations/{allocation}/extend",
    "GET /api/v1/devices",
    "PUT /api/v1/servers/{server}",
    "POST /api/v1/servers/{server}/certificate",
    "POST /api/v1/users",
    "PUT /api/v1/users/{user}/group",
    "POST /api/v1/join",
)
schemathesis.checks.load_all_checks()
ACCEPTANCE = [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ == "positive_data_acceptance"]
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 413, 422]}}}
)


@dataclass(frozen=True)
class Pool:
    """A pool in which something has happened."""

    url: str
    tokens: dict[str, str]
    there: dict[str, str]
    """What there is for the parameters of paths."""


@pytest.fixture(scope="module")
def pool(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = tmp_path_factory.mktemp("pool")
    (folder / "pool.db").write_bytes(sqlite_template.read_bytes())
    clock = Clock()
    manager = Manager(f"sqlite:///{folder}/pool.db", clock)
    host = FakeServer("one", folder / "one", clock, [listed(0)])
    host.join(manager)
    tokens = {}
    for role in Role:
        name = "one" if role == Role.SERVER else str(role)
        manager.accounts.create_user(POOL, name, role)
        tokens[role.value] = manager.accounts.create_token(POOL, name)
    ann = manager.accounts.who(tokens["user"])
    held = manager.allocations.submit(ann, Request())
    deliver_all(manager, [host])
    served = Served(create(services(manager, folder, NotedCourier())))
    there = {"allocation": held.id, "server": "one", "user": "user", "group": "lab", "token": "0" * 16}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttle, "_BURST", 1e9)  # wrong tokens are among what is sent
        yield Pool(f"http://127.0.0.1:{served.port}", tokens, there)
    served.close()
    manager.close()


@pytest.mark.parametrize("role", [*Role, "nobody"])
@pytest.mark.parametrize("kind", ["allowed", "forbidden", "there"])
def test_every_route(pool: Pool, role: str, kind: str) -> None:
    schema = schemathesis.openapi.from_url(f"{pool.url}{PREFIX}/openapi.json", config=CONFIG)
    operations: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) > 30
    for operation in operations:
        names = {parameter.name for parameter in operation.path_parameters}
        if kind != "there":
            mode = GenerationMode.NEGATIVE if kind == "forbidden" else GenerationMode.POSITIVE
            send(operation, operation.as_strategy(generation_mode=mode), pool, role)
        elif names:
            own = {name: pool.there[name] for name in names}
            send(operation, operation.as_strategy(path_parameters=own), pool, role)


def send(operation: Any, cases: SearchStrategy[Any], pool: Pool, role: str) -> None:
    headers = {"Authorization": f"Bearer {pool.tokens[role]}"} if role in pool.tokens else {}
    excluded = ACCEPTANCE if operation.label in ITS_OWN_RULES else []

    @given(cases)
    @settings(
        max_examples=EXAMPLES.get(role, 1),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        if case.query and "wait" in case.query:
            case.query["wait"] = 0
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    with suppress(Unsatisfiable):  # nothing that could be wrong
        check()
