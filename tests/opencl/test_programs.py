"""Programs that are legal and break a careless path of a call: natively and through Cenote they print the same.

Where a driver itself is wrong, ``NAME.expected`` says what the specification asks for, and that is what must come.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.differential import Pair, compile_c

PROGRAMS = Path(__file__).parent / "programs"
STATUS = {"late_release": 7}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


@pytest.mark.parametrize("sync", ["", "1"], ids=["usual", "sync"])
@pytest.mark.parametrize("name", sorted(source.stem for source in PROGRAMS.glob("*.c")))
def test_prints_the_same(pair: Pair, name: str, sync: str, built: Path) -> None:
    program = built / name
    if not program.exists():
        compile_c(PROGRAMS / f"{name}.c", program)
    expected = PROGRAMS / f"{name}.expected"
    if not expected.exists():
        pair.compare([program], status=STATUS.get(name, 0), timeout=120, CENOTE_SYNC=sync)
        return
    remote = pair.remote([program], timeout=120, CENOTE_SYNC=sync)
    assert remote.status == 0, remote.shown()
    assert remote.stdout.splitlines() == expected.read_text().splitlines()
