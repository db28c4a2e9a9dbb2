from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cenote.errors import CenoteError
from cenote.pool.orders import Extend, Held, Release, Reserve, Result, Share
from cenote.pool.request import WHOLE
from cenote.server import ledger as module
from cenote.server.ledger import Capacity, LentLedger

GIB = 1 << 30
DEVICES = {0: Capacity(8 * GIB), 1: Capacity(16 * GIB, overhead=GIB)}


class Killed(BaseException):
    pass


def order(name: str, *shares: Share, epoch: int = 1, term: int = 600) -> Reserve:
    return Reserve(name, epoch, shares or (Share(0, 4 * GIB, WHOLE // 2),), term, "ann", b"secret")


def opened(folder: Path, boot: str = "boot", up: float = 0.0) -> LentLedger:
    return LentLedger(folder, DEVICES, boot, lambda: up)


def names(ledger: LentLedger) -> list[str]:
    return [held.allocation for held in ledger.report().held]


def test_what_is_held_outlives_a_restart_but_not_a_reboot(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert first.reserve(order("a")).result == Result.HELD
    stamp = first.stamp
    again = opened(tmp_path, up=100.0)
    shares = (Share(0, 4 * GIB, WHOLE // 2),)
    assert again.report().held == (Held("a", 1, shares, 600, 500.0, "ann", b"secret"),)
    assert again.stamp.ledger == stamp.ledger and again.stamp.serial > stamp.serial
    rebooted = opened(tmp_path, "another")
    assert rebooted.report().held == () and rebooted.stamp.serial > again.stamp.serial


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ((Share(0, 5 * GIB, 1),), "device 0 has not that much memory left"),
        ((Share(0, GIB, WHOLE // 2 + 1),), "device 0 has not that much compute time left"),
        ((Share(1, 2 * GIB, WHOLE // 2), Share(0, 5 * GIB, 1)), "device 0 has not that much memory left"),
        ((Share(1, GIB, 1),), "the share of device 1 is too small"),
        ((Share(2, GIB, 1),), "there is no device 2"),
        ((Share(1, 2 * GIB, 1), Share(1, 2 * GIB, 1)), "or one twice"),
        ((), "it names no device"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, shares: tuple[Share, ...], reason: str) -> None:
    ledger = opened(tmp_path)
    ledger.reserve(order("a"))
    answer = ledger.reserve(Reserve("b", 1, shares, 600, "ben", b""))
    assert answer.result == Result.REFUSED and reason in answer.reason
    assert names(ledger) == ["a"]


def test_orders_can_be_repeated_and_come_late(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    assert ledger.reserve(order("a")).result == Result.HELD
    before = ledger.stamp
    assert ledger.reserve(order("a")).result == Result.HELD and ledger.stamp == before
    assert ledger.reserve(order("a", Share(0, GIB, 1))).result == Result.REFUSED
    assert ledger.end(Release("a", 1)).result == Result.ENDING
    assert ledger.reserve(order("a")).reason == "it is over"
    assert ledger.extend(Extend("a", 1, 900)).result == Result.ENDING
    assert ledger.free("a", 1).result == Result.FREE
    assert ledger.free("a", 1).result == Result.FREE
    assert ledger.end(Release("a", 1)).result == Result.FREE
    assert ledger.extend(Extend("a", 1, 900)).result == Result.FREE
    assert opened(tmp_path).reserve(order("a")).reason == "it is over"
    assert ledger.reserve(order("a", epoch=2)).result == Result.HELD


def test_an_order_that_comes_after_its_own_release_is_refused(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    assert ledger.end(Release("a", 2)).result == Result.FREE
    assert ledger.reserve(order("a", epoch=2)).result == Result.REFUSED
    assert ledger.reserve(order("a", epoch=3)).result == Result.HELD


def test_a_term_is_measured_from_the_beginning(tmp_path: Path) -> None:
    now = 0.0
    ledger = LentLedger(tmp_path, DEVICES, "boot", lambda: now)
    ledger.reserve(order("a"))
    now = 599.0
    assert ledger.overdue() == []
    assert ledger.extend(Extend("a", 1, 500)).result == Result.HELD
    now = 600.0
    assert ledger.overdue() == [Release("a", 1)]
    ledger.extend(Extend("a", 1, 700))
    assert ledger.overdue() == [] and ledger.report().held[0].left == 100.0
    now = 700.0
    ledger.end(Release("a", 1))
    assert ledger.overdue() == [] and ledger.report().held[0].ending


def test_a_full_disk_hinders_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(tmp_path)
    for name in ("a", "b"):
        ledger.reserve(order(name))
    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", no_space)
        ledger.end(Release("b", 1))
        assert ledger.free("b", 1).result == Result.FREE
        refused = ledger.reserve(order("c"))
        assert (refused.result, refused.reason) == (Result.REFUSED, "the ledger cannot be written")
        assert not ledger.report().accepting
        unwritten = ledger.stamp
        assert names(ledger) == ["a"]
        assert opened(tmp_path).stamp.serial > unwritten.serial
    assert ledger.report().accepting
    assert ledger.reserve(order("c")).result == Result.HELD
    assert names(opened(tmp_path)) == ["a", "c"]


def test_more_than_its_blocks(tmp_path: Path) -> None:
    ledger = LentLedger(tmp_path, {0: Capacity(1 << 50)}, "boot", lambda: 0.0)
    for number in range(20):
        assert ledger.reserve(order(f"{number:08000}", Share(0, GIB, 1))).result == Result.HELD
    for name in module._NAMES:
        assert (tmp_path / name).stat().st_size == 3 * module._BLOCKS
    again = LentLedger(tmp_path, {0: Capacity(1 << 50)}, "boot", lambda: 0.0)
    assert len(again.report().held) == 20


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CenoteError, match="cannot be kept"):
        opened(tmp_path / "file" / "folder")


def test_files_that_are_no_ledger(tmp_path: Path) -> None:
    for name, content in zip(module._NAMES, (b"", b"cenote-lent 1 zzzzzzzz 00000000\n{"), strict=True):
        (tmp_path / name).write_bytes(content)
    ledger = opened(tmp_path)
    assert ledger.reserve(order("a")).result == Result.HELD


def test_the_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "state")
    ledger.reserve(order("a"))
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "state").iterdir()} == {0o600}
    assert "secret" not in repr(order("a")) and "secret=" not in repr(ledger.report())


STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "end", "free", "extend", "restart"]), st.integers(0, 3)), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.tuples(st.sampled_from(["reserve", "end", "free", "extend"]), st.integers(0, 3)), st.integers(0, 900))
def test_killed_at_any_byte(steps: list[tuple[str, int]], last: tuple[str, int], byte: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        ledger = opened(folder)
        for step in steps:
            if step[0] == "restart":
                ledger.close()
                ledger = opened(folder)
            else:
                carry_out(ledger, step)
        before = ledger.report().held
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "pwrite", killed_at(byte))
            try:
                carry_out(ledger, last)
            except Killed:
                pass
            else:
                before = ledger.report().held
        after = opened(folder)
        if before != after.report().held:
            carry_out(again := opened(folder), last)
            assert again.report().held == after.report().held, "neither as before nor as after the last step"


def carry_out(ledger: LentLedger, step: tuple[str, int]) -> None:
    name, epoch = f"{step[1] % 2}", 1 + step[1] // 2
    match step[0]:
        case "reserve":
            ledger.reserve(order(name, epoch=epoch))
        case "end":
            ledger.end(Release(name, epoch))
        case "free":
            ledger.free(name, epoch)
        case "extend":
            ledger.extend(Extend(name, epoch, 900))


def killed_at(byte: int) -> Callable[[int, bytes, int], int]:
    write = os.pwrite

    def pwrite(descriptor: int, data: bytes, at: int) -> int:
        write(descriptor, data[:byte], at)
        if byte < len(data):
            raise Killed
        return len(data)

    return pwrite


def no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
