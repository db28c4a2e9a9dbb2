"""The guide and the README against the code: commands and options exist, messages are said, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cenote.cli.main import app

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
GUIDE = (PROJECT / "docs/guide.md").read_text()
COMMAND = re.compile(r"^    (?:[A-Z_]+=\S+ )*cenote (.*)$", re.MULTILINE)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def _spoken() -> str:
    """All that is said: Python's and C++'s string literals, adjacent ones joined."""
    folders = (PROJECT / "src/cenote", PROJECT / "native")
    files = [f for folder in folders for f in folder.rglob("*") if f.suffix in {".py", ".cpp", ".hpp"}]
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(f.read_text() for f in files))


@pytest.mark.parametrize("page", [PROJECT / "README.md", PROJECT / "docs/guide.md"], ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    commands: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
    shown = COMMAND.findall(page.read_text())
    assert shown
    for line in shown:
        name, *words = line.split(" -- ")[0].split("#")[0].split()
        command = commands[name]
        if parts := vars(command).get("commands"):
            command = parts[words.pop(0)]
        options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= options, line


def test_messages_are_said() -> None:
    spoken = _spoken()
    messages = re.findall(r"^\| `([^`]+)` \|", GUIDE[GUIDE.index("## Troubleshooting") :], re.MULTILINE)
    assert len(messages) > 10
    for message in messages:
        for part in filter(None, (part.strip() for part in message.split("…"))):
            assert part in spoken, message


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, target
