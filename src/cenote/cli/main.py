"""``cenote``: what users type. Rooms are imported inside the commands, so that help and ``run`` start fast."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cenote.errors import CenoteError

EXIT_CODES = """Exit codes:
  69  no server answers
  75  no device fits
  76  what answers speaks another protocol or version
  77  wrong or missing key
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

Servers = Annotated[
    list[str],
    typer.Option("--server", "-s", metavar="HOST[:PORT]", envvar="CENOTE_SERVER", help="The server; may be repeated."),
]
Server = Annotated[
    str, typer.Option("--server", "-s", metavar="HOST[:PORT]", envvar="CENOTE_SERVER", help="The server.")
]
KEY_HELP = "Key file of the server; found by itself on the server’s own host."
Key = Annotated[Path | None, typer.Option("--key", "-k", metavar="FILE", envvar="CENOTE_KEY", help=KEY_HELP)]
Keys = Annotated[list[Path], typer.Option("--key", "-k", metavar="FILE", envvar="CENOTE_KEY", help=KEY_HELP)]


@app.command()
def serve(
    listen: Annotated[
        list[str],
        typer.Option("--listen", "-l", metavar="ADDR[:PORT]", help="Where to listen; everywhere if not given."),
    ] = [],  # noqa: B006
    device: Annotated[
        list[str], typer.Option("--device", "-d", metavar="FILTER", help="TEXT in the name, FIELD=TEXT or FIELD~REGEX.")
    ] = [],  # noqa: B006
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Lends this machine's devices.

    Ctrl-C ends it and the sessions on it; SIGTERM ends it and lets running programs finish.

    Example: cenote serve --listen 192.168.1.5 --device type=gpu --device 'name~rtx|radeon'
    """
    from cenote.cli import show
    from cenote.protocol import Address
    from cenote.server import supervisor

    show.log_to_stderr(verbose)
    sessions = supervisor.serve([Address.parse(text) for text in listen], device, show.running)
    show.ended(sessions)


@app.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False})
def run(
    command: Annotated[list[str], typer.Argument(metavar="PROGRAM [ARGS]…", help="What to run; put -- before it.")],
    server: Servers = ["localhost"],  # noqa: B006
    key: Keys = [],  # noqa: B006
    count: Annotated[
        int | None,
        typer.Option("-n", "--devices", metavar="N", min=1, help="How many devices; all of the servers’ if not given."),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the time of every call there; opens in ui.perfetto.dev.")
    ] = None,
) -> None:
    """Runs a program that sees the devices of one or several servers.

    Its exit status is the program's, and signals go to the program. Children of the program see the devices, too.

    Example: cenote run --server gpu1 --server gpu2 -n 2 -- ./train --epochs 3
    """
    from cenote.client import launch
    from cenote.protocol import Address

    launch.end_like(launch.run([Address.parse(text) for text in server], key, count, command, trace))


@app.command("list")
def list_(server: Servers = ["localhost"], key: Keys = []) -> None:  # noqa: B006
    """Lists the devices of servers: real names, memory, driver, who uses them.

    Example: cenote list --server gpu1
    """
    from cenote.cli import show
    from cenote.client.allocation import key_of_each
    from cenote.client.control import Control
    from cenote.protocol import Address

    addresses = [Address.parse(text) for text in server]
    for address, key_file in zip(addresses, key_of_each(addresses, key), strict=True):
        with Control.open(address, key_file) as control:
            show.devices(control.server_host, control.request("list")["devices"])


@app.command()
def netperf(
    server: Server = "localhost",
    key: Key = None,
    seconds: Annotated[float, typer.Option(metavar="S", min=0.1, help="How many seconds to measure.")] = 3.0,
) -> None:
    """Measures the link to a server and says what it means for a program.

    Example: cenote netperf --server gpu1
    """
    from cenote.cli import show
    from cenote.client import netperf as link
    from cenote.client.control import Control
    from cenote.protocol import Address

    with Control.open(Address.parse(server), key) as control:
        show.link(control.address, link.measure(control, seconds))


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
