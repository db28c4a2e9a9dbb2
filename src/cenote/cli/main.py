"""``cenote``: what users type. Rooms are imported inside the commands, so that help and ``run`` start fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cenote.cli import admin, borrow, container, status
from cenote.cli.configured import configured
from cenote.config import SETTINGS, Settings, option
from cenote.errors import CenoteError

if TYPE_CHECKING:
    from cenote.client.launch import Held

EXIT_CODES = """Exit codes:
  64  what was asked for makes no sense, or not as things are now
  69  no server answers, or no manager of the pool
  74  the pool's database cannot be used now
  75  no device fits, or none became free in time
  76  what answers speaks another protocol or version
  77  wrong or missing key or token, or not allowed
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
    pool: Annotated[bool, typer.Option("--pool", help="Start a pool here, whose manager runs beside.")] = False,
    join: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Join the pool of this join string. Or its text in variable: CENOTE_JOIN"),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more: the same as --log debug.")] = False,
) -> None:
    """Lends this machine's devices.

    Ctrl-C ends it, the sessions on it, and the manager beside it; SIGTERM ends it alone and lets running programs
    finish.

    Example: cenote serve --listen 192.168.1.5 --device type=gpu --device 'name~rtx|radeon'
    """
    from cenote import logs
    from cenote.cli import pools, show
    from cenote.server import supervisor

    wish = pools.wish(settings, pool, join)
    logs.to_stderr("debug" if verbose else settings.log or "info", settings.log_format)
    show.ended(supervisor.serve(settings.serve.listen, settings.serve.device, wish, show.running))


@app.command()
@configured(
    "pool.store",
    "pool.listen",
    "pool.managers",
    "pool.authority",
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
@configured("server", "key", "run.devices", "run.share", "run.memory", "link_timeout", "log")
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
    """Runs a program that sees devices of the pool, or those of servers that are named.

    Its exit status is the program's, and signals go to the program. Children of the program see the devices, too.

    Example: cenote run -n 2 -p 0.5 --wait 10m -- ./train --epochs 3
    """
    from cenote.client import launch

    container.refuse(settings, command)
    acquire = borrow.from_pool(settings, allocation, filter, wait, priority, same_server) or _direct(settings, command)
    launch.end_like(launch.run(acquire, command, trace))


def _direct(settings: Settings, command: list[str]) -> Callable[[], Held]:
    """From the servers that are named, whose keys we have."""
    from cenote.client.allocation import Allocations, Wanted

    wanted = Wanted.from_words(settings.run.devices, settings.run.share, settings.run.memory)
    return lambda: Allocations.request(settings.server, settings.key, wanted, command)


class Listed(StrEnum):
    """What a pool can list."""

    SERVERS = "servers"
    DEVICES = "devices"
    ALLOCATIONS = "allocations"
    QUEUE = "queue"


@app.command("list")
@configured("server", "key")
def list_(
    settings: Settings,
    what: Annotated[Listed | None, typer.Argument(help="Of a pool; devices if not given.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Lists the devices of the pool, or of servers that are named: real names, memory, driver, who uses them.

    Example: cenote list allocations
    """
    if pool := borrow.pool(settings, needed=what is not None):
        from cenote.cli import show_pool

        with pool:
            found = getattr(pool, what or Listed.DEVICES)()
        (show_pool.as_json if as_json else getattr(show_pool, what or Listed.DEVICES))(found)
        return

    from cenote.cli import show
    from cenote.client.allocation import key_of_each
    from cenote.client.control import Control

    hosts = {}
    for address, key in zip(settings.server, key_of_each(settings.server, settings.key), strict=True):
        with Control.open(address, key) as control:
            hosts[control.server_host] = control.request("list")["devices"]
    show.hosts_as_json(hosts) if as_json else show.hosts(hosts)


@app.command()
@configured("server", "key")
def netperf(
    settings: Settings,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.1, help="How many seconds to measure, for each server.")
    ] = 3.0,
) -> None:
    """Measures the link to servers and says what it means for a program.

    Example: cenote netperf --server gpu1
    """
    from cenote.cli import show
    from cenote.client import netperf as link
    from cenote.client.allocation import key_of_each
    from cenote.client.control import Control

    for address, key in zip(settings.server, key_of_each(settings.server, settings.key), strict=True):
        with Control.open(address, key) as control:
            show.link(control.address, link.measure(control, seconds))


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
