"""``cenote``: what users type. Rooms are imported inside the commands, so that help and ``run`` start fast."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from cenote.cli import admin, borrow, container, status
from cenote.cli.configured import configured
from cenote.config import SETTINGS, Settings, option
from cenote.errors import CenoteError

EXIT_CODES = """Exit codes:
  64  what was asked for makes no sense, or not as things are now
  69  no server answers, or no manager of the pool
  74  the pool's database cannot be used now
  75  no device fits, or none became free in time
  76  what answers speaks another protocol or version
  77  wrong or missing token, or not allowed
  78  a setting has a wrong name or value
 126  the program cannot be run
 127  there is no such program
   1  anything else"""
app = typer.Typer(
    name="cenote",
    help="Uses the OpenCL devices of other machines as if they were local.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

settings_app = typer.Typer(
    name="config",
    help="""Says how Cenote is configured.

    Settings come from /etc/cenote/config.toml, then ~/.config/cenote/config.toml, then CENOTE_* variables, then
    options. The later one wins.

    Example: cenote config show --json""",
    no_args_is_help=True,
)
app.add_typer(settings_app)
borrow.add_to(app)
app.command()(container.container)
admin.add_to(app)
status.add_to(app)


@app.command()
@configured("serve.listen", "serve.device", "serve.name", "serve.address", "link_timeout", "log", "log_format")
def serve(
    settings: Settings,
    join: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Join the pool of this join string. Or its text in variable: CENOTE_JOIN"),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more: the same as --log debug.")] = False,
) -> None:
    """Lends this machine's devices, in a pool of its own or in that which it joins.

    The first start makes the pool, with a manager that runs beside the server and a token for you. Ctrl-C ends the
    server, the programs on it, and that manager; SIGTERM ends the server alone and lets running programs finish.

    Example: cenote serve --listen 192.168.1.5 --device type=gpu --device 'name~rtx|radeon'
    """
    from cenote import logs
    from cenote.cli import pools, show
    from cenote.server import supervisor

    wish = pools.wish(settings, join)
    logs.to_stderr("debug" if verbose else settings.log or "info", settings.log_format)
    show.ended(supervisor.serve(settings.serve.listen, settings.serve.device, wish, show.running))


@app.command()
@configured(
    "pool.store",
    "pool.listen",
    "pool.managers",
    "pool.authority",
    "pool.certificate",
    "pool.certificate_key",
    "pool.max_time",
    "pool.max_idle",
    "pool.placement",
    "log",
    "log_format",
)
def manager(
    settings: Settings,
    new_admin_token: Annotated[
        bool,
        typer.Option("--new-admin-token", help="Only make an admin’s token, where that is lost, and say where it is."),
    ] = False,
) -> None:
    """Manages a pool, without lending anything itself.

    Several managers share a PostgreSQL database and the authority's folder.

    Example: cenote manager --listen 192.168.1.2 --store postgresql://cenote@db/cenote
    """
    from cenote import logs
    from cenote.cli import show
    from cenote.pool import alone
    from cenote.pool.home import Home

    logs.to_stderr(settings.log or "info", settings.log_format)
    if new_admin_token:
        print(alone.new_admin_token(Home.of_this_host(), settings.pool))
        return
    alone.run(Home.of_this_host(), settings.pool, show.manager)


@app.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False})
@configured("run.devices", "run.share", "run.memory", "server", "token_file", "link_timeout", "log")
def run(
    settings: Settings,
    command: Annotated[list[str], typer.Argument(metavar="PROGRAM [ARGS]…", help="What to run; put -- before it.")],
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the time of every call there; opens in ui.perfetto.dev.")
    ] = None,
    allocation: borrow.Named = None,
    filter: borrow.Filter = None,
    wait: borrow.Wait = None,
    priority: borrow.Priority = None,
    same_server: borrow.SameServer = False,
) -> None:
    """Runs a program that sees devices of the pool, and gives them back when it ends.

    Its exit status is the program's, and signals go to the program. Children of the program see the devices, too.

    Example: cenote run -n 2 -p 0.5 --wait 10m -- ./train --epochs 3
    """
    from cenote.client import launch

    container.refuse(settings, command)
    acquire = borrow.acquiring(settings, allocation, filter, wait, priority, same_server)
    launch.end_like(launch.run(acquire, command, trace))


class Listed(StrEnum):
    """What a pool can list."""

    SERVERS = "servers"
    DEVICES = "devices"
    ALLOCATIONS = "allocations"
    QUEUE = "queue"


@app.command("list")
@configured("server", "token_file")
def list_(
    settings: Settings,
    what: Annotated[Listed, typer.Argument(help="Of the pool.")] = Listed.DEVICES,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Lists the pool's devices, its servers, what is lent, or who waits.

    Example: cenote list allocations
    """
    from cenote.cli import show_pool

    with borrow.pool(settings) as pool:
        found = getattr(pool, what)()
        if settings.server:
            named = {server["name"] for server in borrow.servers(pool, settings.server)}
            found = [row for row in found if named & _servers_of(row)]
    (show_pool.as_json if as_json else getattr(show_pool, what))(found)


def _servers_of(row: dict[str, Any]) -> set[str]:
    """Those that one of the lists' rows has to do with."""
    if "parts" in row:
        return {part["server"] for part in row["parts"]}
    return {row[name] for name in ("server", "name") if name in row}


@app.command()
@configured("server", "token_file")
def netperf(
    settings: Settings,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.1, help="How many seconds to measure, for each server.")
    ] = 3.0,
) -> None:
    """Measures the links to servers and says what they mean for a program.

    Example: cenote netperf --server gpu1
    """
    from cenote.cli import show
    from cenote.client import netperf as link

    with borrow.pool(settings) as pool:
        for server in borrow.servers(pool, settings.server):
            door = borrow.probe(pool, server["name"])
            show.link(door.server, str(door.address), link.measure(door, seconds))


@settings_app.command("show")
@configured(*{option(name): name for name in reversed(SETTINGS)}.values())
def config_show(
    settings: Settings,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Prints every setting, its value and where that comes from.

    With options as other commands have them it shows what these commands would do.

    Example: cenote config show --server gpu1
    """
    from cenote.cli import show

    (show.settings_as_json if as_json else show.settings)(settings)


@app.command()
def doctor() -> None:
    """Says what is wrong with this machine, and how to mend it. Exits with 1 if something is.

    Example: cenote doctor
    """
    from cenote import doctor as checks
    from cenote.cli import show

    raise typer.Exit(show.findings(checks.examine()))


@app.command()
def version() -> None:
    """Prints the versions of Cenote and of its protocol.

    Example: cenote version
    """
    from cenote import __version__, protocol

    print(f"cenote {__version__} (protocol {protocol.MAJOR}.{protocol.MINOR})")


def _narrow(words: list[str]) -> None:
    """Leaves of the app what is asked for: Typer builds all of its commands, which takes longer than most of them."""
    asked = [one for one in app.registered_commands if [one.name or getattr(one.callback, "__name__", "")] == words]
    if asked:
        app.registered_commands, app.registered_groups = asked, []
        app.callback()(lambda: None)  # a lone command would have no name to be called by


def main() -> NoReturn:
    """The console script."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # it is closed; no file of ours may take its number
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115 - as long as we run
    _narrow(sys.argv[1:2])
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except CenoteError as error:
        print(f"cenote: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # then whoever reads us has seen enough
            print(f"cenote: {error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
        os._exit(1)  # an orderly exit would try to write once more
    sys.exit(0)
