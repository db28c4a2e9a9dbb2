"""Sizes and durations as people write them: 4GiB, 1.5g, 10m, 1h30m."""

from __future__ import annotations

import re
from fractions import Fraction

from cenote.errors import Invalid

_SIZES = {"": 1, "b": 1} | {
    unit: base**power
    for power, letter in enumerate("kmgt", start=1)
    for unit, base in ((letter, 1024), (f"{letter}ib", 1024), (f"{letter}b", 1000))
}
_DURATIONS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = r"(\d{1,15}(?:\.\d{1,9})?)"


def parse_size(text: str) -> int:
    """Bytes. GiB, Gi and G are powers of 1024, GB of 1000; a fraction of a byte is dropped. Raises Invalid."""
    found = re.fullmatch(rf"{_NUMBER}\s*([a-z]*)", text.strip().lower(), re.ASCII)
    unit = found[2] if found else ""
    factor = _SIZES.get(unit, _SIZES.get(f"{unit}b"))
    if not found or factor is None:
        raise Invalid(f"“{text}” is not a size; write one like 512MiB or 4GiB")
    return int(Fraction(found[1]) * factor)


def parse_duration(text: str) -> int:
    """Seconds, from “90”, “10m”, “2h” or “1h30m”. Raises Invalid."""
    plain = text.strip().lower()
    pieces = re.findall(rf"{_NUMBER}([smhd]?)", plain, re.ASCII)
    if (
        not pieces
        or "".join(number + unit for number, unit in pieces) != plain
        or (len(pieces) > 1 and not all(u for _, u in pieces))
    ):
        raise Invalid(f"“{text}” is not a duration; write one like 90s, 10m, 2h or 1h30m")
    return int(sum(Fraction(number) * _DURATIONS[unit] for number, unit in pieces))


def human_duration(seconds: float) -> str:
    """The largest two units, as parse_duration reads them: 1h30m."""
    rest, parts = max(round(seconds), 0), []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if amount := rest // length:
            parts.append(f"{amount}{unit}")
            rest -= amount * length
    return "".join(parts[:2]) or "0s"
