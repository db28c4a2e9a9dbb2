"""The commands that say how a pool is, and how it was used. What is heavy is imported inside them."""

from __future__ import annotations

from typing import Annotated

import typer

from cenote.cli import borrow
from cenote.cli.configured import configured
from cenote.config import Settings

Json = Annotated[bool, typer.Option("--json", help="For scripts.")]


def add_to(app: typer.Typer) -> None:
    for command in (health, stats):
        app.command()(command)


@configured("token_file")
def health(settings: Settings, as_json: Json = False) -> None:
    """Looks at everything between this machine and the pool’s devices. Exits with 1 if something is wrong.

    This machine, the login, each manager, and each server as it is reached from here.

    Example: cenote health --json
    """
    from cenote import health as checks
    from cenote.cli import show

    found = checks.examine(settings.token_file)
    raise typer.Exit(show.findings_as_json(found) if as_json else show.findings(found))


@configured("token_file")
def stats(
    settings: Settings,
    since: Annotated[str, typer.Option(metavar="DURATION", help="How far back, 12h or 30d say.")] = "7d",
    as_json: Json = False,
) -> None:
    """Shows who had which devices for how long, how much of the time each was lent, and what is lent but not used.

    All users’ for admins and viewers, else your own.

    Example: cenote stats --since 7d
    """
    from cenote.cli import show_pool, show_stats
    from cenote.client import statistics
    from cenote.errors import Invalid
    from cenote.units import parse_duration

    if not (period := parse_duration(since)):
        raise Invalid("nothing happens in no time: --since is a second or more")
    with borrow.pool(settings) as pool:
        found = statistics.gather(pool, period, detailed=as_json)
    show_pool.as_json(found) if as_json else show_stats.statistics(found)
