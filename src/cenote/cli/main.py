"""``cenote``: what users type. Rooms are imported inside the commands, so that help and ``run`` start fast."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cenote.cli.configured import configured
from cenote.config import SETTINGS, Settings
from cenote.errors import CenoteError

EXIT_CODES = """Exit codes:
  69  no server answers
  75  no device fits
  76  what answers speaks another protocol or version
  77  wrong or missing key
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


@app.command()
@configured("serve.listen", "serve.device", "link_timeout", "log")
def serve(
    settings: Settings,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more: the same as --log debug.")] = False,
) -> None:
    """Lends this machine's devices.

    Ctrl-C ends it and the sessions on it; SIGTERM ends it and lets running programs finish.

    Example: cenote serve --listen 192.168.1.5 --device type=gpu --device 'name~rtx|radeon'
    """
    from cenote.cli import show
    from cenote.server import supervisor

    show.log_to_stderr("debug" if verbose else settings.log or "info")
    show.ended(supervisor.serve(settings.serve.listen, settings.serve.device, show.running))


@app.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False})
@configured("server", "key", "run.devices", "run.share", "run.memory", "link_timeout", "log")
def run(
    settings: Settings,
    command: Annotated[list[str], typer.Argument(metavar="PROGRAM [ARGS]…", help="What to run; put -- before it.")],
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the time of every call there; opens in ui.perfetto.dev.")
    ] = None,
) -> None:
    """Runs a program that sees the devices of one or several servers.

    Its exit status is the program's, and signals go to the program. Children of the program see the devices, too.

    Example: cenote run --server gpu1 --server gpu2 -n 2 -p 0.5 -- ./train --epochs 3
    """
    from cenote.client import launch
    from cenote.client.allocation import Wanted

    wanted = Wanted.from_words(settings.run.devices, settings.run.share, settings.run.memory)
    launch.end_like(launch.run(settings.server, settings.key, wanted, command, trace))


@app.command("list")
@configured("server", "key")
def list_(settings: Settings) -> None:
    """Lists the devices of servers: real names, memory, driver, who uses them.

    Example: cenote list --server gpu1
    """
    from cenote.cli import show
    from cenote.client.allocation import key_of_each
    from cenote.client.control import Control

    for address, key in zip(settings.server, key_of_each(settings.server, settings.key), strict=True):
        with Control.open(address, key) as control:
            show.devices(control.server_host, control.request("list")["devices"])


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
@configured(*SETTINGS)
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


def main() -> NoReturn:
    """The console script."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # it is closed; no file of ours may take its number
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115 - as long as we run
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
