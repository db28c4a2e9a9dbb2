from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.errors import Invalid
from cenote.pool.filters import NUMBERS, TEXT, All, Any, Comparison, Node, Not, Value, parse

DEVICE: dict[str, Value] = {
    "name": "NVIDIA A100-SXM4-80GB", "platform": "NVIDIA CUDA", "vendor": "NVIDIA", "type": "gpu", "version": "3.0",
    "driver_version": "535.1", "server": "gpu7", "address": "10.0.0.7:4780", "memory": 80 << 30, "compute_units": 108,
    "index": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", True),
        ("name~a100", True),
        ("name=A100", False),
        ("vendor=nvidia", True),
        ("vendor!=nvidia", False),
        ("name~PoCL and memory>=8GiB", False),
        ("memory>=8GiB and memory<=80GiB and memory!=8GiB", True),
        ("memory > 80GiB or index < 3", True),
        ("not server=gpu7", False),
        ("not server=gpu8 and index=2", True),
        ("index=1 or index=2 and server=gpu8", False),
        ("(index=1 or index=2) and server=gpu7", True),
        ("name='NVIDIA A100-SXM4-80GB'", True),
        ('platform="nvidia cuda"', True),
        ("NAME~^nvidia.*80gb$ AND NOT type=cpu", True),
        ("name~'(A100|H100)'", True),
    ],
)
def test_what_matches(text: str, verdict: bool) -> None:
    assert parse(text).decide(DEVICE) is verdict


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("nome=x", "“nome” at position 1", "expected one of name, platform"),
        ("name", "the end", "expected one of = !="),
        ("name=", "the end", "expected a value"),
        ("name=a name=b", "“name” at position 8", "expected “and” or “or”"),
        ("(name=a", "the end", "expected “)”"),
        ("name=a)", "“)” at position 7", "expected “and” or “or”"),
        ("memory~8", "“~” at position 7", "is a number"),
        ("memory>big", "“big” at position 8", "expected a number or a size"),
        ("name<b", "“<” at position 5", "is a text"),
        ("name~[", "“[” at position 6", "no regular expression"),
        ("name~'(a+)+'", "“(a+)+” at position 7", "cannot repeat a group"),
        ("name~a*a*a*", "position 6", "at most 2 of the signs"),
        ("index=1 and", "the end", "expected one of"),
        ("name='a", "“'” at position 6", "a quote may be missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, position: str, reason: str) -> None:
    with pytest.raises(Invalid, match=re.escape(position)) as caught:
        parse(text)
    assert reason in str(caught.value)


def test_nothing_of_it_takes_long() -> None:
    begin = time.monotonic()
    for text in ("not " * 240 + "index=1", "(" * 900, "name=" + "a" * 10_000):
        with pytest.raises(Invalid):
            parse(text)
    parse("name~" + ".*.*x").decide({"name": "a" * 10_000})
    assert time.monotonic() - begin < 0.5


LEAVES = st.builds(
    Comparison, st.sampled_from(["index", "memory"]), st.sampled_from(["=", "<", ">="]), st.integers(0, 3)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda a, b: All((a, b)), inner, inner)
        | st.builds(lambda a, b: Any((a, b)), inner, inner)
    ),
)


@given(TREES, st.integers(0, 3), st.integers(0, 3))
def test_deciding_early_never_decides_otherwise(tree: Node, index: int, memory: int) -> None:
    early = tree.decide({"memory": memory})
    assert early in (None, tree.decide({"memory": memory, "index": index}))


@given(st.text(alphabet=" ()=!~<>'\"aor1" + "é", max_size=30) | st.text(max_size=30))
def test_anything_is_a_filter_or_a_clear_error(text: str) -> None:
    try:
        tree = parse(text)
    except Invalid:
        return
    assert tree.decide(DEVICE) in (True, False)


def test_every_field_can_be_asked_for() -> None:
    assert set(DEVICE) == {*TEXT, *NUMBERS}
