"""What each test of a suite gave, on which side; kept as JSON so that a run can be continued and reported later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

SIDES = ("native", "remote")
PASSED = "passed"


@dataclass
class Results:
    """Verdicts of one suite on one driver: module → test → side → verdict. A test without verdicts has not been run."""

    file: Path
    suite: str
    driver: str
    version: str
    driver_version: str = ""
    timeout: float = 0
    modules: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, suite: str, driver: str, version: str = "") -> Results:
        """Those of an earlier run with the same version, to be completed; else none."""
        file = folder / f"{suite}-{driver}.json"
        if file.exists():
            content = json.loads(file.read_text())
            if content["version"] == version or not version:
                return cls(file, **content)
        return cls(file, suite, driver, version)

    def expect(self, module: str, tests: Iterable[str]) -> None:
        """Tests that belong to the suite, run or not."""
        for test in tests:
            self.modules.setdefault(module, {}).setdefault(test, {})

    def known(self, module: str, test: str, side: str) -> str | None:
        return self.modules.get(module, {}).get(test, {}).get(side)

    def add(self, module: str, test: str, side: str, verdict: str) -> None:
        self.modules.setdefault(module, {}).setdefault(test, {})[side] = verdict

    def forget_worse(self) -> None:
        """So that what passed natively and not remotely is run again on both sides."""
        for module, test, _ in self.worse():
            self.modules[module][test].clear()

    def save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        content = {name: value for name, value in vars(self).items() if name != "file"}
        self.file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")

    def worse(self) -> list[tuple[str, str, str]]:
        """Tests that pass natively and not remotely: module, test, what came instead."""
        return [
            (module, test, verdicts["remote"])
            for module, tests in sorted(self.modules.items())
            for test, verdicts in sorted(tests.items())
            if verdicts.get("native") == PASSED and verdicts.get("remote", PASSED) != PASSED
        ]
