"""The commands by which a pool is administered. Each asks one of its managers, with the token of its user."""

from __future__ import annotations

import urllib.parse
from enum import StrEnum
from typing import Annotated, Any

import typer

from cenote.cli import borrow
from cenote.cli.configured import configured
from cenote.config import Settings

Json = Annotated[bool, typer.Option("--json", help="For scripts.")]
Server = Annotated[str, typer.Argument(metavar="SERVER", help="Its name in the pool.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The user’s name.")]
Devices = Annotated[str | None, typer.Option("--max-devices", metavar="N|none", help="Devices held at once, at most.")]
Memory = Annotated[
    str | None, typer.Option("--max-memory", metavar="SIZE|none", help="Memory of devices held at once, at most.")
]
Group = Annotated[
    str | None, typer.Option("--group", metavar="GROUP|none", help="The group whose limits hold as well.")
]


class Role(StrEnum):
    ADMIN = "admin"
    USER = "user"
    VIEWER = "viewer"


RoleOption = Annotated[Role | None, typer.Option("--role", help="What they may do: all, borrow, or look.")]

token_app = typer.Typer(
    name="token",
    help="""The tokens by which a pool knows its users.

    Example: cenote token create ann""",
    no_args_is_help=True,
)
user_app = typer.Typer(
    name="user",
    help="""The users of a pool.

    Example: cenote user create ann""",
    no_args_is_help=True,
)
server_app = typer.Typer(
    name="server",
    help="""The servers of a pool.

    Example: cenote server remove gpu7""",
    no_args_is_help=True,
)
group_app = typer.Typer(
    name="group",
    help="""Groups of users, which have limits together.

    Example: cenote group set lab --max-devices 8""",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    for command in (drain, undrain, audit):
        app.command()(command)
    app.command("join-string")(join_string)
    app.add_typer(server_app)
    app.add_typer(token_app)
    app.add_typer(user_app)
    app.add_typer(group_app)


@configured("token_file")
def drain(settings: Settings, server: Server, as_json: Json = False) -> None:
    """Places nothing more on a server. What runs there goes on.

    Example: cenote drain gpu7
    """
    _drain(settings, server, "drain", f"{server} gets nothing more; what it has lent goes on", as_json)


@configured("token_file")
def undrain(settings: Settings, server: Server, as_json: Json = False) -> None:
    """Places on a server again.

    Example: cenote undrain gpu7
    """
    _drain(settings, server, "undrain", f"{server} lends again", as_json)


@configured("token_file")
def join_string(
    settings: Settings,
    server: Annotated[
        str | None, typer.Argument(metavar="[SERVER]", help="Only for the server of this name, which may be one again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prints a join string, for one server and one hour.

    Example: cenote join-string | ssh gpu2 cenote serve --join -
    """
    with borrow.pool(settings) as pool:
        made = pool.ask("POST", "/join-strings", {"server": server} if server else {})
    _done(made, made["text"], as_json)


@configured("token_file")
def audit(
    settings: Settings,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many entries.")] = 50,
    as_json: Json = False,
) -> None:
    """Lists who has changed what in a pool, the latest first.

    Example: cenote audit --limit 20
    """
    with borrow.pool(settings) as pool:
        entries = pool.ask("GET", "/audit", query={"limit": limit})
    from cenote.cli import show_admin

    show_admin.audit(entries, as_json)


@server_app.command("remove")
@configured("token_file")
def server_remove(
    settings: Settings,
    server: Server,
    force: Annotated[
        bool, typer.Option("--force", help="Also if it lends something: that counts as over, whatever runs there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Takes a server out of a pool. Its certificate and its token do not count any more.

    With --force for a host that is stolen or lost. A join string with its name lets it in again.

    Example: cenote server remove gpu7
    """
    with borrow.pool(settings) as pool:
        pool.ask("DELETE", f"/servers/{_quoted(server)}", query={"force": "true"} if force else None)
    _done({"server": server, "removed": True}, f"{server} is none of the pool’s servers any more", as_json)


@server_app.command("write-off")
@configured("token_file")
def server_write_off(settings: Settings, server: Server, as_json: Json = False) -> None:
    """Declares that a server that cannot be reached will not come back as it was: what it held is over.

    Example: cenote server write-off gpu7
    """
    with borrow.pool(settings) as pool:
        pool.ask("POST", f"/servers/{_quoted(server)}/write-off")
    _done({"server": server, "written_off": True}, f"what {server} held is over", as_json)


@token_app.command("create")
@configured("token_file")
def token_create(
    settings: Settings,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Whose; your own if not given.")] = None,
    label: Annotated[str, typer.Option(metavar="TEXT", help="What it is for, for those who list tokens.")] = "",
    lifetime: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long it is valid; without end if not given.")
    ] = None,
    role: RoleOption = None,
    max_devices: Devices = None,
    max_memory: Memory = None,
    group: Group = None,
    as_json: Json = False,
) -> None:
    """Prints a new token, which cannot be shown again.

    With a role, a group or limits it is for a new user, who is made as well.

    Example: cenote token create ann --role user --max-devices 4 --max-memory 40GiB --lifetime 90d
    """
    from cenote.errors import Conflict, Invalid
    from cenote.units import parse_duration

    seconds = None if lifetime is None else parse_duration(lifetime)
    new = any(option is not None for option in (role, max_devices, max_memory, group))
    if new and user is None:
        raise Invalid("a role, a group and limits are for a user who is named")
    with borrow.pool(settings) as pool:
        if new:
            try:
                pool.ask("POST", "/users", _new_user(user or "", role, max_devices, max_memory, group), once=True)
            except Conflict as error:
                raise Conflict(f"{error}; “cenote user change {user}” changes what they may do") from None
        made = pool.ask("POST", "/tokens", {"user": user, "label": label, "lifetime": seconds}, once=True)
    _done(made, made["text"], as_json)


@token_app.command("list")
@configured("token_file")
def token_list(settings: Settings, as_json: Json = False) -> None:
    """Lists your tokens, and everybody’s for admins; never their text.

    Example: cenote token list
    """
    with borrow.pool(settings) as pool:
        tokens = pool.ask("GET", "/tokens")
    from cenote.cli import show_admin

    show_admin.tokens(tokens, as_json)


@token_app.command("revoke")
@configured("token_file")
def token_revoke(
    settings: Settings,
    number: Annotated[str, typer.Argument(metavar="ID", help="As “cenote token list” has it.")],
    as_json: Json = False,
) -> None:
    """Ends a token’s validity at once, and what was borrowed by it.

    Example: cenote token revoke 3f0c9a51d2e84b76
    """
    with borrow.pool(settings) as pool:
        pool.ask("DELETE", f"/tokens/{_quoted(number)}")
    _done(
        {"id": number, "revoked": True}, f"the token {number} is valid no more; what was borrowed by it ends", as_json
    )


@user_app.command("create")
@configured("token_file")
def user_create(
    settings: Settings,
    user: User,
    role: RoleOption = None,
    max_devices: Devices = None,
    max_memory: Memory = None,
    group: Group = None,
    as_json: Json = False,
) -> None:
    """Makes a user, who needs a token then.

    Example: cenote user create ann --max-devices 4
    """
    with borrow.pool(settings) as pool:
        made = pool.ask("POST", "/users", _new_user(user, role, max_devices, max_memory, group), once=True)
    _done(made, f"there is a user {user} now; “cenote token create {user}” makes a token", as_json)


@user_app.command("change")
@configured("token_file")
def user_change(
    settings: Settings,
    user: User,
    role: RoleOption = None,
    max_devices: Devices = None,
    max_memory: Memory = None,
    group: Group = None,
    active: Annotated[
        bool | None,
        typer.Option(
            "--active/--inactive",
            help="Whether the user’s tokens work; if not, what they hold ends.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Changes of a user what is given.

    Example: cenote user change ann --max-devices none --inactive
    """
    from cenote.errors import NotFound

    body: dict[str, Any] = {"role": role, "active": active}
    with borrow.pool(settings) as pool:
        if max_devices is not None or max_memory is not None:
            known = next((one for one in pool.ask("GET", "/users") if one["name"] == user), None)
            if known is None:
                raise NotFound(f"there is no user “{user}”")
            body["limits"] = _limits(known["limits"], max_devices, max_memory)
        changed = pool.ask("PATCH", f"/users/{_quoted(user)}", body)
        if group is not None:
            changed = pool.ask("PUT", f"/users/{_quoted(user)}/group", {"group": _named(group)})
    _done(changed, f"{user} is changed", as_json)


@user_app.command("list")
@configured("token_file")
def user_list(settings: Settings, as_json: Json = False) -> None:
    """Lists the users of a pool.

    Example: cenote user list --json
    """
    with borrow.pool(settings) as pool:
        users = pool.ask("GET", "/users")
    from cenote.cli import show_admin

    show_admin.users(users, as_json)


@group_app.command("set")
@configured("token_file")
def group_set(
    settings: Settings,
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The group’s name.")],
    max_devices: Devices = None,
    max_memory: Memory = None,
    as_json: Json = False,
) -> None:
    """Makes a group, or changes of one what is given. Users get into it by “cenote user change”.

    Example: cenote group set lab --max-devices 8 --max-memory 320GiB
    """
    with borrow.pool(settings) as pool:
        known: dict[str, Any] = next((one["limits"] for one in pool.ask("GET", "/groups") if one["name"] == group), {})
        made = pool.ask("PUT", f"/groups/{_quoted(group)}", _limits(known, max_devices, max_memory))
    _done(made, f"the group {group} is set", as_json)


@group_app.command("list")
@configured("token_file")
def group_list(settings: Settings, as_json: Json = False) -> None:
    """Lists the groups of a pool; your own, if you are no admin or viewer.

    Example: cenote group list
    """
    with borrow.pool(settings) as pool:
        groups = pool.ask("GET", "/groups")
    from cenote.cli import show_admin

    show_admin.groups(groups, as_json)


def _new_user(
    name: str, role: Role | None, devices: str | None, memory: str | None, group: str | None
) -> dict[str, Any]:
    limits = _limits({}, devices, memory)
    return {"name": name, "role": role or Role.USER, "group": group and _named(group), "limits": limits}


def _named(group: str) -> str | None:
    return None if group == "none" else group


def _drain(settings: Settings, server: str, verb: str, sentence: str, as_json: bool) -> None:
    with borrow.pool(settings) as pool:
        pool.ask("POST", f"/servers/{_quoted(server)}/{verb}")
    _done({"server": server, "draining": verb == "drain"}, sentence, as_json)


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _limits(known: dict[str, Any], devices: str | None, memory: str | None) -> dict[str, Any]:
    """With “none” a limit is lifted."""
    from cenote.errors import Invalid
    from cenote.units import parse_size

    limits = dict(known)
    if devices is not None:
        if devices != "none" and not devices.isdecimal():
            raise Invalid(f"“{devices}” is not a number of devices, nor “none”")
        limits["devices"] = None if devices == "none" else int(devices)
    if memory is not None:
        limits["memory"] = None if memory == "none" else parse_size(memory)
    return limits


def _done(made: dict[str, Any], sentence: str, as_json: bool) -> None:
    from cenote.cli import show_pool

    if as_json:
        show_pool.as_json(made)
    else:
        print(sentence)
