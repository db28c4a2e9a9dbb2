"""The container file, read as a builder reads it, without building: that needs a network and minutes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cenote.cli.main import app
from cenote.config import SETTINGS, variable
from cenote.protocol import DEFAULT_PORT, MANAGER_PORT

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "deploy/container/Containerfile"
KNOWN = {"ARG", "FROM", "RUN", "WORKDIR", "COPY", "ENV", "VOLUME", "STOPSIGNAL", "ENTRYPOINT", "USER", "EXPOSE", "CMD"}
BUILT_FROM = ("pyproject.toml", "README.md", "CMakeLists.txt", "src/cenote/__init__.py", "native/shim/session.cpp")


@dataclass(frozen=True)
class Stage:
    name: str
    base: str
    steps: list[tuple[str, str]]

    def of(self, instruction: str) -> list[str]:
        return [argument for word, argument in self.steps if word == instruction]


def stages() -> dict[str, Stage]:
    """Each with what it has from the stage that it is made of."""
    text = re.sub(r"\\\n\s*", "", FILE.read_text())
    found: dict[str, Stage] = {}
    current: list[tuple[str, str]] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        word, _, argument = line.partition(" ")
        assert word in KNOWN, line
        if word == "FROM":
            base, keyword, name = argument.split()
            assert keyword == "AS"
            current = list(found[base].steps) if base in found else []
            found[name] = Stage(name, base, current)
        else:
            current.append((word, argument))
    return found


both = pytest.mark.parametrize(
    ("name", "command", "port"), [("server", "serve", DEFAULT_PORT), ("manager", "manager", MANAGER_PORT)]
)


@both
def test_an_image_starts_what_there_is(name: str, command: str, port: int) -> None:
    stage = stages()[name]
    assert [json.loads(stage.of(word)[-1]) for word in ("ENTRYPOINT", "CMD")] == [["cenote"], [command]]
    commands: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
    assert command in commands
    assert stage.of("EXPOSE") == [str(port)]
    named = re.findall(r"\b(CENOTE_\w+)=", " ".join(stage.of("ENV")))
    assert named and set(named) <= {variable(setting) for setting in SETTINGS}


@both
def test_an_image_is_nobodys_root(name: str, command: str, port: int) -> None:
    steps = stages()[name].steps
    users = [place for place, (word, _) in enumerate(steps) if word == "USER"]
    assert users and steps[users[-1]][1] == "cenote"
    assert not any(word in ("RUN", "COPY") for word, _ in steps[users[-1] :])


def test_only_the_building_stage_has_compilers() -> None:
    made = stages()
    for name, stage in made.items():
        installed = " ".join(stage.of("RUN"))
        assert ("g++" in installed) is (name == "build")
        for step in stage.of("RUN"):
            if "apt-get install" in step:
                assert "--no-install-recommends" in step and "rm -rf /var/lib/apt/lists/*" in step
        for copied in stage.of("COPY"):
            if source := re.match(r"--from=(\S+)", copied):
                assert source[1] in made


def test_the_base_has_a_version() -> None:
    (base,) = re.findall(r"^ARG BASE=(\S+)$", FILE.read_text(), re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/python:3\.(1[1-9])-slim-\w+", base)


def test_all_that_is_built_from_gets_there() -> None:
    ignored = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for file in BUILT_FROM:
        assert (PROJECT / file).exists()
        parents = [str(part) for part in (Path(file), *Path(file).parents)]
        assert not any(fnmatch(part, pattern) for part in parents for pattern in ignored), file
    hidden = (PROJECT / ".gitignore").read_text().replace("/", "").splitlines()
    assert {"build", ".venv", "dist"} <= set(ignored) and set(hidden) - {"*.egg-info"} <= {
        pattern.removeprefix("**/") for pattern in ignored
    }
