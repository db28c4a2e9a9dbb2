from __future__ import annotations

from dataclasses import replace

import pytest

from cenote.devices import Device, choose, human_size
from cenote.errors import CenoteError

FIRST = Device(0, "A", "P", "OpenCL 3.0", "V", "3.0", "1", "gpu", 1 << 30, 8)
DEVICES = [FIRST, replace(FIRST, index=1, name="B"), replace(FIRST, index=2, name="C")]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([], "ABC"),
        (["b"], "B"),
        (["name=a", "name=C"], "AC"),
        (["name~^[ab]$"], "AB"),
        (["type=GPU"], "ABC"),
        (["index=2"], "C"),
        (["platform=q"], ""),
    ],
)
def test_filters(filters: list[str], names: str) -> None:
    assert "".join(device.name for device in choose(DEVICES, filters)) == names


def test_broken_regular_expression() -> None:
    with pytest.raises(CenoteError, match=r"name~\["):
        choose(DEVICES, ["name~["])


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1536, "1.5 KiB"), (12 << 30, "12.0 GiB"), (3 << 40, "3.0 TiB")]
)
def test_human_sizes(count: int, text: str) -> None:
    assert human_size(count) == text
