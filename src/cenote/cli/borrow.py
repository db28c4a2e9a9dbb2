"""The commands that borrow devices from a pool. What is heavy is imported inside them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cenote.cli.configured import configured
from cenote.config import Settings
from cenote.errors import Conflict, Invalid, NoDevice, NoKey, NotFound

if TYPE_CHECKING:
    from cenote.client.borrowing import Borrowed, View
    from cenote.client.launch import Held
    from cenote.client.pool import Pool
    from cenote.client.tether import Door

Filter = Annotated[
    str | None, typer.Option("--filter", "-f", metavar="FILTER", help="Which ones, like 'name~A100 and memory>=40GiB'.")
]
Wait = Annotated[
    str | None, typer.Option(metavar="TIME", help="How long to wait at most, 10m say; 0 does not. Else without limit.")
]
Priority = Annotated[int | None, typer.Option(min=0, max=10, help="Higher ones are served first, as far as allowed.")]
SameServer = Annotated[bool, typer.Option("--same-server", help="All devices of one server.")]
Named = Annotated[
    str | None,
    typer.Option("--allocation", metavar="ID", envvar="CENOTE_ALLOCATION", help="What “cenote request” has got."),
]

Term = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="How long, 2h say; if not given, as long as the pool allows."),
]

SIZES = ("run.devices", "run.share", "run.memory", "server")
_FEW = 10


def add_to(app: typer.Typer) -> None:
    for command in (login, logout, request, extend, release, smi):
        app.command()(command)


def login(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE|-]", help="Where the token is; - is the standard input.")
    ] = None,
) -> None:
    """Keeps a token for a pool, by which “run” and the other commands find and use it.

    Without a FILE it is the one in $CENOTE_TOKEN, or else asked for and not shown.

    Example: cenote login token.txt
    """
    from cenote.client.login import Login
    from cenote.client.pool import Pool
    from cenote.credentials import read_token

    found = Login.fetch(read_token(_token(file)))
    with Pool(found) as pool:
        me = pool.me()
    kept = found.save()
    print(f"Logged in as {me['name']} ({me['role']}) at {' and '.join(found.credential.managers)}; kept in {kept}.")


def logout() -> None:
    """Forgets the token that “cenote login” has kept. What is borrowed stays so.

    Example: cenote logout
    """
    from cenote.client import login

    if (kept := login.forget()) is None:
        raise NoKey("you are not logged in to a pool")
    print(f"{kept} is removed; “cenote token revoke” ends the token itself.")
    if login.is_there():
        say(f"from here on it is {login.find() or login.VARIABLE} that is used")


@configured(*SIZES, "token_file")
def request(
    settings: Settings,
    term: Term = None,
    filter: Filter = None,
    wait: Wait = None,
    priority: Priority = None,
    same_server: SameServer = False,
    idle: Annotated[
        str | None, typer.Option(metavar="TIME", help="Gives them back when nothing has used them for so long.")
    ] = None,
) -> None:
    """Borrows devices for a while, for all that is then run in this terminal. Prints their allocation's id.

    Example: cenote request -n 4 --for 2h
    """
    wanted = asking(settings, filter, wait, priority, same_server, tethered=False, term=term, idle=idle)
    with pool(settings) as connected:
        print(requested(connected, wanted)["id"])


def asking(
    settings: Settings,
    filter: str | None,
    wait: str | None,
    priority: int | None,
    same_server: bool,
    *,
    tethered: bool,
    term: str | None = None,
    idle: str | None = None,
) -> View:
    """What settings and options ask for, as the API wants it."""
    from cenote.client import borrowing, places

    return borrowing.asked(
        count=settings.run.devices,
        share=settings.run.share,
        memory=settings.run.memory,
        filter=places.narrowed(settings.server, filter),
        term=term,
        wait=wait,
        priority=priority,
        same_server=same_server,
        idle=idle,
        tethered=tethered,
    )


def asks_anew(
    settings: Settings,
    allocation: str | None,
    filter: str | None,
    wait: str | None,
    priority: int | None,
    same_server: bool,
) -> bool:
    """Whether an option says how much, so that nothing that is held already will do. Raises Invalid if one is named."""
    sizes = any(settings.sources[name].kind == "flag" for name in SIZES)
    anew = sizes or same_server or any(option is not None for option in (filter, wait, priority))
    if allocation and anew:
        raise Invalid("what is asked for cannot be changed: --allocation goes with no option that says how much")
    return anew


def held(pool: Pool, allocation: str | None, anew: bool) -> Borrowed | None:
    """What is named, else what was requested in this terminal unless devices are asked for ``anew``."""
    from cenote.client.borrowing import Borrowed

    if allocation:
        return Borrowed.existing(pool, allocation)
    return None if anew else _recalled(pool)


def requested(pool: Pool, wanted: View) -> View:
    """What is asked for, when it is there."""
    from cenote.cli import waiting
    from cenote.client import borrowing, remembered
    from cenote.units import human_duration

    with waiting.shown() as tell:
        view = borrowing.submit(pool, wanted, tell)
    here = remembered.remember(view["id"])
    how = "“cenote run” in this terminal uses it" if here else "name it with --allocation or $CENOTE_ALLOCATION"
    say(f"{_parts(view)} for {human_duration(view['term'])}; {how}")
    return view


@configured("token_file")
def extend(
    settings: Settings,
    time: Annotated[str, typer.Argument(metavar="TIME", help="By how much, 1h say.")],
    allocation: Named = None,
) -> None:
    """Lets borrowed devices be yours for longer, unless others wait for them.

    Example: cenote extend 1h
    """
    from cenote.units import parse_duration

    seconds = parse_duration(time)
    with pool(settings) as connected:
        view = connected.extend(_which(connected, allocation), seconds)
    say(f"{_parts(view)}{_left(view)}")


@configured("token_file")
def release(
    settings: Settings,
    allocation: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", envvar="CENOTE_ALLOCATION", help="Which one, when there are several."),
    ] = None,
) -> None:
    """Gives borrowed devices back. Programs that run on them lose them.

    Example: cenote release
    """
    from cenote.client import container, remembered

    with pool(settings) as connected:
        name = _only(connected) if allocation is None else allocation
        view = connected.release(name)
    remembered.forget(name)
    container.forget(name)
    say(f"{name} is given back" if view["state"] in ("ended", "releasing") else f"{name} is {view['state']}")


@configured("token_file")
def smi(
    settings: Settings,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Again every two seconds, until Ctrl-C.")] = False,
) -> None:
    """Shows the pool's devices, how much of them is lent, and to whom.

    Example: cenote smi --watch
    """
    from cenote.cli import show_pool

    with pool(settings) as connected:
        if watch:
            show_pool.watch(lambda: show_pool.smi(connected.servers(), connected.allocations()))
        else:
            show_pool.smi(connected.servers(), connected.allocations()).show()


def pool(settings: Settings) -> Pool:
    """The pool that this user is logged in to, or whose token the settings name."""
    from cenote.client.login import need
    from cenote.client.pool import Pool

    return Pool(need(settings.token_file))


def servers(pool: Pool, words: Sequence[str]) -> list[View]:
    """The pool's servers that the words name, or all. Raises NoDevice when there are none."""
    from cenote.client import places

    found = pool.servers()
    if not words:
        return found
    names = {device["server"] for device in pool.devices(places.narrowed(words) or "")}
    if not names:
        known = ", ".join(server["name"] for server in found[:_FEW]) + (", …" if len(found) > _FEW else "")
        raise NoDevice(f"the pool has no server {' or '.join(words)}; it has: {known or 'none'}")
    return [server for server in found if server["name"] in names]


def probe(pool: Pool, server: str) -> Door:
    """For one connection that measures the link to a server."""
    from cenote.client.tether import Door
    from cenote.protocol import Address

    view = pool.probe(server)
    return Door(view["server"], Address.parse(view["address"]), view["id"], view["secret"], pool.login.authority)


def acquiring(
    settings: Settings,
    allocation: str | None,
    filter: str | None,
    wait: str | None,
    priority: int | None,
    same_server: bool,
) -> Callable[[], Held]:
    """How “run” gets its devices."""
    anew = asks_anew(settings, allocation, filter, wait, priority, same_server)

    def acquire() -> Held:
        from cenote.cli import waiting
        from cenote.client import borrowing

        with pool(settings) as connected:
            if found := held(connected, allocation, anew):
                return found
            wanted = asking(settings, filter, wait, priority, same_server, tethered=True)
            with waiting.shown() as tell:
                try:
                    return borrowing.Borrowed.anew(connected, wanted, tell)
                except NoDevice:
                    servers(connected, settings.server)  # they may not exist
                    raise

    return acquire


def _recalled(pool: Pool) -> Borrowed | None:
    """What this terminal has got with “request”, if that is not over."""
    from cenote.client import remembered
    from cenote.client.borrowing import Borrowed

    if (name := remembered.recall()) is None:
        return None
    try:
        found = Borrowed.existing(pool, name)
    except (NoDevice, NotFound):
        remembered.forget(name)
        say(f"allocation {name} of this terminal is over; asking for a device anew")
        return None
    say(f"on allocation {name} of this terminal{_left(found.view)}")
    return found


def _which(pool: Pool, named: str | None) -> str:
    from cenote.client import remembered

    return named or remembered.recall() or _only(pool)


def _only(pool: Pool) -> str:
    me = pool.me()["name"]
    own = [view for view in pool.allocations() if view["user"] == me and not view["tethered"]]
    own = [view for view in own if view["state"] in ("waiting", "placing", "active")]
    if not own:
        raise NotFound("you hold nothing that “cenote request” has got")
    if len(own) > 1:
        raise Conflict(f"you hold several; name one of {', '.join(view['id'] for view in own)}")
    return str(own[0]["id"])


def _parts(view: View) -> str:
    return ", ".join(f"{part['device']} of {part['server']}" for part in view["parts"])


def _left(view: View) -> str:
    from time import time

    from cenote.units import human_duration

    return f", for another {human_duration(view['ends_at'] - time())}" if view["ends_at"] else ""


def _token(file: str | None) -> str:
    from cenote.client.login import VARIABLE

    if file is None and (text := os.environ.get(VARIABLE)):
        return text
    if file is None and sys.stdin.isatty():
        from getpass import getpass

        return getpass("Token: ")
    if file in (None, "-"):
        return sys.stdin.read(16 * 1024)
    assert file is not None
    try:
        return Path(file).read_text(encoding="ascii")
    except OSError as error:
        raise NoKey(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoKey(f"{file} has no token in it") from None


def say(sentence: str) -> None:
    print(f"cenote: {sentence}", file=sys.stderr)
