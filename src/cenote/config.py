"""Settings, and the layers that they come from. A later layer wins:

defaults, ``/etc/cenote/config.toml``, ``~/.config/cenote/config.toml``, variables, flags.

A setting is one line of a class below, and its name says the rest: ``Run.devices`` is ``devices`` in the file's table
``[run]``, the variable ``CENOTE_RUN_DEVICES``, and the option ``--devices`` of the commands that name it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from cenote import link, paths
from cenote.errors import CenoteError, WrongSetting

if TYPE_CHECKING:
    from cenote.protocol import Address
    from cenote.tomlfile import TomlFile

FILE_NAME = "config.toml"

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """How a value is written. ``read`` gets the text and the folder that relative paths start from."""

    metavar: str
    form: str  # what the value must be, for messages
    read: Callable[[str, Path], T]
    separator: str | None = None  # between several in one variable; None: white space
    number: bool = False  # in TOML; everything else is text there


@dataclass(frozen=True)
class Setting:
    kind: Kind[Any]
    default: str | None
    help: str
    several: bool = False
    short: str = ""  # a second name of the option
    passed_on: bool = False  # native parts, and programs' shims, read the variable themselves


def one(kind: Kind[T], default: str, text: str, **more: Any) -> T:
    made: T = field(metadata={"setting": Setting(kind, default, text, **more)})
    return made


def maybe(kind: Kind[T], text: str, **more: Any) -> T | None:
    """Without a default: whoever asks finds out what is best."""
    made: T | None = field(metadata={"setting": Setting(kind, None, text, **more)})
    return made


def several(kind: Kind[T], default: str | None, text: str, **more: Any) -> tuple[T, ...]:
    """With a default, at least one must be named; otherwise none may be."""
    made: tuple[T, ...] = field(metadata={"setting": Setting(kind, default, text, several=True, **more)})
    return made


def whole(least: int, most: int | None = None) -> Kind[int]:
    form = f"a whole number from {least} {'up' if most is None else f'to {most}'}"

    def read(text: str, _: Path) -> int:
        if not text.isdecimal() or not least <= int(text) <= (int(text) if most is None else most):
            raise CenoteError(f"“{text}” is not {form}")
        return int(text)

    return Kind("N", form, read, number=True)


def choice(*words: str) -> Kind[str]:
    form = f"one of {', '.join(words)}"

    def read(text: str, _: Path) -> str:
        if text not in words:
            raise CenoteError(f"“{text}” is not {form}")
        return text

    return Kind("|".join(words), form, read)


def _address(text: str, _: Path) -> Address:
    from cenote.protocol import Address

    return Address.parse(text)


def _manager(text: str, _: Path) -> Address:
    from cenote.protocol import MANAGER_PORT, Address

    return Address.parse(text, MANAGER_PORT)


def _server(text: str, _: Path) -> str:
    """An IPv6 address in brackets or not; the pool's names have no colons."""
    if not text or text.isspace() or set("\"'") & set(text):
        raise CenoteError(f"“{text}” is not the name or the address of a server")
    return text


def _filter(text: str, _: Path) -> str:
    from cenote.devices import Filter

    Filter.parse(text)
    return text


def _share(text: str, _: Path) -> str:
    from cenote.pool.request import parse_share

    parse_share(text)
    return text


def _size(text: str, _: Path) -> str:
    from cenote.units import parse_size

    parse_size(text)
    return text


def _duration(text: str, _: Path) -> str:
    from cenote.units import parse_duration

    parse_duration(text)
    return text


def _file(text: str, folder: Path) -> Path:
    if not text:
        raise CenoteError("the name of a file is empty")
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        raise CenoteError(f"there is no home folder for “{text}”") from None


def _reached(text: str, _: Path) -> str:
    from cenote.protocol import Address

    Address.parse(text)
    return text


ADDRESS = Kind("HOST[:PORT]", "an address", _address)
SERVER = Kind("NAME|ADDRESS", "a server", _server)
MANAGER = Kind("HOST[:PORT]", "an address", _manager)
REACHED = Kind("HOST[:PORT]", "an address", _reached)
DURATION = Kind("DURATION", "a duration", _duration)
WORD = Kind("NAME", "a name", lambda text, _: text)
URL = Kind("URL", "a URL", lambda text, _: text)
FILTER = Kind("FILTER", "a filter of devices", _filter, separator=";")
SHARE = Kind("SHARE", "a share of a device", _share)
SIZE = Kind("SIZE", "a size", _size)
FILE = Kind("FILE", "the name of a file", _file, separator=os.pathsep)


@dataclass(frozen=True, kw_only=True)
class Run:
    devices: int | None = maybe(whole(1), "How many devices; one if not given.", short="-n")
    share: str | None = maybe(SHARE, "Of each device so much, 0.5 or 50%, for this program alone.", short="-p")
    memory: str | None = maybe(SIZE, "Of each device’s memory so much, 4GiB say, for this program alone.", short="-m")


@dataclass(frozen=True, kw_only=True)
class Serve:
    listen: tuple[Address, ...] = several(ADDRESS, None, "Where to listen; everywhere if not given.", short="-l")
    device: tuple[str, ...] = several(FILTER, None, "TEXT in the name, FIELD=TEXT or FIELD~REGEX.", short="-d")
    name: str | None = maybe(WORD, "This server’s name in its pool; the host’s if not given.")
    address: str | None = maybe(REACHED, "Where others reach it, if they do not see the host as it sees itself.")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What a manager needs."""

    store: str | None = maybe(URL, "The database’s URL; a file beside the manager’s other files if not given.")
    listen: tuple[Address, ...] = several(MANAGER, None, "Where the manager listens; everywhere if not given.")
    managers: tuple[Address, ...] = several(
        MANAGER, None, "The pool’s managers as others reach them, this one first; itself if not given."
    )
    authority: Path | None = maybe(  # noqa: RUF009 - a field, like the others
        FILE, "Folder of the pool’s ca.pem and ca.key, which its managers share."
    )
    certificate: Path | None = maybe(  # noqa: RUF009 - a field, like the others
        FILE, "A certificate of your own for browsers and scripts, with its chain."
    )
    certificate_key: Path | None = maybe(FILE, "Its private key.")  # noqa: RUF009 - a field, like the others
    max_time: str = one(DURATION, "1d", "The longest time for which anything is lent.")
    max_idle: str | None = maybe(DURATION, "After that time without use anything lent ends; never if not given.")
    placement: str = one(
        WORD, "pack", "Which devices are lent: pack, spread, same-server, nearest, or an add-on’s way."
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    server: tuple[str, ...] = several(
        SERVER, None, "Only this server of the pool, by name or address; may be repeated.", short="-s"
    )
    token_file: Path | None = maybe(FILE, "Your token; that of “cenote login” if not given.")  # noqa: RUF009 - a field
    link_timeout: int = one(
        whole(link.LEAST, link.MOST), str(link.TIMEOUT), "Seconds until a silent host is given up.", passed_on=True
    )
    log: str | None = maybe(
        choice("off", "error", "info", "debug"), "What to log; a server info, a program error.", passed_on=True
    )
    log_format: str = one(choice("text", "json"), "text", "How servers and managers log.")
    run: Run = field(metadata={"table": Run})
    serve: Serve = field(metadata={"table": Serve})
    pool: Pool = field(metadata={"table": Pool})
    sources: Mapping[str, Source] = field(default_factory=dict, compare=False)


def _tree(settings: type) -> dict[str, Any]:
    """The settings of a class by name, and its tables as dictionaries of the same form."""
    parts = [part for part in fields(settings) if part.metadata]
    return {part.name: part.metadata.get("setting") or _tree(part.metadata["table"]) for part in parts}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for name, part in tree.items():
        found |= {prefix + name: part} if isinstance(part, Setting) else _flat(part, f"{prefix}{name}.")
    return found


_TREE = _tree(Settings)
SETTINGS = _flat(_TREE)


def variable(name: str) -> str:
    return f"CENOTE_{name.replace('.', '_').upper()}"


def option(name: str) -> str:
    return f"--{name.rpartition('.')[2].replace('_', '-')}"


@dataclass(frozen=True)
class Source:
    """Where a value comes from; ``name`` is the variable's, the option's or the file's."""

    kind: Literal["default", "file", "variable", "flag"]
    name: str = ""
    find_line: Callable[[], int] | None = None

    @property
    def line(self) -> int | None:
        return self.find_line() if self.find_line else None

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.find_line else self.name or self.kind


Layer = dict[str, tuple[Any, Source]]


def load(flags: Mapping[str, Sequence[str]] | None = None) -> Settings:
    """What all layers together say. A value that is wrong is an error in every layer, also where another wins."""
    found: Layer = {
        name: (_read(setting, [] if setting.default is None else [setting.default], Path()), Source("default"))
        for name, setting in SETTINGS.items()
    }
    for layer in (*map(_of_file, files()), _of_variables(), _of_flags(flags or {})):
        found |= layer
    return _build(Settings, found, "", sources={name: source for name, (_, source) in found.items()})


def pass_on(settings: Settings) -> None:
    """Tells those who read variables: the server's own parts, workers, and shims in programs started from here."""
    for name, setting in SETTINGS.items():
        if setting.passed_on and settings.sources[name].kind != "default":
            os.environ[variable(name)] = str(value(settings, name))


def value(settings: Settings, name: str) -> Any:
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found


def files() -> list[Path]:
    """Where configuration may be, the system's first."""
    user = paths.user_config()
    return [folder / FILE_NAME for folder in (paths.SYSTEM_STATE, user) if folder]


def _build(settings: type[T], found: Layer, prefix: str, **more: Any) -> T:
    values: dict[str, Any] = {}
    for part in fields(settings):  # type: ignore[arg-type]
        if "table" in part.metadata:
            values[part.name] = _build(part.metadata["table"], found, f"{prefix}{part.name}.")
        elif part.metadata:
            values[part.name] = found[prefix + part.name][0]
    return settings(**values, **more)


def _read(setting: Setting, texts: Sequence[str], folder: Path) -> Any:
    values = tuple(setting.kind.read(text, folder) for text in texts)
    return values if setting.several else next(iter(values), None)


def _of_flags(flags: Mapping[str, Sequence[str]]) -> Layer:
    return {
        name: _read_from(Source("flag", option(name)), SETTINGS[name], texts) for name, texts in flags.items() if texts
    }


def _of_variables() -> Layer:
    layer: Layer = {}
    for name, setting in SETTINGS.items():
        text = os.environ.get(variable(name), "")
        texts = [part.strip() for part in text.split(setting.kind.separator)] if setting.several else [text.strip()]
        if texts := [part for part in texts if part]:
            layer[name] = _read_from(Source("variable", variable(name)), setting, texts)
    return layer


def _read_from(source: Source, setting: Setting, texts: Sequence[str]) -> tuple[Any, Source]:
    try:
        return _read(setting, texts, Path()), source
    except CenoteError as error:
        raise WrongSetting(f"{source}: {error}") from None


def _of_file(path: Path) -> Layer:
    try:
        with path.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o002:  # it decides whom programs give their data to
                raise WrongSetting(f"{path} can be changed by everybody: run “chmod o-w {path}”")
            data = opened.read()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise WrongSetting(f"{path} cannot be read: {error.strerror}") from None
    from cenote.tomlfile import TomlFile  # programs start sooner where there is no file

    file = TomlFile.parse(path, data)
    layer: Layer = {}
    _gather(file, file.data, (), _TREE, layer)
    return layer


def _gather(
    file: TomlFile, data: Mapping[str, Any], above: tuple[str, ...], tree: Mapping[str, Any], to: Layer
) -> None:
    for name, found in data.items():
        key = (*above, name)
        source = Source("file", str(file.path), partial(file.line_of, key))
        match tree.get(name):
            case Setting() as setting:
                to[".".join(key)] = (_of_toml(source, ".".join(key), setting, found, file.path.parent), source)
            case dict() as part if isinstance(found, dict):
                _gather(file, found, key, part, to)
            case dict():
                raise WrongSetting(f"{source}: “{name}” is a table: write [{name}], and its settings below")
            case _:
                raise WrongSetting(f"{source}: there is no setting “{'.'.join(key)}”{_nearest(key)}")


def _of_toml(source: Source, name: str, setting: Setting, found: Any, folder: Path) -> Any:
    items = found if isinstance(found, list) and setting.several else [found]
    if any(type(item) is not (int if setting.kind.number else str) for item in items):
        quoted = "" if setting.kind.number else " in quotes"
        listed = ", or a list of these" if setting.several else ""
        raise WrongSetting(f"{source}: {name} must be {setting.kind.form}{quoted}{listed}")
    if not items and setting.default:
        raise WrongSetting(f"{source}: {name} names nothing; leave it out for {setting.default}")
    try:
        return _read(setting, [str(item) for item in items], folder)
    except CenoteError as error:
        raise WrongSetting(f"{source}: {name}: {error}") from None


def _nearest(key: tuple[str, ...]) -> str:
    """What was probably meant. What should stand above the first table's head is easily written below it."""
    if len(key) > 1 and key[-1] in _TREE:
        return f"; do you mean “{key[-1]}”, above the first [table]?"
    same = [name for name in SETTINGS if name.rpartition(".")[2] == key[0]]
    near = same or difflib.get_close_matches(".".join(key), [*SETTINGS, *_TREE], 1)
    return f"; do you mean “{near[0]}”?" if near else "; “cenote config show” prints all"
