"""The commands that say how a pool is, and how it was used. What is heavy is imported inside them."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


def add_to(app: typer.Typer) -> None:
    for command in (health,):
        app.command()(command)


def health(as_json: Json = False) -> None:
    """Looks at everything between this machine and the pool’s devices. Exits with 1 if something is wrong.

    This machine, the login, each manager, and each server as it is reached from here.

    Example: cenote health --json
    """
    from cenote import health as checks
    from cenote.cli import show

    found = checks.examine()
    raise typer.Exit(show.findings_as_json(found) if as_json else show.findings(found))
