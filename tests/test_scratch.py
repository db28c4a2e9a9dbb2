"""Folders of processes: there while they live, and gone after them, however they ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cenote.scratch import Scratch, sweep

HOLDER = 'import sys; from cenote.scratch import Scratch; print(Scratch("test").folder, flush=True); sys.stdin.read()'


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_folder_is_private_and_removed_with_all_that_is_in_it(runtime: Path) -> None:
    with Scratch("test") as scratch:
        assert scratch.folder.parent == runtime
        assert scratch.folder.stat().st_mode & 0o077 == 0
        (scratch.folder / "deep").mkdir()
        (scratch.folder / "deep" / "file").write_text("x")
    assert list(runtime.iterdir()) == []


def test_only_what_the_killed_left_behind_is_swept(runtime: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    left = Path(holder.stdout.readline().strip())
    with Scratch("test") as mine:
        other = runtime / "cenote-other-1"
        other.mkdir()
        sweep("test")
        assert left.exists()
        holder.kill()
        holder.communicate()
        sweep("test")
        assert sorted(runtime.iterdir()) == sorted([mine.folder, other])


def test_a_folder_that_is_swept_before_it_is_held_is_made_again(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open
    lost: list[Path] = []

    def sweeper_was_quicker(path: Path, *arguments: int) -> int:
        if not lost and Path(path).name.startswith("cenote-test-"):
            lost.append(Path(path))
            Path(path).rmdir()
        return opened(path, *arguments)

    monkeypatch.setattr(os, "open", sweeper_was_quicker)
    with Scratch("test") as scratch:
        assert lost and scratch.folder not in lost
        assert list(runtime.iterdir()) == [scratch.folder]
