"""pyopencl's own tests, with the wheel from PyPI: one pytest for each test function and side, so that one that hangs or
crashes stops nothing else. Verdicts are read from JUnit's XML."""

from __future__ import annotations

import re
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
    timeout: float
    select: tuple[str, ...] = ()
    name = "pyopencl"

    @property
    def version(self) -> str:
        """That of the source distribution, which gives its folder its name."""
        return self.tests.parent.name.partition("-")[2]

    def files(self) -> list[str]:
        return sorted(file.name for file in self.tests.glob("test_*.py"))

    def functions(self, file: str) -> list[str]:
        return re.findall(r"^def (test_\w+)", (self.tests / file).read_text(), re.MULTILINE)

    def run_file(
        self, pair: Pair, side: str, file: str, folder: Path, function: str = ""
    ) -> tuple[dict[str, str], Outcome]:
        """The verdict of each test in a file, or of the variants of one function in it."""
        xml = folder / f"{function or file}.{side}.xml"
        xml.unlink(missing_ok=True)
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={xml}", *self.select]
        what = f"{self.tests / file}::{function}" if function else self.tests / file
        start = pair.native if side == "native" else pair.remote
        caches = {"XDG_CACHE_HOME": str(folder / f"cache-{side}"), "PYOPENCL_NO_CACHE": "1"}
        outcome = start([borrower.python(), "-m", "pytest", *options, what], cwd=folder, timeout=self.timeout, **caches)
        if not xml.exists():
            return {function or file: "timed out" if outcome.status is None else "crashed"}, outcome
        return dict(_verdicts(xml)), outcome

    def run(self, pair: Pair, results: Results, sides: tuple[str, ...]) -> Iterator[str]:
        """Runs what has no result yet. Yields a line for each function."""
        folder = results.file.parent / "logs" / results.driver / "pyopencl"
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.files():
            module = file.removesuffix(".py")
            functions = self.functions(file)
            for number, function in enumerate(functions, 1):
                missing = [side for side in sides if not _known(results, module, function, side)]
                for side in missing:
                    for test, verdict in self._run_function(pair, side, file, function, folder).items():
                        results.add(module, test, side, verdict)
                    results.save()
                if missing:
                    told = (_count(side, _known(results, module, function, side)) for side in sides)
                    yield f"{module} {number}/{len(functions)} {function}: {', '.join(told)}"

    def _run_function(self, pair: Pair, side: str, file: str, function: str, folder: Path) -> dict[str, str]:
        """What a function said that did not pass is kept in the folder."""
        verdicts, outcome = self.run_file(pair, side, file, folder, function)
        (folder / f"{function}.{side}.xml").unlink(missing_ok=True)
        log = folder / f"{function}.{side}.log"
        log.unlink(missing_ok=True)
        if set(verdicts.values()) != {PASSED}:
            log.write_text(outcome.shown())
        return verdicts


def _known(results: Results, module: str, function: str, side: str) -> dict[str, str]:
    """The verdicts that are there for a function's variants."""
    return {
        test: verdicts[side]
        for test, verdicts in results.modules.get(module, {}).items()
        if test.partition("[")[0] == function and side in verdicts
    }


def _count(side: str, verdicts: dict[str, str]) -> str:
    return f"{side} {sum(verdict == PASSED for verdict in verdicts.values())} of {len(verdicts)} passed"


def _verdicts(xml: Path) -> Iterator[tuple[str, str]]:
    for case in ElementTree.parse(xml).iter("testcase"):  # noqa: S314 – pytest wrote it just now
        outcomes = {child.tag for child in case}
        verdict = "failed" if outcomes & {"failure", "error"} else "skipped" if "skipped" in outcomes else PASSED
        yield case.get("name", "?"), verdict
