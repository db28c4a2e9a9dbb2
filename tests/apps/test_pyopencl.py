"""pyopencl: a fixed sample of its own tests, each passing where it passes natively. ``make suites`` runs them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.sources import pyopencl_tests
from tests.suites.pyopencl_tests import Suite
from tests.suites.results import PASSED
from tests.support.differential import Pair

SAMPLE = {
    "test_wrapper.py": "not test_get_info",
    "test_enqueue_copy.py": "",
    "test_arrays_in_structs.py": "",
    "test_array.py": "test_pow_array or test_divide_scalar or test_slice or test_view or test_map_to_host or test_svm",
}


@pytest.mark.parametrize("file", sorted(SAMPLE))
def test_passes_what_passes_natively(pair: Pair, file: str, tmp_path: Path) -> None:
    suite = Suite(pyopencl_tests(), 400, ("-k", SAMPLE[file]) if SAMPLE[file] else ())
    native, said_natively = suite.run_file(pair, "native", file, tmp_path)
    passing = {name for name, verdict in native.items() if verdict == PASSED}
    assert passing, said_natively.shown()
    remote, said = suite.run_file(pair, "remote", file, tmp_path)
    assert passing <= {name for name, verdict in remote.items() if verdict == PASSED}, said.shown()
