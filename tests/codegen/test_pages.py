"""The generated pages of docs/ say what the spec and the tests say now."""

from __future__ import annotations

from pathlib import Path

import pytest

from cenote.codegen.pages import Tests, pages
from cenote.codegen.render import Api

PROJECT = Path(__file__).parents[2]
PAGES = pages(Api("opencl"), PROJECT)


@pytest.mark.parametrize("page", PAGES)
def test_page_is_what_the_spec_and_the_tests_say(page: str) -> None:
    assert (PROJECT / page).read_text() == PAGES[page](), "run: make pages"


def test_a_comment_is_no_test(tmp_path: Path) -> None:
    programs = tmp_path / "opencl" / "programs"
    programs.mkdir(parents=True)
    (programs / "one.c").write_text("/* clFlush(q)\n */ int main(void) { return clFinish(q); } // clGetHostTimer()")
    tests = Tests(tmp_path)
    assert tests.of("clFinish") == ["one"]
    assert not tests.of("clFlush")
    assert not tests.of("clGetHostTimer")
