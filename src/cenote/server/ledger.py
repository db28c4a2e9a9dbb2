"""What this host has lent, on disk: the last word on its devices.

The whole state is written anew with every change, in turn into one of two files, each with a checksum. Whatever
happens while one is written, the other has the state before, and nobody has been told yet that it is past. Both files
have their blocks from the start, so that a full disk hinders only what makes the state larger than ever.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cenote.errors import CenoteError
from cenote.pool.orders import Answer, Extend, Held, Release, Report, Reserve, Result, Share, Stamp
from cenote.pool.request import WHOLE, smallest_share

log = logging.getLogger("cenote.ledger")

_NAMES = ("lent.0", "lent.1")
_BLOCKS = 64 * 1024
_HEADER = 32
_ROOM = 4096  # more than a further allocation takes
_MAGIC = b"cenote-lent 1 "
_JUMP = 1 << 20  # a restart leaves behind the serials of changes that a full disk kept from being written
_REMEMBERED = 256  # ended allocations whose orders may still come late


def boot_id() -> str:
    """Another one each time the host starts, and with it all its workers are gone."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def uptime() -> float:
    """Seconds since the host started, sleep included; no change of its date touches them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Capacity:
    """Of a device: memory, and what a context of its driver takes of it, in bytes."""

    memory: int
    overhead: int = 0


@dataclass(frozen=True)
class _Entry:
    order: Reserve
    since: float
    ending: bool = False


class LentLedger:
    """Refuses what does not fit, whoever asks. Not safe for several threads.

    Workers of which it knows nothing, because both files were lost, must have been ended before it is opened.
    An allocation is held from ``reserve`` to ``free``; in between ``end`` says that its workers are being ended.
    """

    def __init__(
        self,
        folder: Path,
        devices: Mapping[int, Capacity],
        boot: str | None = None,
        clock: Callable[[], float] = uptime,
    ) -> None:
        """Opens or makes the ledger in ``folder``; ``devices`` by their indexes. Raises CenoteError."""
        self._devices = dict(devices)
        self._clock = clock
        self._boot = boot_id() if boot is None else boot
        self._held: dict[tuple[str, int], _Entry] = {}
        self._over: dict[str, int] = {}
        self._serial = 0
        self._accepting = True
        self._name = secrets.token_hex(8)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files = [_open(folder / name) for name in _NAMES]
            _sync_folder(folder)
        except OSError as error:
            raise CenoteError(f"the ledger in {folder} cannot be kept: {error.strerror}") from None
        self._next = 0
        self._load()
        if not self._save():
            log.error("the ledger in %s cannot be written; nothing new is lent", folder)

    @property
    def stamp(self) -> Stamp:
        return Stamp(self._name, self._boot, self._serial)

    @property
    def accepting(self) -> bool:
        """Whether it could be written when that was last tried."""
        return self._accepting

    def reserve(self, order: Reserve) -> Answer:
        """HELD once it is on disk, REFUSED with the reason otherwise."""
        key = order.allocation, order.epoch
        if (entry := self._held.get(key)) and not entry.ending:
            return (
                self._answer(Result.HELD) if entry.order.shares == order.shares else self._refuse("it has other shares")
            )
        if entry or order.epoch <= self._over.get(order.allocation, 0):
            return self._refuse("it is over")
        if reason := self._objection(order.shares):
            return self._refuse(reason)
        before = self._next, self._serial
        self._held[key] = _Entry(order, self._clock())
        if not self._save():
            del self._held[key]
            self._next, self._serial = before
            return self._refuse("the ledger cannot be written")
        return self._answer(Result.HELD)

    def extend(self, order: Extend) -> Answer:
        """Never shortens a term."""
        key = order.allocation, order.epoch
        entry = self._held.get(key)
        if entry is None:
            return self._answer(Result.FREE)
        if entry.ending:
            return self._answer(Result.ENDING)
        if order.term > entry.order.term:
            self._held[key] = replace(entry, order=replace(entry.order, term=order.term))
            if not self._save():
                self._held[key] = entry
                return self._refuse("the ledger cannot be written")
        return self._answer(Result.HELD)

    def end(self, order: Release) -> Answer:
        """No new session from now on: ENDING until ``free``, or FREE when there is nothing to end."""
        mine = [key for key in self._held if key[0] == order.allocation and key[1] <= order.epoch]
        changed = [key for key in mine if not self._held[key].ending]
        for key in changed:
            self._held[key] = replace(self._held[key], ending=True)
        if order.epoch > self._over.get(order.allocation, 0):
            self._forbid(order.allocation, order.epoch)
            changed.append((order.allocation, order.epoch))
        if changed:
            self._save()
        return self._answer(Result.ENDING if mine else Result.FREE)

    def free(self, allocation: str, epoch: int) -> Answer:
        """Its workers are gone and the driver has its memory back. Works with a full disk: at the worst it comes back,
        ending, after a restart."""
        if self._held.pop((allocation, epoch), None):
            self._forbid(allocation, max(epoch, self._over.get(allocation, 0)))
            self._save()
        return self._answer(Result.FREE)

    def overdue(self) -> list[Release]:
        """What has outlived its term and is not being ended yet."""
        now = self._clock()
        return [Release(*key) for key, entry in self._held.items() if not entry.ending and self._left(entry, now) <= 0]

    def report(self) -> Report:
        if not self._accepting:
            self._accepting = self._save(room=_ROOM)
        now = self._clock()
        held = tuple(
            Held(
                *key,
                shares=entry.order.shares,
                term=entry.order.term,
                left=self._left(entry, now),
                user=entry.order.user,
                secret=entry.order.secret,
                tethered=entry.order.tethered,
                idle=entry.order.idle,
                ending=entry.ending,
            )
            for key, entry in self._held.items()
        )
        return Report(self.stamp, held, self._accepting)

    def close(self) -> None:
        for descriptor in self._files:
            os.close(descriptor)

    def _left(self, entry: _Entry, now: float) -> float:
        return entry.since + entry.order.term - now

    def _answer(self, result: Result, reason: str = "") -> Answer:
        return Answer(result, self.stamp, reason)

    def _refuse(self, reason: str) -> Answer:
        return self._answer(Result.REFUSED, reason)

    def _forbid(self, allocation: str, epoch: int) -> None:
        self._over.pop(allocation, None)
        self._over[allocation] = epoch
        while len(self._over) > _REMEMBERED:
            del self._over[next(iter(self._over))]

    def _objection(self, shares: tuple[Share, ...]) -> str:
        if not shares or len({share.index for share in shares}) < len(shares):
            return "it names no device, or one twice"
        for share in shares:
            device = self._devices.get(share.index)
            if device is None:
                return f"there is no device {share.index}"
            if share.memory < smallest_share(device.overhead) or share.weight < 1:
                return f"the share of device {share.index} is too small to be used"
            lent = [
                other for entry in self._held.values() for other in entry.order.shares if other.index == share.index
            ]
            if sum(other.memory for other in lent) + share.memory > device.memory:
                return f"device {share.index} has not that much memory left"
            if sum(other.weight for other in lent) + share.weight > WHOLE:
                return f"device {share.index} has not that much compute time left"
        return ""

    def _load(self) -> None:
        states = [_read(descriptor) for descriptor in self._files]
        serials = [state["serial"] if state else -1 for state in states]
        latest = 0 if serials[0] >= serials[1] else 1
        self._next = 1 - latest
        state = states[latest]
        if state is None:
            return
        self._name, self._serial, self._over = state["name"], state["serial"] + _JUMP, state["over"]
        if state["boot"] != self._boot:
            return  # no worker has outlived the host
        for entry in state["held"]:
            order = Reserve(
                entry["allocation"],
                entry["epoch"],
                tuple(Share(*share) for share in entry["shares"]),
                entry["term"],
                entry["user"],
                bytes.fromhex(entry["secret"]),
                entry["tethered"],
                entry["idle"],
            )
            self._held[order.allocation, order.epoch] = _Entry(order, entry["since"], entry["ending"])

    def _save(self, room: int = 0) -> bool:
        """Writes the state into the older file. False when that cannot be done; then the newer one is as it was.

        ``room`` are bytes by which the state might grow.
        """
        self._serial += 1
        state = {
            "name": self._name,
            "boot": self._boot,
            "serial": self._serial,
            "over": self._over,
            "held": [_plain(entry) for entry in self._held.values()],
        }
        try:
            _write(self._files[self._next], json.dumps(state, separators=(",", ":")).encode() + b" " * room)
        except OSError as error:
            log.error("the ledger cannot be written: %s", error.strerror)
            self._accepting = False
            return False
        self._next = 1 - self._next
        return True


def _plain(entry: _Entry) -> dict[str, Any]:
    order = asdict(entry.order) | {"since": entry.since, "ending": entry.ending, "secret": entry.order.secret.hex()}
    order["shares"] = [(share.index, share.memory, share.weight) for share in entry.order.shares]
    return order


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.fstat(descriptor).st_size < _BLOCKS:
        try:
            os.posix_fallocate(descriptor, 0, _BLOCKS)
        except OSError as error:
            log.warning("%s has no space of its own: %s", path, error.strerror)
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, body: bytes) -> None:
    data = _MAGIC + f"{len(body):08x} {zlib.crc32(body):08x}\n".encode() + body
    missing = len(data) - os.fstat(descriptor).st_size
    if missing > 0:  # in whole blocks, so that it happens rarely
        os.posix_fallocate(descriptor, 0, -(-len(data) // _BLOCKS) * _BLOCKS)
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], written)
    os.fdatasync(descriptor)


def _read(descriptor: int) -> dict[str, Any] | None:
    """The state in a file; None when it was never, or not wholly, written."""
    header = os.pread(descriptor, _HEADER, 0)
    try:
        if not header.startswith(_MAGIC) or len(header) < _HEADER:
            return None
        size, checksum = (int(word, 16) for word in header[len(_MAGIC) :].split())
        body = os.pread(descriptor, size, _HEADER)
        if len(body) != size or zlib.crc32(body) != checksum:
            return None
        state: dict[str, Any] = json.loads(body)
    except ValueError:
        return None
    return state
