"""Tokens, users and groups by commands, and the ways in which a user is known: a kept login, a variable, neither."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cenote.credentials import TokenCredential
from cenote.pool.core import POOL
from cenote.pool.models import Role
from cenote.private import write_private
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.support import lending
from tests.support.lending import Borrower, Lending

GIB = 1 << 30


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Lending]:  # noqa: F811
    with lending.pool(sqlite_template, tmp_path_factory.mktemp("pool")) as made:
        yield made


@pytest.fixture
def admin(made: Lending, request: pytest.FixtureRequest) -> Borrower:
    name = f"admin-{request.node.name}"[:40]
    user = made.borrower(name, dict(os.environ))
    made.manager.core.accounts.change_user(POOL, name, role=Role.ADMIN)
    return user


def told(user: Borrower, *arguments: str) -> Any:
    done = user.cenote(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_token_makes_its_user(admin: Borrower) -> None:
    options = ["--role", "user", "--max-devices", "4", "--max-memory", "40GiB"]
    text = admin.cenote("token", "create", "alice", *options).stdout.strip()
    (alice,) = (one for one in told(admin, "user", "list") if one["name"] == "alice")
    assert (alice["role"], alice["limits"]) == ("user", {"devices": 4, "memory": 40 * GIB})
    here = admin.environment | {"CENOTE_TOKEN": text}
    assert json.loads(admin.cenote("user", "list", "--json", env=here).stdout) == [alice], "it is hers"
    again = admin.cenote("token", "create", "alice", "--max-devices", "5")
    assert again.returncode == 64 and "“cenote user change alice”" in again.stderr
    assert admin.cenote("token", "create", "alice").stdout.startswith("cenote-token-1.")
    assert admin.cenote("token", "create", "nobody").returncode == 77
    assert admin.cenote("token", "create", "--role", "user").returncode == 64


def test_groups(admin: Borrower) -> None:
    assert told(admin, "group", "set", "lab", "--max-devices", "8")["limits"] == {"devices": 8, "memory": None}
    changed = told(admin, "group", "set", "lab", "--max-memory", "320GiB")
    assert changed["limits"] == {"devices": 8, "memory": 320 * GIB}, "what is not given stays"
    assert told(admin, "user", "create", "ben", "--group", "lab")["group"] == "lab"
    assert told(admin, "user", "change", "ben", "--group", "none")["group"] is None
    assert told(admin, "user", "change", "ben", "--group", "lab", "--max-devices", "1")["group"] == "lab"
    assert admin.cenote("user", "create", "eve", "--group", "none-such").returncode == 64
    assert "lab    8        320.0 GiB" in admin.cenote("group", "list").stdout
    assert told(admin, "group", "list") == [{"name": "lab", "limits": {"devices": 8, "memory": 320 * GIB}}]


def test_the_variable_is_a_login_but_not_the_programs(made: Lending, admin: Borrower, stub_native: Path) -> None:
    """For containers and CI: no file is written, and what is started does not see it."""
    text = made.token("carl")
    home = Path(admin.environment["XDG_CONFIG_HOME"]) / "empty"
    env = dict(os.environ) | {"CENOTE_NATIVE": str(stub_native), "XDG_CONFIG_HOME": str(home), "CENOTE_TOKEN": text}
    with made.server("gpu1", {"CENOTE_NATIVE": str(stub_native)}):
        done = admin.run([], ["sh", "-c", "env; test -s $CENOTE_ALLOCATION_FILE"], env=env)
        assert done.returncode == 0, done.stderr
        assert "CENOTE_TOKEN" not in done.stdout and text not in done.stdout
    assert not home.exists()
    wrong = admin.cenote("list", env=env | {"CENOTE_TOKEN": text[:60]})
    assert wrong.returncode == 77 and wrong.stderr.startswith("cenote: CENOTE_TOKEN: a token is damaged")
    unknown = TokenCredential(made.manager.managers, made.manager.authority.fingerprint, "cenote-0-0").text
    assert admin.cenote("list", env=env | {"CENOTE_TOKEN": unknown}).stderr == "cenote: the token is not valid\n"


def test_logout(admin: Borrower, made: Lending) -> None:
    folder = Path(admin.environment["XDG_CONFIG_HOME"]) / "cenote"
    done = admin.cenote("logout")
    assert done.returncode == 0 and str(folder / "token") in done.stdout
    assert list(folder.iterdir()) == []
    after = [admin.cenote(*words) for words in (("logout",), ("list", "queue"))]
    assert [one.returncode for one in after] == [77, 77]
    assert all("you are not logged in to a pool" in one.stderr for one in after)
    first = Path(admin.environment["XDG_STATE_HOME"]) / "cenote/manager/admin.token"
    write_private(first, made.token("first").encode())
    assert admin.cenote("login", str(first)).returncode == 0
    assert f"from here on it is {first} that is used" in admin.cenote("logout").stderr
