from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.errors import Invalid
from cenote.units import human_duration, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GiB", 4 << 30),
        ("512m", 512 << 20),
        ("1.5 Gi", 3 << 29),
        ("2GB", 2 * 10**9),
        ("7", 7),
        ("8b", 8),
        ("1T", 1 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("2d", 172800), ("0", 0)]
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "GiB", "-1", "4 gallons", "1e9", "4GiBB", "1h 30m x", "1h30", "٣"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(Invalid, match="is not a duration"):
        parse_duration(text)
    with pytest.raises(Invalid, match="is not a size"):
        parse_size(text)


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 400))
def test_durations_are_read_as_they_are_written(minutes: int, hours: int, days: int) -> None:
    seconds = days * 86400 + hours * 3600 + (0 if days else minutes * 60)
    assert parse_duration(human_duration(seconds)) == seconds
