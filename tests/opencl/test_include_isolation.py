"""A build reads the client's files and never the server's."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cenote import paths
from tests.support.differential import Pair, compile_c

SOURCE = Path(__file__).parent / "alone" / "stolen_includes.c"
INCLUDES = Path(__file__).parent / "programs" / "includes.c"


def _folders() -> set[Path]:
    return set(paths.runtime().glob("cenote-worker-*"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root may hide a folder from the client")
def test_the_servers_files_stay_there(pair: Pair, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "server.h").write_text("#error SECRET\n")
    program = tmp_path / "stolen"
    compile_c(SOURCE, program)
    hidden = f"mount -t tmpfs none {secrets} && exec {program} {secrets}"
    outcome = pair.remote(["unshare", "--mount", "sh", "-c", hidden], timeout=120)
    assert outcome.status == 0, outcome.shown()
    lines = outcome.stdout.splitlines()
    assert len(lines) == 6
    assert all(line.endswith(": -11, nothing leaked") for line in lines), outcome.shown()


def test_nothing_is_left_behind(pair: Pair, tmp_path: Path) -> None:
    program = tmp_path / "includes"
    compile_c(INCLUDES, program)
    before = _folders()
    assert pair.remote([program], timeout=120).status == 0
    deadline = time.monotonic() + 10
    while _folders() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _folders() - before
