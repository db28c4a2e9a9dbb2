from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cenote.errors import NoDevice
from cenote.server import records as module
from cenote.server.records import FOLDER, Records, SessionRecord, start_of

SESSION = SessionRecord(b"s" * 16, b"a" * 16, os.getpid(), start_of(os.getpid()), {0: 5, 2: 7})


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Records]:
    records = Records.open(tmp_path)
    records.write_session(SESSION)
    yield records


def test_the_next_supervisor_reads_what_was_written(first: Records, tmp_path: Path) -> None:
    with first.bind(SESSION.session):
        first.close(keep=True)
    second = Records.open(tmp_path)
    assert list(second.sessions()) == [SESSION]
    assert len(list((tmp_path / FOLDER).glob("*/*.socket"))) == 1
    second.remove_session(SESSION.session)
    second.close(keep=True)
    assert list(tmp_path.iterdir()) == []


def test_a_supervisor_that_lives_keeps_its_own(first: Records, tmp_path: Path) -> None:
    second = Records.open(tmp_path)
    assert list(second.sessions()) == []
    second.close(keep=False)
    assert list(first.sessions()) == [SESSION]
    first.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_what_is_half_written_or_of_another_boot_does_not_count(
    first: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = (tmp_path / FOLDER).iterdir()
    (folder / ".x.session.1").write_text("{")
    (folder / "y.session").write_text("[1]")
    first.close(keep=True)
    monkeypatch.setattr(module, "boot_id", lambda: "another")
    second = Records.open(tmp_path)
    assert [record.boot == "another" for record in second.sessions()] == [False]
    second.close(keep=False)


def test_a_full_disk_lends_nothing_and_spoils_nothing(first: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_private", full)
        with pytest.raises(NoDevice, match="cannot write down what it lends: No space left"):
            first.write_session(SESSION)
    assert list(first.sessions()) == [SESSION]
    first.close(keep=False)


def test_nobody_listens(first: Records) -> None:
    with pytest.raises(FileNotFoundError):
        first.connect(SESSION.session)
    with first.bind(SESSION.session), pytest.raises(ConnectionRefusedError):
        first.connect(SESSION.session)
    first.close(keep=False)


def test_folders_may_have_long_names(tmp_path: Path) -> None:
    records = Records.open(tmp_path / ("x" * 100))
    with records.bind(SESSION.session) as listener:
        listener.listen()
        records.connect(SESSION.session).close()
    records.close(keep=False)
