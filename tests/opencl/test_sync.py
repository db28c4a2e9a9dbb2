"""CENOTE_SYNC=1: a call that the device refuses says so itself, as natively. All programs run under it, too."""

from __future__ import annotations

from pathlib import Path

from tests.support.differential import Pair, compile_c

SOURCE = Path(__file__).parent / "alone" / "first_to_tell.c"


def test_the_refused_call_tells(pair: Pair, tmp_path: Path) -> None:
    compile_c(SOURCE, tmp_path / "program")
    pair.compare([tmp_path / "program"], CENOTE_SYNC="1")
