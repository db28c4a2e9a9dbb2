"""Fixtures for all tests. Their implementations are in tests/support/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import drivers
from cenote import config, paths
from tests.support import borrower, native_stub
from tests.support.servers import Server, serving
from tests.support.skips import SkipPolicy


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SkipPolicy())


@pytest.fixture(scope="session", autouse=True)
def no_state_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tokens are neither made nor found in the home folder of whoever runs the tests, nor are settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        for name in config.SETTINGS:
            patch.delenv(config.variable(name), raising=False)
        yield


@pytest.fixture(scope="session")
def stub_native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Native parts that are Python scripts: for tests of the Python side alone."""
    return native_stub.make(tmp_path_factory.mktemp("native"))


@pytest.fixture(scope="session")
def shared_stub_server(stub_native: Path) -> Iterator[Server]:
    with serving("--verbose", env={"CENOTE_NATIVE": str(stub_native)}) as running:
        yield running


@pytest.fixture
def stub_server(shared_stub_server: Server) -> Server:
    """A server with two stand-in devices and stand-in workers. It is shared, but its log begins with this test."""
    shared_stub_server.log.clear()
    return shared_stub_server


def real_server(driver: str) -> Iterator[Server]:
    """A server that lends the devices of one driver, or a skip that says what is missing."""
    if not (paths.native() / "bin" / "cenote-worker").exists():
        pytest.skip("the native parts are not built: run “make build”")
    try:
        environment = drivers.find(driver).environment
    except drivers.MissingError as error:
        pytest.skip(str(error))
    with serving(env=environment) as running:
        yield running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real server with the PoCL device, shared by all tests. Those that end workers or servers use their own."""
    yield from real_server("pocl")


@pytest.fixture(scope="session")
def intel_server() -> Iterator[Server]:
    """The same with Intel's CPU runtime."""
    yield from real_server("intel")


@pytest.fixture(scope="session")
def null_server() -> Iterator[Server]:
    """The same with the null driver, which executes nothing."""
    yield from real_server("null")


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A real server with the PoCL device for one test, which may break it."""
    yield from real_server("pocl")


@pytest.fixture(scope="session")
def borrower_python() -> Path:
    """A Python with pyopencl and numpy but no driver: what it sees is borrowed."""
    return borrower.python()
