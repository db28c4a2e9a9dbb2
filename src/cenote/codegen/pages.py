"""The pages of docs/ that say what the code says: how calls are carried, which answers are changed, the REST API."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from cenote.codegen.model import Function
from cenote.codegen.render import Api
from cenote.spec.idl import Carry, Hand
from cenote.spec.info import Query, Source

_GENERATED = "<!-- Generated from src/cenote/spec and tests/ by “make pages”. -->"
_SHOWN = 3  # tests of a function that are named; a longer list would change with every test
_FOLDERS = ("opencl", "apps", "client", "cli")  # of tests that run programs
# A call, or the name by which the program finds the function.
_CALL = re.compile(r'(?<![A-Za-z])(cl[A-Z]\w+)\(|"(cl[A-Z]\w+)"')

_COVERAGE = """
Every function of OpenCL 1.0 to 3.0, and of the extensions that are carried: how a call reaches the server, and which
tests call it.

**carried** is *one-way* where the call is sent and the program goes on; *waits* where it is sent and the program waits
for the server's answer; *cached* where the answer is what the server said at connect or at build, or what it said the
first time; *in the client* where the call never leaves it; *refused* where the answer is the code for what a device
does not do. With `CENOTE_SYNC=1` the one-way calls wait too.

**a late failure** is one of a call that did not wait, and that only the server could find: this says where the program
hears of it. A command's event ends with the code; the queue's next call that waits says `CL_OUT_OF_RESOURCES`, once,
and later commands still run.

**by hand** names the ends that are C++ of their own; all else is generated from the signature. What is written by hand
may wait in other cases too: for memory beyond what the server has set aside, say, or for a large payload.

**tests** are the programs of `tests/opencl/programs`, and other files below `tests/`, that call the function: found by
looking for the call, so a test that is taken away is missing here too.
"""

_DIFFERENCES = """
A program sees the server's devices as they are: every answer to a query is the driver's own. These are all the
exceptions, from the table that the shim is generated from. The tests of [clinfo](../tests/apps/test_clinfo.py) compare
all other answers with the driver's, and these with what is said here.
"""


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _GENERATED, *(part.strip() for part in parts)]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines)


# ── Coverage ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_comments(file: Path) -> str:
    text = file.read_text()
    return text if file.suffix == ".py" else re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


class Callers:
    """Which tests call which functions."""

    def __init__(self, root: Path) -> None:
        self._calls: dict[str, list[str]] = {}
        files = [f for folder in _FOLDERS for f in (root / folder).rglob("*") if f.suffix in {".c", ".h", ".py"}]
        programs = root / "opencl" / "programs"
        for file in sorted(files, key=lambda f: (f.parent != programs, f.suffix == ".h", f.stem)):
            shown = file.name.removesuffix(".c") if file.parent == programs else str(file.relative_to(root))
            for call in {match[1] or match[2] for match in _CALL.finditer(_without_comments(file))}:
                self._calls.setdefault(call, []).append(shown)

    def of(self, name: str) -> list[str]:
        return self._calls.get(name, [])


def _carried(function: Function, queries: dict[str, Query]) -> str:
    match function.spec.carry:
        case Carry.LOCAL:
            return "in the client"
        case Carry.REFUSED:
            return "refused"
        case Carry.CACHED if function.name in queries:
            return _answered(queries[function.name])
        case Carry.CACHED:
            return "cached"
        case carry:
            blocking = next((p.name for p in function.params if p.name.startswith("blocking")), None)
            return f"waits where `{blocking}` is set, else one-way" if blocking else str(carry)


def _answered(query: Query) -> str:
    sources = {info.source for info in query.params}
    if sources == {Source.CLIENT}:
        return "in the client"
    live = ", ".join(f"`{info.name}`" for info in query.params if info.source is Source.LIVE)
    return f"cached; waits for {live}" if live else "cached"


def _by_hand(function: Function) -> str:
    if function.shim_by_hand and not function.travels and function.spec.hand is Hand.NONE:
        return "client"
    return {Hand.NONE: "", Hand.SHIM: "client", Hand.WORKER: "server", Hand.BOTH: "client, server"}[function.spec.hand]


def _heard(function: Function) -> str:
    return str(function.spec.surfaces or "")


def _tested(tests: list[str]) -> str:
    if not tests:
        return "**none**"
    return ", ".join(tests[:_SHOWN]) + (" …" if len(tests) > _SHOWN else "")


def coverage(api: Api, tests: Path) -> str:
    """docs/<api>-coverage.md."""
    queries: dict[str, Query] = {q.function: q for q in api.queries}
    found = Callers(tests)

    def rows(function: Function) -> list[list[str]]:
        first = [f"`{function.name}`", _carried(function, queries), _heard(function), _by_hand(function)]
        others = [[f"`{alias}`", f"as `{function.name}`", "", ""] for alias in function.names[1:]]
        return [[*cells, _tested(found.of(cells[0].strip("`")))] for cells in [first, *others]]

    def since(function: Function) -> tuple[bool, str]:
        return not function.spec.since[0].isdigit(), function.spec.since

    head = ["function", "carried", "a late failure", "by hand", "tests"]
    sections = []
    for (extension, version), functions in groupby(sorted(api.exported, key=since), since):
        title = f"`{version}`" if extension else f"OpenCL {version}"
        sections.append(f"## {title}\n\n" + _table(head, [row for f in functions for row in rows(f)]))
    untested = ", ".join(f"`{name}`" for f in api.exported for name in f.names if not found.of(name))
    missing = [f"No test calls {untested}."] if untested else []
    return _page("OpenCL: what is carried", _COVERAGE, *missing, *sections, _extensions(api))


def _extensions(api: Api) -> str:
    spec = importlib.import_module(f"cenote.spec.{api.name}_extensions")
    carried = [[kind, " ".join(f"`{name}`" for name in sorted(names))] for kind, names in spec.CARRIED.items()]
    masked = [[why, " ".join(f"`{name}`" for name in sorted(names))] for why, names in spec.MASKED.items()]
    return "\n\n".join(
        [
            "## Extensions",
            "A program is offered these where the driver has them:",
            _table(["what they are", "extensions"], carried),
            "All others are masked. Those that have been looked at, and why they are:",
            _table(["why", "extensions"], masked),
        ]
    )


# ── Differences ──────────────────────────────────────────────────────────────────────────────────────────────────────


def differences(api: Api) -> str:
    """docs/differences.md."""
    rows = [[f"`{o.name}`", o.driver, o.becomes, o.why] for o in api.overrides]
    return _page(
        "Answers that differ from the driver's",
        _DIFFERENCES,
        _table(["query", "the driver may say", "the program sees", "why"], rows),
    )


def rest() -> str:
    """docs/api.md."""
    from cenote.codegen import rest_page  # what it needs is not there when a wheel is built

    return rest_page.page()


def pages(api: Api, root: Path) -> dict[str, Callable[[], str]]:
    """Generated pages by their path below the project's folder."""
    return {
        f"docs/{api.name}-coverage.md": lambda: coverage(api, root / "tests"),
        "docs/differences.md": lambda: differences(api),
        "docs/api.md": rest,
    }
