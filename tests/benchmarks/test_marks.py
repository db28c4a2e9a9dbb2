"""The marks of the table, computed by hand."""

import pytest

from benchmarks.marks import ROWS, Result, Row

TCP = {"round_trip_64": 100e-6, "round_trip_64k": 160e-6, "write_64m": 0.020, "read_64m": 0.030, "message_64": 1e-7}


def row(key: str) -> Row:
    return next(row for row in ROWS if row.key == key)


@pytest.mark.parametrize(
    ("key", "native", "most"),
    [
        ("issue_launch", 1e-6, 0.4e-6),
        ("issue_launch", 5e-6, 0.5e-6),
        ("launches_5000", 2e-6, 2.6e-6),
        ("launch_finish", 50e-6, 180e-6),
        ("read_4_bytes", 20e-6, 150e-6),
        ("device_info", 50e-9, 50e-9),
        ("create_release_buffer", 2e-6, 0.3e-6),
        ("write_64m", 0.005, 0.020 / 0.85),
        ("read_64m", 0.034, 0.034 / 0.85),
        ("round_64k", 40e-6, 40e-6 + 150e-6 + 60e-6),
        ("first_list", 0.010, 0.040),
        ("memory", 100e6, 15 * 2**20),
        ("crowd", 9.0, 10.0),
        ("hashcat", 10.0, 11.0),
    ],
)
def test_the_most_that_a_row_allows(key: str, native: float, most: float) -> None:
    assert row(key).mark(native, TCP) == pytest.approx(most)


def test_both_figures_are_judged_run_by_run() -> None:
    # The machine was half as fast in the second run: the ratio must not see that.
    result = Result(row("hashcat"), [10.0, 20.0, 10.0], [10.5, 21.0, 30.0], [{}, {}, {}])
    assert result.ratio == pytest.approx(1.05)
    assert result.reached


def test_a_missed_mark_is_missed() -> None:
    assert not Result(row("launch_finish"), [50e-6], [181e-6], [TCP]).reached
