"""The generated pages of docs/ say what the spec and the tests say now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cenote.codegen.pages import Callers, pages
from cenote.codegen.render import Api

PROJECT = Path(__file__).parents[2]
PAGES = pages(Api("opencl"), PROJECT)


@pytest.mark.parametrize("page", PAGES)
def test_page_is_what_the_spec_and_the_tests_say(page: str) -> None:
    assert (PROJECT / page).read_text() == PAGES[page](), "run: make pages"


def test_what_contributing_shows_is_in_the_code() -> None:
    shown = re.findall(r"^( *)```(?:python|cpp|c)\n(.*?)^ *```", (PROJECT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    folders = (PROJECT / "src/cenote/spec", PROJECT / "native/shim/opencl", PROJECT / "tests/opencl/programs")
    code = [file.read_text() for folder in folders for file in folder.iterdir() if file.is_file()]
    assert len(shown) == 3
    for indent, block in shown:
        lines = "".join(line.removeprefix(indent) for line in block.splitlines(keepends=True))
        assert any(lines in text for text in code), block


def test_a_comment_is_no_test(tmp_path: Path) -> None:
    programs = tmp_path / "opencl" / "programs"
    programs.mkdir(parents=True)
    (programs / "one.c").write_text("/* clFlush(q)\n */ int main(void) { return clFinish(q); } // clGetHostTimer()")
    callers = Callers(tmp_path)
    assert callers.of("clFinish") == ["one"]
    assert not callers.of("clFlush")
    assert not callers.of("clGetHostTimer")
