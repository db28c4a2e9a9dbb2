"""``cenote health`` of a real pool on loopback, whole and with each link broken in turn."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cenote.pool.core import POOL
from cenote.pool.models import Role
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.support import lending
from tests.support.lending import Borrower, Lending


@pytest.fixture
def made(tmp_path: Path, sqlite_template: Path) -> Iterator[Lending]:  # noqa: F811
    with lending.pool(sqlite_template, tmp_path) as made:
        yield made


@pytest.fixture
def native(stub_native: Path) -> dict[str, str]:
    return {"CENOTE_NATIVE": str(stub_native)}


def checked(user: Borrower, about: str, code: int) -> list[dict[str, Any]]:
    """What is said about a part."""
    done = user.cenote("health", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == code, done.stdout + done.stderr
    assert found["healthy"] is (code == 0)
    return [one for one in found["findings"] if one["about"] == about]


def test_all_is_well(made: Lending, native: dict[str, str]) -> None:
    with made.server("gpu1", native) as server:
        user = made.borrower("ann", dict(os.environ) | native)
        done = user.cenote("health")
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [line.rstrip() for line in done.stdout.splitlines()]
        assert [line[:6].strip() for line in lines if "gpu1" in line] == ["ok"]
        manager = made.manager.address
        for pattern in (
            rf"ok +the manager at {manager} answers in \d+\.\d ms \(Cenote .*\)",
            rf"ok +the certificate of {manager} is the pool’s, for another \d+d.*",
            r"ok +the token of ann \(user\) is valid",
            rf"ok +gpu1 at {server.address} answers in \d+\.\d ms, heartbeat \d+ s ago, 2 device\(s\), 0 lent",
        ):
            assert any(re.fullmatch(pattern, line) for line in lines), done.stdout


def test_what_is_drained_or_has_died(made: Lending, native: dict[str, str]) -> None:
    with made.server("gpu1", native) as server:
        user = made.borrower("ann", dict(os.environ) | native)
        made.manager.services.servers.drain(POOL, "gpu1")
        (finding,) = checked(user, "server gpu1", 0)
        assert finding["state"] == "note" and "undrain gpu1" in finding["remedy"]
        made.manager.services.servers.drain(POOL, "gpu1", draining=False)
        server.process.send_signal(signal.SIGSTOP)
        try:
            (finding,) = checked(user, "server gpu1", 1)
            assert finding["state"] == "wrong" and "accepts connections but does not answer" in finding["what"]
        finally:
            server.process.send_signal(signal.SIGCONT)
        server.stop(signal.SIGKILL)
        (finding,) = checked(user, "server gpu1", 1)
        assert "which the managers reach" in finding["what"] and "refused" in finding["what"]
        end = time.monotonic() + 40
        while "cannot reach it" not in finding["what"] and time.monotonic() < end:
            time.sleep(1)
            (finding,) = checked(user, "server gpu1", 1)
        assert "the managers cannot reach it (heartbeat" in finding["what"], finding


def test_what_is_missing(made: Lending, native: dict[str, str], tmp_path: Path) -> None:
    user = made.borrower("ann", dict(os.environ) | native)
    (finding,) = checked(user, "servers", 0)
    assert "no server" in finding["what"]
    made.manager.stop()
    (finding,) = checked(user, f"manager {made.manager.address}", 1)
    assert "no manager of the pool answers" in finding["what"]
    nobody = Borrower(made.manager, "nobody", user.environment | {"XDG_CONFIG_HOME": str(tmp_path / "empty")})
    (finding,) = checked(nobody, "login", 1)
    assert "you are not logged in" in finding["what"]


def test_a_token_that_is_valid_no_more(made: Lending, native: dict[str, str]) -> None:
    user = made.borrower("ann", dict(os.environ) | native)
    made.manager.services.accounts.create_user(POOL, "root", Role.ADMIN)
    made.manager.services.accounts.change_user(POOL, "ann", active=False)
    about = [one["what"] for one in checked(user, f"manager {made.manager.address}", 1)]
    assert any("the token is not valid" in what for what in about)


def test_a_token_that_ends_soon(made: Lending, native: dict[str, str]) -> None:
    user = made.borrower("ann", dict(os.environ) | native)
    token = Path(user.environment["XDG_CONFIG_HOME"]) / "cenote" / "token"
    made_anew = user.cenote("token", "create", "--lifetime", "2d")
    token.write_text(made_anew.stdout)
    (finding,) = checked(user, "login", 0)
    assert finding["state"] == "note" and re.search("for another (2d|1d23h)", finding["what"])
