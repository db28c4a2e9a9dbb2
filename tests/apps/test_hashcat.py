"""hashcat: large kernels with includes of its own, built at run time; cracks the hash of its own example."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.differential import Outcome, Pair

EXAMPLE = "8743b52063cd84097a65d1633f5c74f5"  # what "hashcat --example-hashes" shows for MD5
KEPT = re.compile(r"^(Session|Status|Hash\.|Kernel|Guess|Recovered\.|Restore\.Point|Candidate\.E).*", re.MULTILINE)


def crack(pair: Pair, side: str, folder: Path) -> tuple[Outcome, str]:
    """Every side has a home of its own, so that none finds kernels that the other has built."""
    home = folder / side
    home.mkdir()
    found = home / "found"
    attack: list[str | Path] = [
        "-m",
        "0",
        "-a",
        "3",
        "-D",
        "1",
        "--force",
        "--potfile-disable",
        "--session",
        "test",
        "-O",
    ]
    fast: list[str | Path] = ["-n", "1024", "-u", "64", "--session", "test", "--self-test-disable", "-o", found]
    start = pair.native if side == "native" else pair.remote
    outcome = start(["hashcat", *attack, *fast, EXAMPLE, "ha?l?l?l?l?l"], cwd=home, HOME=str(home), timeout=400)
    return outcome, found.read_text() if found.exists() else ""


def test_cracks_its_own_example(pair: Pair, tmp_path: Path) -> None:
    native, found_natively = crack(pair, "native", tmp_path)
    assert native.status == 0, native.shown()
    remote, found_remotely = crack(pair, "remote", tmp_path)
    assert remote.status == 0, remote.shown()
    assert found_remotely == found_natively == f"{EXAMPLE}:hashcat\n"
    kept = [match.group() for match in KEPT.finditer(native.stdout)]
    assert [match.group() for match in KEPT.finditer(remote.stdout)] == kept
    assert any(line.startswith("Status") and line.endswith("Cracked") for line in kept), native.stdout
