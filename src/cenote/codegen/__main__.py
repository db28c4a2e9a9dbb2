"""Generates the C++ of every API from its spec: ``python -m cenote.codegen --out build/generated``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cenote.codegen.pages import pages
from cenote.codegen.render import Api, outputs, protocol_header, protocol_lock

APIS = ("opencl",)


def _write(path: Path, text: str) -> None:
    """Writes only what changed, so that a build does no more than it must."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cenote.codegen", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the generated files")
    parser.add_argument("--list-outputs", action="store_true", help="print the generated files, one a line")
    parser.add_argument(
        "--pages", type=Path, metavar="PROJECT", help="write the generated pages of the project's docs/"
    )
    parser.add_argument("--lock", action="store_true", help="print opcodes and layouts (protocol.lock)")
    arguments = parser.parse_args()
    apis = [Api(name) for name in APIS]
    generated: dict[str, Callable[[], str]] = {"api/protocol.hpp": lambda: protocol_header(apis)}
    for api in apis:
        generated |= outputs(api)
        if arguments.lock:
            print(protocol_lock(api), end="")
        if arguments.pages:
            for path, write in pages(api, arguments.pages).items():
                _write(arguments.pages / path, write())
    for path, render in generated.items():
        if arguments.list_outputs:
            print(path)
        elif arguments.out:
            _write(arguments.out / path, render())


if __name__ == "__main__":
    main()
