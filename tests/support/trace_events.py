"""The rules of the Trace Event Format that viewers rely on, as assertions about a list of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]
Track = tuple[int, int]

_FIELDS: dict[str, dict[str, Any]] = {
    "X": {"name": str, "cat": str, "ts": (int, float), "dur": (int, float)},
    "M": {"name": str, "args": dict},
    "s": {"name": str, "cat": str, "ts": (int, float), "id": int},
    "f": {"name": str, "cat": str, "ts": (int, float), "id": int},
}


def track_of(event: Event) -> Track:
    return event["pid"], event["tid"]


def slices(events: Iterable[Event], category: str = "") -> list[Event]:
    return [event for event in events if event["ph"] == "X" and event["cat"].startswith(category)]


def enclosing(events: Iterable[Event], track: Track, time: float) -> Event | None:
    """The innermost slice of the track at that time."""
    around = [e for e in slices(events) if track_of(e) == track and e["ts"] <= time <= e["ts"] + e["dur"]]
    return min(around, key=lambda e: float(e["dur"]), default=None)


def check(events: list[Event]) -> None:
    for event in events:
        fields = _FIELDS[event["ph"]]
        for name, kind in {"pid": int, "tid": int, **fields}.items():
            assert isinstance(event[name], kind), f"{name} of {event}"
        for name in ("pid", "tid", "id"):
            assert 0 <= event.get(name, 0) < 2 ** (53 if name == "id" else 31), event
        assert event.get("ts", 0) >= 0 and event.get("dur", 0) >= 0, event
    _check_nesting(events)
    _check_arrows(events)
    _check_names(events)


def _check_nesting(events: list[Event]) -> None:
    """Slices of one track lie side by side or within each other."""
    tracks: dict[Track, list[Event]] = defaultdict(list)
    for event in slices(events):
        tracks[track_of(event)].append(event)
    for members in tracks.values():
        open_until: list[float] = []
        for event in sorted(members, key=lambda e: (e["ts"], -e["dur"])):
            begin, end = event["ts"], event["ts"] + event["dur"]
            while open_until and open_until[-1] <= begin + 1e-4:
                open_until.pop()
            assert not open_until or end <= open_until[-1] + 2e-3, f"{event} overlaps another on its track"
            open_until.append(end)


def _check_arrows(events: list[Event]) -> None:
    """Each arrow begins once; both of its ends lie in slices."""
    begun = [(e["cat"], e["name"], e["id"]) for e in events if e["ph"] == "s"]
    assert len(begun) == len(set(begun))
    for event in events:
        if event["ph"] in "sf":
            assert (event["cat"], event["name"], event["id"]) in begun, f"{event} has no beginning"
            assert enclosing(events, track_of(event), event["ts"]), f"{event} is in no slice"


def _check_names(events: list[Event]) -> None:
    named = {e["pid"] for e in events if e["name"] == "process_name"}
    assert {e["pid"] for e in slices(events)} <= named
