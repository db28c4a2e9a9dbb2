"""pyopencl's own tests, with the wheel from PyPI: one pytest a file and side, its verdicts read from JUnit's XML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.suites.results import PASSED, Results
from tests.support import borrower
from tests.support.differential import Outcome, Pair


@dataclass(frozen=True)
class Suite:
    """The folder with the tests of pyopencl's source distribution, and who runs them."""

    tests: Path
    python: Path | None
    timeout: float
    select: tuple[str, ...] = ()

    def files(self) -> list[str]:
        return sorted(file.name for file in self.tests.glob("test_*.py"))

    def run_file(self, pair: Pair, side: str, file: str, folder: Path) -> tuple[dict[str, str], Outcome]:
        """The verdict of each test in a file."""
        xml = folder / f"{file}.{side}.xml"
        xml.unlink(missing_ok=True)
        interpreter = self.python or borrower.python()
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={xml}", *self.select]
        command: list[str | Path] = [interpreter, "-m", "pytest", *options, self.tests / file]
        start = pair.native if side == "native" else pair.remote
        caches = {"XDG_CACHE_HOME": str(folder / f"cache-{side}"), "PYOPENCL_NO_CACHE": "1"}
        outcome = start(command, cwd=folder, timeout=self.timeout, **caches)
        if not xml.exists():
            return {file: "timed out" if outcome.status is None else "crashed"}, outcome
        return dict(_verdicts(xml)), outcome

    def run(self, pair: Pair, results: Results, sides: tuple[str, ...]) -> Iterator[str]:
        folder = results.file.parent / "logs" / results.driver / "pyopencl"
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.files():
            for side in sides:
                verdicts, outcome = self.run_file(pair, side, file, folder)
                (folder / f"{file}.{side}.log").write_text(outcome.shown())
                for test, verdict in verdicts.items():
                    results.add(file.removesuffix(".py"), test, side, verdict)
                results.save()
                passed = sum(verdict == PASSED for verdict in verdicts.values())
                yield f"{file} {side}: {passed} of {len(verdicts)} passed"


def _verdicts(xml: Path) -> Iterator[tuple[str, str]]:
    for case in ElementTree.parse(xml).iter("testcase"):  # noqa: S314 – pytest wrote it just now
        outcomes = {child.tag for child in case}
        verdict = "failed" if outcomes & {"failure", "error"} else "skipped" if "skipped" in outcomes else PASSED
        yield case.get("name", "?"), verdict
