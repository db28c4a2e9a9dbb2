"""Settings: which layer wins, and what is said of a wrong one."""

from __future__ import annotations

import itertools
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cenote import config, paths
from cenote.config import SETTINGS
from cenote.errors import WrongSetting
from cenote.protocol import Address

PROJECT = Path(__file__).parents[1]
# How the system's file, the user's, the variable and the flag say each setting.
SAID: dict[str, list[Any]] = {
    "server": ['["a", "b"]', '"c:1"', "d e", ["f", "g"]],
    "token_file": ['"/a"', '"/b"', "/c", ["/d"]],
    "link_timeout": ["10", "20", "30", ["40"]],
    "log": ['"off"', '"error"', "info", ["debug"]],
    "log_format": ['"text"', '"json"', "text", ["json"]],
    "run.devices": ["1", "2", "3", ["4"]],
    "run.share": ['"0.1"', '"20%"', "0.3", ["0.4"]],
    "run.memory": ['"1GiB"', '"2g"', "3GB", ["4096"]],
    "serve.listen": ['"127.0.0.1"', '["::1"]', "10.0.0.1 10.0.0.2:1", ["10.0.0.3"]],
    "serve.device": ['"type=gpu"', '["name~a b", "c"]', "RTX 4090;type=cpu", ["index=0", "index=1"]],
    "serve.name": ['"gpu1"', '"gpu2"', "gpu3", ["gpu4"]],
    "serve.address": ['"gpu1"', '"gpu1:7"', "10.0.0.1", ["[fd00::1]:7"]],
    "pool.store": ['"sqlite:////a"', '"sqlite:////b"', "postgresql://c", ["postgresql://d"]],
    "pool.listen": ['"127.0.0.1"', '["::1"]', "10.0.0.1 10.0.0.2:1", ["10.0.0.3"]],
    "pool.managers": ['"m1"', '["m1", "m2:1"]', "m3", ["m4", "m5"]],
    "pool.authority": ['"/a"', '"/b"', "/c", ["/d"]],
    "pool.certificate": ['"/a"', '"/b"', "/c", ["/d"]],
    "pool.certificate_key": ['"/a"', '"/b"', "/c", ["/d"]],
    "pool.max_time": ['"1h"', '"2d"', "90", ["1h30m"]],
    "pool.max_idle": ['"10m"', '"1h"', "90", ["1h30m"]],
    "pool.placement": ['"spread"', '"pack"', "nearest", ["mine"]],
}
MEANT: dict[str, list[Any]] = {
    "server": [("a", "b"), ("c:1",), ("d", "e"), ("f", "g")],
    "token_file": [Path("/a"), Path("/b"), Path("/c"), Path("/d")],
    "link_timeout": [10, 20, 30, 40],
    "log": ["off", "error", "info", "debug"],
    "log_format": ["text", "json", "text", "json"],
    "run.devices": [1, 2, 3, 4],
    "run.share": ["0.1", "20%", "0.3", "0.4"],
    "run.memory": ["1GiB", "2g", "3GB", "4096"],
    "serve.listen": [
        (Address("127.0.0.1"),),
        (Address("::1"),),
        (Address("10.0.0.1"), Address("10.0.0.2", 1)),
        (Address("10.0.0.3"),),
    ],
    "serve.device": [("type=gpu",), ("name~a b", "c"), ("RTX 4090", "type=cpu"), ("index=0", "index=1")],
    "serve.name": ["gpu1", "gpu2", "gpu3", "gpu4"],
    "serve.address": ["gpu1", "gpu1:7", "10.0.0.1", "[fd00::1]:7"],
    "pool.store": ["sqlite:////a", "sqlite:////b", "postgresql://c", "postgresql://d"],
    "pool.listen": [
        (Address("127.0.0.1", 7660),),
        (Address("::1", 7660),),
        (Address("10.0.0.1", 7660), Address("10.0.0.2", 1)),
        (Address("10.0.0.3", 7660),),
    ],
    "pool.managers": [
        (Address("m1", 7660),),
        (Address("m1", 7660), Address("m2", 1)),
        (Address("m3", 7660),),
        (Address("m4", 7660), Address("m5", 7660)),
    ],
    "pool.authority": [Path("/a"), Path("/b"), Path("/c"), Path("/d")],
    "pool.certificate": [Path("/a"), Path("/b"), Path("/c"), Path("/d")],
    "pool.certificate_key": [Path("/a"), Path("/b"), Path("/c"), Path("/d")],
    "pool.max_time": ["1h", "2d", "90", "1h30m"],
    "pool.max_idle": ["10m", "1h", "90", "1h30m"],
    "pool.placement": ["spread", "pack", "nearest", "mine"],
}


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setattr(paths, "SYSTEM_STATE", folder)
    return folder / "config.toml"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "cenote").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder / "cenote" / "config.toml"


def wrong(expected: str) -> None:
    with pytest.raises(WrongSetting) as raised:
        config.load()
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 78


def test_every_setting_is_covered_here() -> None:
    assert list(SAID) == list(MEANT) == list(SETTINGS)


def test_defaults(user: Path) -> None:
    settings = config.load()
    assert settings.server == ()
    assert settings.link_timeout == 60
    assert (settings.log, settings.run.devices, settings.token_file, settings.serve.listen) == (None, None, None, ())
    assert {str(source) for source in settings.sources.values()} == {"default"}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_later_layer_wins(name: str, user: Path, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever of the layers a setting stands."""
    shown = [f"{system}:2", f"{user}:2", config.variable(name), config.option(name)]
    for count in range(1, 5):
        for present in itertools.combinations(range(4), count):
            for layer, file in ((0, system), (1, user)):
                file.write_text(f"# about {name}\n{name} = {SAID[name][layer]}\n" if layer in present else "")
            monkeypatch.setenv(config.variable(name), str(SAID[name][2]) if 2 in present else "")
            settings = config.load({name: SAID[name][3]} if 3 in present else {})
            assert config.value(settings, name) == MEANT[name][present[-1]]
            assert str(settings.sources[name]) == shown[present[-1]]


def test_layers_are_joined_setting_by_setting(user: Path, system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system.write_text('log = "error"\nlink_timeout = 10\n[serve]\ndevice = "a"\nlisten = "::1"\n')
    user.write_text('link_timeout = 20\n[serve]\ndevice = ["b"]\n')
    monkeypatch.setenv("CENOTE_RUN_DEVICES", "7")
    settings = config.load({"token_file": ["k"]})
    assert (settings.log, settings.link_timeout, settings.run.devices) == ("error", 20, 7)
    assert (settings.serve.device, settings.serve.listen, settings.token_file) == (("b",), (Address("::1"),), Path("k"))


def test_files_are_named_from_where_they_are_written(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    user.write_text('token_file = "mine"\n')
    assert config.load().token_file == user.parent / "mine"
    user.write_text('token_file = "~/mine"\n')
    assert config.load().token_file == Path("/home/me/mine")
    assert config.load({"token_file": ["mine"]}).token_file == Path("mine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('sever = "a"', "1: there is no setting “sever”; do you mean “server”?"),
        ('\n# not\n"links" = 3', "3: there is no setting “links”"),
        ("zzz = 3", "1: there is no setting “zzz”; “cenote config show” prints all"),
        ('[serve]\nlistn = "a"', "2: there is no setting “serve.listn”; do you mean “serve.listen”?"),
        ('listen = "a"', "1: there is no setting “listen”; do you mean “serve.listen”?"),
        ("devices = 3", "1: there is no setting “devices”; do you mean “run.devices”?"),
        ("run.device = 3", "1: there is no setting “run.device”; do you mean “run.devices”?"),
        ('"run.devices" = 3', "1: there is no setting “run.devices”"),
        (
            "[run]\ndevices = 1\nlink_timeout = 9",
            "3: there is no setting “run.link_timeout”; do you mean “link_timeout”, above",
        ),
        ('[serv]\nlisten = "a"', "1: there is no setting “serv”; do you mean “serve”?"),
        ('[[serve]]\nlisten = "a"', "1: “serve” is a table: write [serve]"),
        ("run = 3", "1: “run” is a table: write [run]"),
        ('[server]\nhost = "a"', "1: server must be a server in quotes, or a list of these"),
        ("\nserver = 3", "2: server must be a server in quotes, or a list of these"),
        ('server = [\n  "a",\n  3,\n]', "1: server must be"),
        ("server = 'a\"b'", '1: server: “a"b” is not the name or the address of a server'),
        ('token_file = ""', "1: token_file: the name of a file is empty"),
        ('link_timeout = "60"', "1: link_timeout must be a whole number from 5 to 600"),
        ("link_timeout = 60.0", "1: link_timeout must be a whole number from 5 to 600"),
        ("link_timeout = true", "1: link_timeout must be a whole number from 5 to 600"),
        ("link_timeout = [60]", "1: link_timeout must be a whole number from 5 to 600"),
        ("link_timeout = 4", "1: link_timeout: “4” is not a whole number from 5 to 600"),
        ("link_timeout = -60", "1: link_timeout: “-60” is not a whole number"),
        ('log = "loud"', "1: log: “loud” is not one of off, error, info, debug"),
        ("run.devices = 0", "1: run.devices: “0” is not a whole number from 1 up"),
        ('[serve]\n\ndevice = ["type=gpu", "name~("]', "3: serve.device: the filter “name~(” has a broken regular"),
        ("log = off", "1: this is not TOML: invalid value"),
        ("a = 1\nb = [1,", "2: this is not TOML: "),
        ("log = 'off'\nlog = 'off'", "2: this is not TOML: cannot overwrite a value"),
        ("\n\nlog = '\udcff'", "3: this is not UTF-8"),
    ],
)
def test_what_is_wrong_in_a_file(user: Path, text: str, said: str) -> None:
    user.write_bytes(text.encode(errors="surrogateescape"))
    wrong(f"{user}:{said}")


def test_what_is_wrong_is_said_even_where_another_layer_wins(user: Path, system: Path) -> None:
    system.write_text("link_timeout = 1\n")
    user.write_text("link_timeout = 10\n")
    wrong(f"{system}:1: link_timeout: “1” is not")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CENOTE_LINK_TIMEOUT", "soon"),
        ("CENOTE_LOG", "1"),
        ("CENOTE_SERVE_LISTEN", "a b:c"),
        ("CENOTE_RUN_DEVICES", "-1"),
    ],
)
def test_what_is_wrong_in_a_variable(user: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str) -> None:
    monkeypatch.setenv(variable, text)
    wrong(f"{variable}: “{text.split()[-1]}” is not ")


def test_an_empty_variable_says_nothing(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(config.variable(name), "  ")
    assert {source.kind for source in config.load().sources.values()} == {"default"}


def test_a_folder_is_no_file_of_settings(user: Path) -> None:
    user.mkdir()
    wrong(f"{user} cannot be read: Is a directory")


def test_a_file_that_cannot_be_opened(user: Path) -> None:
    user.symlink_to(user)
    wrong(f"{user} cannot be read: Too many levels of symbolic links")


@pytest.mark.parametrize("which", ["system", "user"])
def test_a_file_that_everybody_can_change_is_refused(which: str, request: pytest.FixtureRequest, user: Path) -> None:
    file: Path = request.getfixturevalue(which)
    file.write_text('server = "mine"\n')
    file.chmod(0o664)
    assert config.load().server == ("mine",)
    file.chmod(0o646)
    wrong(f"{file} can be changed by everybody: run “chmod o-w {file}”")


def test_no_home(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert config.files() == [system]
    assert config.load().link_timeout == 60


def test_what_others_read_is_passed_on_as_variables(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    config.pass_on(config.load())
    assert not {"CENOTE_LINK_TIMEOUT", "CENOTE_LOG"} & set(os.environ)
    user.write_text('link_timeout = 10\nserver = "a"\n')
    config.pass_on(config.load({"log": ["debug"]}))
    assert (os.environ["CENOTE_LINK_TIMEOUT"], os.environ["CENOTE_LOG"]) == ("10", "debug")
    assert "CENOTE_SERVER" not in os.environ


def test_options_are_told_apart() -> None:
    """``cenote config show`` has all of them but the manager's ``--listen``, which is called like the server's."""
    names = [name for name in SETTINGS if name != "pool.listen"]
    options = [option for name in names for option in (config.option(name), SETTINGS[name].short) if option]
    assert len(set(options)) == len(options)


def test_example_of_the_guide_is_complete(user: Path) -> None:
    guide = (PROJECT / "docs/guide.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    user.write_text(example)
    assert {source.kind for source in config.load().sources.values()} == {"file"}
    assert tomllib.loads(example)["server"]
