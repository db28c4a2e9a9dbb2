"""What the commands say when all is well."""

from __future__ import annotations

import os
import re
import subprocess
import time

import pytest
import typer.main

import cenote
from cenote.cli.main import app
from tests.support.servers import CENOTE, Server

NAMES = [
    "serve",
    "login",
    "logout",
    "run",
    "request",
    "extend",
    "release",
    "list",
    "smi",
    "stats",
    "netperf",
    "config",
    "doctor",
    "container",
    "health",
    "version",
    "manager",
    "drain",
    "undrain",
    "join-string",
    "server",
    "token",
    "user",
    "group",
    "audit",
]


def cenote_command(*arguments: str, **variables: str) -> str:
    environment = os.environ | {"COLUMNS": "200"} | variables
    return subprocess.run([*CENOTE, *arguments], env=environment, capture_output=True, text=True, check=True).stdout


def test_every_command_is_covered_here() -> None:
    assert sorted(NAMES) == sorted(vars(typer.main.get_command(app))["commands"])


@pytest.mark.parametrize("name", NAMES)
def test_help_has_an_example(name: str) -> None:
    assert re.search(rf"Example: cenote {name}\b", cenote_command(name, "--help"))


def test_exit_codes_are_documented() -> None:
    shown = " ".join(cenote_command("--help").split())
    for code in ("64", "69", "75", "76", "77", "78", "126", "127"):
        assert f" {code} " in shown


def test_version() -> None:
    assert cenote_command("version") == f"cenote {cenote.__version__} (protocol 1.0)\n"


def test_version_loads_nothing_heavy() -> None:
    """The packages that the other commands need are imported when these run."""
    script = "import sys; import cenote.cli.main; print(*sys.modules)"
    loaded = subprocess.run([*CENOTE[:-1], script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"asyncio", "cryptography", "pydantic", "ssl", "rich.table", "tomllib"} & set(loaded)


def test_list_shows_every_device(stub_server: Server) -> None:
    rows = stub_server.cenote("list").stdout.splitlines()
    expected = r"^\S+ +0 +Stub device 0 +CPU +1.0 GiB +1.0 GiB +100 % +Stub platform 7"
    assert any(re.search(expected, row) for row in rows)
    assert any("1  Stub device 1" in row for row in rows)


def test_netperf_measures_and_explains(stub_server: Server) -> None:
    start = time.monotonic()
    shown = stub_server.cenote("netperf", "--seconds", "0.5").stdout
    assert re.search(r"round trip +median \d+ µs, 99th percentile \d+ µs", shown)
    assert re.search(r"to the server +\d+\.\d\d GB/s .*\n +from the server +\d+\.\d\d GB/s", shown)
    assert "good for" in shown
    assert time.monotonic() - start < 5


def test_doctor_finds_stand_ins_and_says_so_of_missing_parts(stub_server: Server, tmp_path: object) -> None:
    good = subprocess.run([*CENOTE, "doctor"], env=stub_server.environment, capture_output=True, text=True)
    assert "device to lend: Stub device 1" in good.stdout
    bad = subprocess.run(
        [*CENOTE, "doctor"], env=os.environ | {"CENOTE_NATIVE": str(tmp_path)}, capture_output=True, text=True
    )
    assert bad.returncode == 1
    assert "lacks bin/cenote-worker" in bad.stdout and "→" in bad.stdout
