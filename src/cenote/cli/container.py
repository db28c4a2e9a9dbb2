"""``cenote container``: borrowed devices for containers that know nothing of Cenote."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cenote.cli import borrow
from cenote.cli.configured import configured
from cenote.config import Settings, option, value
from cenote.errors import Invalid

if TYPE_CHECKING:
    pass

_SYSTEM = Path("/etc/cdi")
_RUNTIMES = {"docker", "podman", "nerdctl"}
_STARTING = {"run", "create"}


@configured(*borrow.SIZES, "token_file")
def container(
    settings: Settings,
    term: borrow.Term = None,
    filter: borrow.Filter = None,
    wait: borrow.Wait = None,
    priority: borrow.Priority = None,
    same_server: borrow.SameServer = False,
    allocation: borrow.Named = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the CDI file goes.", show_default=True)
    ] = _SYSTEM,
    cdi: Annotated[
        bool, typer.Option("--cdi/--no-cdi", help="A CDI file, or else mounts and variables.", show_default=False)
    ] = True,
    libraries: Annotated[
        str, typer.Option("--library-path", metavar="PATHS", help="What LD_LIBRARY_PATH is in the image.")
    ] = "",
) -> None:
    """Prepares borrowed devices for containers, and prints how one is started with them.

    On the allocation that is named, else on what was requested in this terminal, else on devices that are requested
    anew. They are held until “cenote release”, or for as long as --for says.

    Example: cenote container -n 2 --for 2h
    """
    from cenote.client import container as containers
    from cenote.client.borrowing import Borrowed

    anew = borrow.asks_anew(settings, allocation, filter, wait, priority, same_server)
    if cdi:
        containers.ready(output)
    with borrow.pool(settings) as pool:
        containers.sweep(pool)
        held = borrow.held(pool, allocation, anew)
        if held is None:
            wanted = borrow.asking(settings, filter, wait, priority, same_server, tethered=False, term=term)
            held = Borrowed.existing(pool, borrow.requested(pool, wanted)["id"])
    prepared = containers.prepare(held, [part for part in libraries.split(":") if part])
    if cdi:
        borrow.say(f"{containers.write(prepared, output)} is written")
    if prepared.here:
        borrow.say("a server is reached within this machine alone, so the container needs this machine’s network")
    print(f"docker run --rm {shlex.join(prepared.options(cdi=cdi))} IMAGE PROGRAM")


def refuse(settings: Settings, command: Sequence[str]) -> None:
    """Raises Invalid when “cenote run” would start a container, which gets nothing of its variables and files."""
    if Path(command[0]).name not in _RUNTIMES or (place := _start(command)) is None:
        return
    from cenote.client.container import KIND

    sizes = [
        word
        for name in borrow.SIZES
        if settings.sources[name].kind == "flag"
        for one in _each(value(settings, name))
        for word in (option(name), str(one))
    ]
    first = shlex.join(["cenote", "container", *sizes])
    then = shlex.join([*command[: place + 1], "--device", f"{KIND}=ID", *command[place + 1 :]])
    raise Invalid(f"programs in a container would not see the devices: run “{first}”, and then “{then}” with its ID")


def _each(found: object) -> tuple[object, ...]:
    """Of a setting that may have several values."""
    return found if isinstance(found, tuple) else (found,)


def _start(command: Sequence[str]) -> int | None:
    """Where the sub-command stands that starts a container, behind options of the runtime and their values."""
    for place, word in enumerate(command[1:], start=1):
        if word in _STARTING:
            return place
        if not (word.startswith("-") or word == "container" or command[place - 1].startswith("-")):
            break
    return None
