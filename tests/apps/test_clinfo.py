"""clinfo: every query of every platform and device, equal but for the answers that differ on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cenote.spec.opencl_extensions import CARRIED_EXTENSIONS, MASKED_EXTENSIONS
from cenote.spec.opencl_overrides import ICD_SUFFIX, OVERRIDES
from tests.support.differential import Pair

CHANGED = {override.name for override in OVERRIDES}
NUMBERS = {override.name: override for override in OVERRIDES if override.clear or override.value is not None}
LINE = re.compile(r"^(?:\[\w+/(?P<index>\S+)\])?\s+(?P<name>#?[A-Z]\w+) +(?P<value>.*?)\s*$")
# What the loader says of itself and of calls without a platform: with Cenote there is another loader.
LOADER = re.compile(r"^\[OCLICD/|CL_ICDL_|^ *(NULL platform|clGet|clCreate)")


@dataclass(frozen=True)
class Answer:
    index: str
    name: str
    value: str


def answers(text: str) -> list[Answer]:
    found = []
    for line in text.splitlines():
        if not LOADER.search(line) and (match := LINE.match(line)):
            found.append(Answer(match["index"] or "", match["name"], " ".join(match["value"].split())))
    return found


def unchanged(given: list[Answer]) -> list[Answer]:
    return [answer for answer in given if answer.name not in CHANGED and answer.name != "CL_DEVICE_MAX_CLOCK_FREQUENCY"]


def test_prints_the_same(pair: Pair) -> None:
    native, remote = pair.native(["clinfo", "--raw"]), pair.remote(["clinfo", "--raw"])
    assert native.status == remote.status == 0, remote.shown()
    assert len(answers(native.stdout)) > 80
    assert unchanged(answers(remote.stdout)) == unchanged(answers(native.stdout))


def by_name(text: str) -> dict[tuple[str, str], str]:
    return {(answer.index, answer.name): answer.value for answer in answers(text)}


def test_changed_answers_are_what_they_should_be(pair: Pair) -> None:
    native = by_name(pair.native(["clinfo", "--raw"]).stdout)
    remote = by_name(pair.remote(["clinfo", "--raw"]).stdout)
    assert remote.keys() == native.keys()
    for index, name in native:
        override = NUMBERS.get(name)
        if override and override.clear:
            kept = [bit for bit in native[index, name].split(" | ") if bit not in override.clear]
            assert remote[index, name].split(" | ") == kept, name
        elif override:
            assert override.value == 0 and remote[index, name] in {"CL_FALSE", "0", ""}, name
    device = ("0", "CL_DEVICE_EXTENSIONS")
    carried = [name for name in native[device].split() if name in CARRIED_EXTENSIONS]
    assert remote[device].split() == carried
    assert remote["", "CL_PLATFORM_ICD_SUFFIX_KHR"] == ICD_SUFFIX


def test_nothing_is_masked_by_oversight(pair: Pair) -> None:
    native = by_name(pair.native(["clinfo", "--raw"]).stdout)
    offered = {*native["", "CL_PLATFORM_EXTENSIONS"].split(), *native["0", "CL_DEVICE_EXTENSIONS"].split()}
    assert offered <= CARRIED_EXTENSIONS | MASKED_EXTENSIONS


def test_the_list_is_the_same(pair: Pair) -> None:
    assert "Device #0" in pair.compare(["clinfo", "-l"])
