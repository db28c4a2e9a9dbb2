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
    from cenote.client.borrowing import Borrowed
    from cenote.client.pool import Pool

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

    anew = any(settings.sources[name].kind == "flag" for name in borrow.SIZES)
    anew |= same_server or any(option is not None for option in (filter, wait, priority))
    if allocation and anew:
        raise Invalid("what is asked for cannot be changed: --allocation goes with no option that says how much")
    if cdi:
        containers.ready(output)
    with borrow.pool(settings) as pool:
        containers.sweep(pool)
        held = _held(pool, allocation, anew) or _new(pool, settings, term, filter, wait, priority, same_server)
    prepared = containers.prepare(held, [part for part in libraries.split(":") if part])
    if cdi:
        borrow.say(f"{containers.write(prepared, output)} is written")
    if prepared.here:
        borrow.say("a server is reached within this machine alone, so the container needs this machine’s network")
    print(f"docker run --rm {shlex.join(prepared.options(cdi=cdi))} IMAGE PROGRAM")


def _held(pool: Pool, allocation: str | None, anew: bool) -> Borrowed | None:
    from cenote.client.borrowing import Borrowed

    if allocation:
        return Borrowed.existing(pool, allocation)
    return None if anew else borrow.recalled(pool)


def _new(
    pool: Pool,
    settings: Settings,
    term: str | None,
    filter: str | None,
    wait: str | None,
    priority: int | None,
    same_server: bool,
) -> Borrowed:
    from cenote.client import places
    from cenote.client.borrowing import Borrowed, asked

    wanted = asked(
        count=settings.run.devices,
        share=settings.run.share,
        memory=settings.run.memory,
        filter=places.narrowed(settings.server, filter),
        term=term,
        wait=wait,
        priority=priority,
        same_server=same_server,
        tethered=False,
    )
    return Borrowed.existing(pool, borrow.requested(pool, wanted)["id"])


def refuse(settings: Settings, command: Sequence[str]) -> None:
    """Raises Invalid when “cenote run” would start a container, which gets nothing of its variables and files."""
    if Path(command[0]).name not in _RUNTIMES or (place := _start(command)) is None:
        return
    from cenote.client.container import KIND

    named = [name for name in borrow.SIZES if settings.sources[name].kind == "flag"]
    sizes = [word for name in named for word in (option(name), str(value(settings, name)))]
    first = shlex.join(["cenote", "container", *sizes])
    then = shlex.join([*command[: place + 1], "--device", f"{KIND}=ID", *command[place + 1 :]])
    raise Invalid(f"programs in a container would not see the devices: run “{first}”, and then “{then}” with its ID")


def _start(command: Sequence[str]) -> int | None:
    """Where the sub-command stands that starts a container, behind options of the runtime and their values."""
    for place, word in enumerate(command[1:], start=1):
        if word in _STARTING:
            return place
        if not (word.startswith("-") or word == "container" or command[place - 1].startswith("-")):
            break
    return None
