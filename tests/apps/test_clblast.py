"""CLBlast: a library that generates and builds its kernels when first used, called from a small client in C."""

from __future__ import annotations

from pathlib import Path

from tests.support.differential import Pair, compile_c


def test_computes_the_same(pair: Pair, tmp_path: Path) -> None:
    program = tmp_path / "clblast_client"
    compile_c(Path(__file__).parent / "clblast_client.c", program, "-lclblast")
    printed = pair.compare([program], timeout=400)
    assert "gemm, odd: first" in printed
