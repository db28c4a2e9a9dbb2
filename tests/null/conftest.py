"""The null driver in its two settings."""

from __future__ import annotations

import pytest

from tests.null.driver import NullDriver, built


def _load(factory: pytest.TempPathFactory, *, memory: bool) -> NullDriver:
    if not built().exists():
        pytest.skip("the native parts are not built: run “make build”")
    return NullDriver(factory.mktemp("null"), devices=2, memory=memory)


@pytest.fixture(scope="session")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> NullDriver:
    """As it is by default: what is written is lost."""
    return _load(tmp_path_factory, memory=False)


@pytest.fixture(scope="session")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> NullDriver:
    """With CENOTE_NULL_MEMORY=1."""
    return _load(tmp_path_factory, memory=True)
