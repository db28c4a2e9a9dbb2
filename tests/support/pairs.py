"""The fixture ``pair``: each driver of CENOTE_TEST_DRIVERS in turn, else each of the wheels that is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cenote import paths
from tests.support.differential import Pair, assert_driverless, drivers, lending


def chosen() -> list[str]:
    named = os.environ.get("CENOTE_TEST_DRIVERS", "").split()
    return named or [name for name in ("pocl", "intel") if name in drivers()] or ["pocl"]


@pytest.fixture(scope="session", params=chosen())
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    if not (paths.native() / "bin" / "cenote-worker").exists():
        pytest.skip("the native parts are not built: run “make build”")
    driver = drivers().get(request.param)
    assert driver is not None, f"the driver {request.param} is not installed"
    with lending(driver, tmp_path_factory.mktemp(driver.name)) as both:
        assert_driverless(both)
        yield both
