"""A server with the null driver that may be attacked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cenote import paths
from tests.fuzz import grammar
from tests.fuzz.grammar import Grammar
from tests.fuzz.target import Target, null_driver, target


@pytest.fixture(scope="package")
def known() -> Grammar:
    build = paths.native().parent
    if not (build / "generated" / "fuzz").is_dir():
        pytest.skip("the native parts are not built: run “make build”")
    return grammar.load(build)


@pytest.fixture(scope="package")
def fired_at(known: Grammar) -> Iterator[Target]:
    with target(null_driver(), known) as running:
        yield running
