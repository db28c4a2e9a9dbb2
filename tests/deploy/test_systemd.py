"""The units as systemd reads them, without a systemd that runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cenote.cli.main import app
from cenote.config import SETTINGS, variable

UNITS = sorted((Path(__file__).parents[2] / "deploy/systemd").glob("*.service"))
PROGRAM = "/opt/cenote/bin/cenote"
MOST_EXPOSED = {"cenote-server": 25, "cenote-manager": 15}  # tenths, from 0 to 100; the server needs device files

unit = pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


@unit
def test_systemd_finds_nothing_wrong(file: Path, tmp_path: Path) -> None:
    program = tmp_path / "cenote"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / file.name
    copy.write_text(file.read_text().replace(PROGRAM, str(program)))
    done = analyze("verify", copy)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@unit
def test_a_unit_may_do_little(file: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED[file.stem]}", file)
    assert done.returncode == 0, done.stdout


@unit
def test_a_unit_starts_what_there_is(file: Path) -> None:
    (start,) = re.findall(rf"^ExecStart={PROGRAM} (\S+)$", file.read_text(), re.MULTILINE)
    commands: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
    assert start in commands
    named = re.findall(r"\b(CENOTE_\w+)=", file.read_text())
    assert named and set(named) <= {variable(name) for name in SETTINGS}


def test_workers_outlive_the_server() -> None:
    (file,) = (file for file in UNITS if file.stem == "cenote-server")
    lines = file.read_text().splitlines()
    assert {"KillMode=process", "OOMPolicy=continue", "User=cenote"} <= set(lines)
    settings = {line.partition("=")[0] for line in lines}
    assert not settings & {"PrivateTmp", "RuntimeDirectory", "RemoveIPC", "DynamicUser", "PrivateIPC"}, (
        "which end with each start"
    )
