"""clinfo: every query of every platform and device, equal but for the answers that differ on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cenote.spec.opencl_overrides import CARRIED_EXTENSIONS, ICD_SUFFIX, OVERRIDES
from tests.support.differential import Pair

CHANGED = {override.name for override in OVERRIDES}
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


def test_changed_answers_are_what_they_should_be(pair: Pair) -> None:
    native = {(a.index, a.name): a.value for a in answers(pair.native(["clinfo", "--raw"]).stdout)}
    remote = {(a.index, a.name): a.value for a in answers(pair.remote(["clinfo", "--raw"]).stdout)}
    assert remote.keys() == native.keys()
    device = ("0", "CL_DEVICE_EXTENSIONS")
    carried = [name for name in native[device].split() if name in CARRIED_EXTENSIONS]
    assert remote[device].split() == carried
    assert remote["0", "CL_DEVICE_HOST_UNIFIED_MEMORY"] == "CL_FALSE"
    assert "NATIVE_KERNEL" not in remote["0", "CL_DEVICE_EXECUTION_CAPABILITIES"]
    assert not re.search("ATOMICS|SYSTEM", remote["0", "CL_DEVICE_SVM_CAPABILITIES"])
    assert remote["", "CL_PLATFORM_ICD_SUFFIX_KHR"] == ICD_SUFFIX


def test_the_list_is_the_same(pair: Pair) -> None:
    assert "Device #0" in pair.compare(["clinfo", "-l"])
