"""Configured commands, and ``cenote config show``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from cenote.config import SETTINGS
from tests.support.servers import CENOTE, Server, serving


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "config" / "cenote").mkdir(parents=True)
    return tmp_path / "config" / "cenote" / "config.toml"


def cenote(
    file: Path, *arguments: str, environment: dict[str, str] | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    variables = (environment or dict(os.environ)) | {"XDG_CONFIG_HOME": str(file.parents[1])} | variables
    return subprocess.run([*CENOTE, *arguments], env=variables, capture_output=True, text=True, timeout=60)


def test_show_prints_every_setting_and_its_source(file: Path) -> None:
    file.write_text('server = ["gpu1", "gpu2:7"]\n[run]\ndevices = 3\n')
    done = cenote(file, "config", "show", "--link-timeout", "30", CENOTE_LOG="off")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [name for name, _ in rows] == list(SETTINGS)
    shown = {name: " ".join(rest.split()) for name, rest in rows}
    assert shown["server"] == f'["gpu1", "gpu2:7"] {file}:1'
    assert shown["run.devices"] == f"3 {file}:3"
    assert shown["log"] == '"off" CENOTE_LOG'
    assert shown["link_timeout"] == "30 option --link-timeout"
    assert shown["serve.name"] == "not set default"


def test_show_for_scripts(file: Path) -> None:
    file.write_text('token_file = "one.token"\n')
    shown = json.loads(cenote(file, "config", "show", "--json", "-n", "2", CENOTE_SERVE_DEVICE="a b;c").stdout)
    assert list(shown) == list(SETTINGS)
    token = str(file.parent / "one.token")
    assert shown["token_file"] == {"value": token, "from": "file", "name": str(file), "line": 1}
    assert shown["run.devices"] == {"value": 2, "from": "flag", "name": "--devices"}
    assert shown["serve.device"] == {"value": ["a b", "c"], "from": "variable", "name": "CENOTE_SERVE_DEVICE"}
    assert shown["log"] == {"value": None, "from": "default"}


def test_a_program_runs_on_a_configured_server(stub_server: Server, file: Path) -> None:
    """With no option at all. The shim reads variables alone, so it is told in these what the file says."""
    file.write_text(
        f'server = "{stub_server.address}"\ntoken_file = "my.token"\nlink_timeout = 30\nlog = "info"\nrun.devices = 1\n'
    )
    (file.parent / "my.token").write_bytes(stub_server.token.read_bytes())
    (file.parent / "my.token").chmod(0o600)
    script = "echo $CENOTE_LINK_TIMEOUT $CENOTE_LOG; read line"
    command = [*CENOTE, "run", "--", "sh", "-c", script]
    native = stub_server.environment["CENOTE_NATIVE"]
    environment = os.environ | {"XDG_CONFIG_HOME": str(file.parents[1]), "CENOTE_NATIVE": native}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "30 info\n"
        assert stub_server.free() == [0, 1 << 30]
        program.communicate("\n", timeout=10)
    assert program.returncode == 0
    for name in ("list", "netperf"):
        more = ["--seconds", "0.1"] if name == "netperf" else []
        assert cenote(file, name, *more, environment=environment).returncode == 0


@pytest.mark.parametrize(("log", "lines"), [("info", 1), ("error", 0)])
def test_a_configured_server_serves(stub_native: Path, file: Path, log: str, lines: int) -> None:
    """Its workers get as variables what they read."""
    file.write_text(f'link_timeout = 20\nlog = "{log}"\nserve.device = "type=gpu"\n')
    variables = {"CENOTE_NATIVE": str(stub_native), "XDG_CONFIG_HOME": str(file.parents[1])}
    with serving(env=variables) as server:
        assert "Stub device 1" in server.announced and "Stub device 0" not in server.announced
        told = Path(f"/proc/{server.workers()[0]}/environ").read_bytes().split(b"\0")
        assert b"CENOTE_LINK_TIMEOUT=20" in told and f"CENOTE_LOG={log}".encode() in told
    assert sum("ended with 0 session(s)" in line for line in server.log) == lines
    assert lines or not server.log


def test_a_configured_address_is_listened_on(stub_native: Path, file: Path) -> None:
    file.write_text('[serve]\nlisten = "127.0.0.1:0"\n')
    environment = os.environ | {
        "CENOTE_NATIVE": str(stub_native),
        "XDG_CONFIG_HOME": str(file.parents[1]),
        "PYTHONUNBUFFERED": "1",
        "CENOTE_POOL_LISTEN": "127.0.0.1:0",
    }
    with subprocess.Popen([*CENOTE, "serve"], env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("Cenote ")
        assert "listening on  127.0.0.1:" in server.stdout.readline()
        server.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "command", [["run", "--", "true"], ["list"], ["netperf"], ["serve"], ["config", "show"]], ids=" ".join
)
def test_what_is_wrong_in_a_file_fails_every_command(command: list[str], file: Path) -> None:
    file.write_text('\nservers = "gpu1"\n')
    done = cenote(file, *command)
    said = f"cenote: {file}:2: there is no setting “servers”; do you mean “server”?\n"
    assert (done.returncode, done.stdout, done.stderr) == (78, "", said)


def test_doctor_looks_at_settings(file: Path) -> None:
    file.write_text('token_file = "no-such.token"\nserve.listen = "a:b"\n')
    assert f"{file}:2: serve.listen: “a:b” is not an address" in cenote(file, "doctor").stdout
    file.write_text('token_file = "no-such.token"\nserve.listen = "127.0.0.1:7799"\n')
    shown = cenote(file, "doctor").stdout
    assert f"ok    settings come from {file}\n" in shown
    assert f"the token {file.parent / 'no-such.token'} cannot be read" in shown
    assert "port 7799 is " in shown
