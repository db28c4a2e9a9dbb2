"""Devices as a server knows them, and the filters that choose among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from cenote.errors import CenoteError


@dataclass(frozen=True)
class Device:
    """One device of a server; ``index`` is its place in what ``cenote-worker --list-devices`` prints."""

    index: int
    name: str
    platform: str
    platform_version: str
    vendor: str
    version: str
    driver_version: str
    type: str
    memory: int
    compute_units: int
    overhead: int = 0
    """Bytes of its memory that a context of the driver takes."""

    @classmethod
    def from_listing(cls, platform: dict[str, Any], device: dict[str, Any]) -> Self:
        return cls(
            index=device["index"],
            name=device["name"],
            platform=platform["name"],
            platform_version=platform["version"],
            vendor=device["vendor"],
            version=device["version"],
            driver_version=device["driver_version"],
            type=device["type"].lower(),
            memory=device["global_mem_size"],
            compute_units=device["compute_units"],
            overhead=device["overhead"],
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Filter:
    """``TEXT`` (in the name or platform), ``FIELD=TEXT`` (equal) or ``FIELD~REGEX``; case never matters."""

    field: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        if not (parts := re.fullmatch(r"(name|platform|vendor|type|index)([=~])(.+)", text)):
            return cls("", "", text)
        field, operator, value = parts.groups()
        if operator == "~":
            try:
                re.compile(value)
            except re.error as error:
                raise CenoteError(f"the filter “{text}” has a broken regular expression: {error}") from None
        return cls(field, operator, value)

    def matches(self, device: Device) -> bool:
        if not self.field:
            return self.value.lower() in f"{device.name}\n{device.platform}".lower()
        actual = str(getattr(device, self.field))
        if self.operator == "=":
            return actual.lower() == self.value.lower()
        return re.search(self.value, actual, re.IGNORECASE) is not None


def choose(devices: Iterable[Device], filters: Sequence[str]) -> list[Device]:
    """The devices that any of the filters matches; all of them when there is no filter."""
    parsed = [Filter.parse(text) for text in filters]
    return [device for device in devices if not parsed or any(f.matches(device) for f in parsed)]


def human_size(count: float) -> str:
    """Bytes as people write them: 12.3 GiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
