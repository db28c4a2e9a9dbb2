"""What each test of a suite gave, on which side; kept as JSON so that a run can be continued and reported later."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

SIDES = ("native", "remote")
PASSED = "passed"


@dataclass
class Results:
    """Verdicts of one suite on one driver: module → test → side → verdict."""

    file: Path
    suite: str
    driver: str
    version: str = ""
    modules: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, suite: str, driver: str, version: str) -> Results:
        """Those of an earlier run with the same version, to be completed; else none."""
        file = folder / f"{suite}-{driver}.json"
        if file.exists():
            content = json.loads(file.read_text())
            if content["version"] == version or not version:
                return cls(file, suite, driver, content["version"], content["modules"])
        return cls(file, suite, driver, version)

    def known(self, module: str, test: str, side: str) -> str | None:
        return self.modules.get(module, {}).get(test, {}).get(side)

    def add(self, module: str, test: str, side: str, verdict: str) -> None:
        self.modules.setdefault(module, {}).setdefault(test, {})[side] = verdict

    def forget(self, modules: list[str], sides: tuple[str, ...]) -> None:
        for tests in (self.modules.get(module, {}) for module in modules):
            for verdicts in tests.values():
                for side in sides:
                    verdicts.pop(side, None)

    def save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        content = {"suite": self.suite, "driver": self.driver, "version": self.version, "modules": self.modules}
        self.file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")

    def worse(self) -> list[tuple[str, str, str]]:
        """Tests that pass natively and not remotely: module, test, what came instead."""
        return [
            (module, test, verdicts["remote"])
            for module, tests in sorted(self.modules.items())
            for test, verdicts in sorted(tests.items())
            if verdicts.get("native") == PASSED and verdicts.get("remote", PASSED) != PASSED
        ]
