"""``cenote serve`` with a manager beside it, ``cenote manager`` alone, and servers that join: processes as people run
them."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import drivers
from cenote import paths
from cenote.client.pool import Pool, read_token_file
from cenote.credentials import JoinCredential, read_join, read_token
from cenote.pool.home import Home
from cenote.pool.orders import Reserve
from cenote.server.membership import Membership
from tests.pool.test_webcertificate import make as make_web
from tests.server.test_adoption import program  # noqa: F401 - a fixture
from tests.support.differential import compile_c
from tests.support.managed import tether
from tests.support.servers import CENOTE, Server, gone, serving, wait_until


@dataclass
class Place:
    """A host: its state folder, and the ports of its manager and its server, which stay the same over restarts."""

    state: Path
    native: Path
    manager_port: int
    port: int

    @property
    def home(self) -> Home:
        return Home(self.state / "cenote" / "manager")

    @property
    def environment(self) -> dict[str, str]:
        return {"CENOTE_NATIVE": str(self.native), "CENOTE_POOL_LISTEN": f"127.0.0.1:{self.manager_port}"}

    def serve(self, *arguments: str, **variables: str) -> Any:
        environment = self.environment | variables
        return serving(
            "--name", "gpu1", *arguments, state=self.state, env=environment, port=self.port, with_manager=False
        )

    def cenote(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        variables = os.environ | self.environment | {"XDG_STATE_HOME": str(self.state)} | variables
        return subprocess.run([*CENOTE, *arguments], env=variables, capture_output=True, text=True, timeout=60)

    def json(self, *arguments: str) -> Any:
        done = self.cenote(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        with Pool.open(read_token_file(self.home.admin_token)) as pool:
            return pool.ask(method, path, body)

    def with_real_workers(self) -> Place:
        if not (paths.native() / "bin" / "cenote-worker").exists():
            pytest.skip("the native parts are not built: run “make build”")
        return replace(self, native=paths.native())

    def manager(self) -> int:
        resident = wait_until(self.home.resident, 30)
        return int(resident.pid)

    def state_of(self, server: str = "gpu1") -> str:
        return str(next((one["state"] for one in self.ask("GET", "/servers") if one["name"] == server), None))


def free_port() -> int:
    """Below those that the kernel gives to outgoing connections, so that it stays free while nobody listens."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@pytest.fixture
def place(tmp_path: Path, stub_native: Path) -> Iterator[Place]:
    made = Place(tmp_path / "state", stub_native, free_port(), free_port())
    yield made
    if resident := made.home.resident():
        os.kill(resident.pid, signal.SIGTERM)
        wait_until(lambda: gone(resident.pid), 20)


def test_the_first_start(place: Place) -> None:
    """The host belongs to its own pool, and only the path of the admin's token is shown."""
    with place.serve() as server:
        wait_until(lambda: place.state_of() == "ready", 20)
        token = place.home.admin_token
        assert str(token) in server.announced
        assert f"gpu1 of the pool at 127.0.0.1:{place.manager_port}" in server.announced
        text = token.read_text().strip()
        assert read_token(text).managers == (f"127.0.0.1:{place.manager_port}",)
        assert text not in server.announced + "\n".join(server.log)
        assert (token.stat().st_mode & 0o777, token.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        manager = place.manager()
    assert gone(manager)  # with Ctrl-C
    assert not place.home.occupied()


def test_a_restart_finds_the_living_manager(place: Place) -> None:
    with place.serve() as server:
        manager = place.manager()
        server.stop(signal.SIGTERM)
        assert not gone(manager)
    with place.serve() as server:  # the pool is remembered
        assert place.manager() == manager
        wait_until(lambda: place.state_of() == "ready", 20)
    assert gone(manager)  # Ctrl-C ends it, though another server has started it
    with place.serve():
        assert place.manager() != manager
        wait_until(lambda: place.state_of() == "ready", 20)


def test_a_killed_manager_is_started_again(place: Place) -> None:
    """What is lent stays lent, to the same holder."""
    with place.serve() as server:
        wait_until(lambda: place.state_of() == "ready", 20)
        allocation = place.ask("POST", "/allocations", {"tethered": True})["id"]
        wait_until(lambda: place.ask("GET", f"/allocations/{allocation}")["state"] == "active", 20)
        door = place.ask("GET", f"/allocations/{allocation}/doors")[0]
        held = hold(server, allocation, door)
        manager = place.manager()
        os.kill(manager, signal.SIGKILL)
        wait_until(lambda: (found := place.home.resident()) and found.pid != manager, 30)
        wait_until(lambda: place.state_of() == "ready", 20)
        assert place.ask("GET", f"/allocations/{allocation}")["state"] == "active"
        server.stop(signal.SIGKILL)
        assert held.recv(1) == b""
        assert place.ask("GET", f"/allocations/{allocation}")["state"] == "active"
    with place.serve() as server:
        held = hold(server, allocation, door)
        wait_until(lambda: place.state_of() == "ready", 20)
        assert place.ask("GET", f"/allocations/{allocation}")["state"] == "active"
        held.close()
        wait_until(lambda: place.ask("GET", f"/allocations/{allocation}")["state"] == "ended", 20)


def test_a_program_goes_on_when_manager_and_supervisor_are_killed(
    place: Place,
    program: Path,  # noqa: F811
) -> None:
    real = place.with_real_workers()
    driver = drivers.find("pocl").environment | {"CENOTE_LINK_TIMEOUT": "5"}
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        server = stack.enter_context(real.serve(**driver))
        wait_until(lambda: real.state_of() == "ready", 20)
        variables = os.environ | real.environment | driver | {"XDG_STATE_HOME": str(real.state)}
        command = [*CENOTE, "run", "-p", "0.5", "--", str(program), "grow"]
        running = subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert running.stdout and running.stdout.readline() == "began\n"
        manager = real.manager()
        server.stop(signal.SIGKILL)
        os.kill(manager, signal.SIGKILL)
        wait_until(lambda: gone(manager), 5)
        server = stack.enter_context(real.serve(**driver))
        server.wait_for_log("goes on")
        assert real.manager() != manager
        output, errors = running.communicate("xx", timeout=60)  # now it asks for memory
        assert (output, running.returncode) == ("asks\n0\n", 0), errors
        wait_until(lambda: real.ask("GET", "/allocations") == [], 20)


@pytest.mark.parametrize("how", ["token", "user"])
def test_a_program_ends_with_its_users_token(place: Place, tmp_path: Path, how: str) -> None:
    """Within seconds, in the midst of its work."""
    endless = tmp_path / "endless"
    compile_c(Path(__file__).parents[1] / "opencl" / "alone" / "endless.c", endless)
    real = place.with_real_workers()
    driver = drivers.find("pocl").environment | {"CENOTE_LINK_TIMEOUT": "5"}
    pipe = subprocess.PIPE
    with real.serve(**driver):
        wait_until(lambda: real.state_of() == "ready", 20)
        real.cenote("user", "create", "ann")
        made = real.json("token", "create", "ann")
        home = place.state / "ann"
        variables = os.environ | driver | {"XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
        subprocess.run([*CENOTE, "login", "-"], env=variables, input=made["text"], text=True, check=True, stdout=pipe)
        command = [*CENOTE, "run", "-p", "0.5", "--", str(endless)]
        running = subprocess.Popen(command, env=variables, stdout=pipe, stderr=pipe, text=True)
        assert running.stdout and running.stdout.readline() == "began\n"
        worker = wait_until(lambda: real.ask("GET", "/servers/gpu1/sessions")["sessions"], 10)[0]["pid"]
        revoked = time.monotonic()
        if how == "token":
            real.cenote("token", "revoke", made["id"])
        else:
            real.cenote("user", "change", "ann", "--inactive")
        wait_until(lambda: gone(worker), 5)
        wait_until(lambda: real.ask("GET", "/allocations") == [], 5)
        assert time.monotonic() - revoked < 5
        output, errors = running.communicate(timeout=20)
        assert output == "stopped\n"
        taken = "cenote: gpu1 has taken back what it had lent: "
        assert errors == taken + "the token by which it was borrowed does not count any more\n"
        again = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert (again.returncode, again.stderr) == (77, "cenote: the token is not valid\n")


def hold(server: Server, allocation: str, door: dict[str, Any]) -> Any:
    return tether(server.port, Reserve(allocation, 1, (), 1, "admin", bytes.fromhex(door["secret"])))


def second(place: Place, tmp_path: Path) -> Place:
    return Place(tmp_path / "second", place.native, free_port(), free_port())


def test_another_server_joins(place: Place, tmp_path: Path) -> None:
    other = second(place, tmp_path)
    with place.serve():
        word = place.cenote("join-string").stdout
        (tmp_path / "word").write_text(word)
        with other.serve("--name", "gpu2", "--join", str(tmp_path / "word")) as server:
            assert f"gpu2 of the pool at 127.0.0.1:{place.manager_port}" in server.announced
            assert "admin token" not in server.announced and not other.home.occupied()
            wait_until(lambda: place.state_of("gpu2") == "ready", 20)
        with other.serve("--name", "gpu2", CENOTE_JOIN=word):  # as a unit is started with it each time
            wait_until(lambda: place.state_of("gpu2") == "ready", 20)
        fresh = {"XDG_STATE_HOME": str(tmp_path / "third")}
        done = other.cenote("serve", "--listen", "127.0.0.1:0", "--join", str(tmp_path / "word"), **fresh)
        assert (done.returncode, done.stderr.count("\n")) == (77, 1)
        assert "the join string is not valid: each is for one server and one hour" in done.stderr
        elsewhere = JoinCredential(read_join(word).managers, "0" * 64, "secret").text
        done = other.cenote("serve", "--listen", "127.0.0.1:0", CENOTE_JOIN=elsewhere)
        assert done.returncode == 64 and "this host belongs to another pool" in done.stderr
        taken = place.cenote("join-string").stdout
        done = other.cenote("serve", "--listen", "127.0.0.1:0", "--name", "gpu1", CENOTE_JOIN=taken, **fresh)
        assert done.returncode == 64 and "the name “gpu1” is taken" in done.stderr


@pytest.mark.parametrize(
    ("word", "code", "sentence"),
    [
        ("nonsense", 77, "this is not a join string of Cenote’s"),
        ("cenote-join-1.e30", 77, "a join string is damaged"),
        (JoinCredential(("127.0.0.1:1",), "0" * 64, "secret").text, 69, "no manager can be reached at 127.0.0.1:1"),
    ],
)
def test_wrong_join_strings(place: Place, word: str, code: int, sentence: str) -> None:
    done = place.cenote("serve", "--listen", "127.0.0.1:0", CENOTE_JOIN=word)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert sentence in done.stderr


def test_a_join_string_in_no_file_or_in_none(place: Place) -> None:
    done = place.cenote("serve", "--join", "no-such-file")
    assert (done.returncode, done.stderr) == (
        77,
        "cenote: the join string no-such-file cannot be read: No such file or directory\n",
    )


def test_a_manager_alone(place: Place, tmp_path: Path) -> None:
    """Servers that it does not keep join it; a second one in its folder is refused."""
    variables = os.environ | place.environment | {"XDG_STATE_HOME": str(place.state), "PYTHONUNBUFFERED": "1"}
    command = [*CENOTE, "manager", "--store", f"sqlite:///{tmp_path}/elsewhere.db"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as manager:
        try:
            assert place.manager() == manager.pid
            word = place.cenote("join-string", "gpu2").stdout
            with second(place, tmp_path).serve("--name", "gpu2", CENOTE_JOIN=word):
                wait_until(lambda: place.state_of("gpu2") == "ready", 20)
            refused = place.cenote("manager")
            assert refused.returncode == 64 and "is running already" in refused.stderr
        finally:
            manager.terminate()
        assert manager.stdout
        shown = manager.stdout.read()
    assert manager.returncode == 0
    assert f"manager       127.0.0.1:{place.manager_port}\n" in shown and str(place.home.admin_token) in shown
    assert (tmp_path / "elsewhere.db").exists()


def test_a_policy_that_there_is_not(place: Place) -> None:
    done = place.cenote("manager", "--placement", "best")
    assert (done.returncode, done.stderr) == (
        78,
        "cenote: pool.placement: there is no placement policy “best”; there are: nearest, pack, same-server, spread\n",
    )


def test_a_manager_that_cannot_start_is_one_sentence(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.manager_port)):
        done = place.cenote("serve", "--listen", "127.0.0.1:0")
    assert done.returncode == 1
    assert f"127.0.0.1:{place.manager_port} is in use already" in done.stderr
    assert "the pool’s manager cannot be started" in done.stderr
    assert not place.home.kept and not place.home.occupied()


def test_administration(place: Place) -> None:
    with place.serve():
        wait_until(lambda: place.state_of() == "ready", 20)
        assert place.json("drain", "gpu1") == {"server": "gpu1", "draining": True}
        assert place.ask("GET", "/servers/gpu1")["draining"]
        assert place.cenote("undrain", "gpu1").stdout == "gpu1 lends again\n"
        assert place.cenote("drain", "gpu7").returncode == 77

        assert place.json("user", "create", "ann", "--max-devices", "4")["limits"] == {"devices": 4, "memory": None}
        assert place.cenote("user", "create", "ann").returncode == 64
        changed = place.json("user", "change", "ann", "--max-memory", "4GiB", "--role", "viewer")
        assert (changed["limits"], changed["role"]) == ({"devices": 4, "memory": 4 << 30}, "viewer")
        assert place.json("user", "change", "ann", "--max-devices", "none")["limits"]["devices"] is None
        assert place.cenote("user", "change", "ann", "--max-devices", "few").returncode == 64
        assert "ann" in place.cenote("user", "list").stdout
        assert {one["name"] for one in place.json("user", "list")} == {"admin", "ann", "gpu1"}

        made = place.json("token", "create", "ann", "--label", "laptop", "--lifetime", "90d")
        file = place.state / "ann.token"
        file.write_text(made["text"])
        assert place.cenote("token", "list", "--token-file", str(file)).returncode == 77  # others can read it
        file.chmod(0o600)
        assert [one["label"] for one in place.json("token", "list", "--token-file", str(file))] == ["laptop"]
        assert place.cenote("drain", "gpu1", "--token-file", str(file)).returncode == 77
        assert "laptop" in place.cenote("token", "list").stdout
        assert place.json("token", "revoke", made["id"]) == {"id": made["id"], "revoked": True}
        refused = place.cenote("token", "list", "--token-file", str(file))
        assert (refused.returncode, refused.stderr) == (77, "cenote: the token is not valid\n")

        actions = [one["action"] for one in place.json("audit")]
        assert actions[0] == "token.revoke" and "user.change" in actions
        assert place.cenote("audit", "--limit", "1").stdout.count("token.revoke") == 1
        assert read_join(place.cenote("join-string").stdout).ca == read_token_file(place.home.admin_token).ca
    unanswered = place.cenote("user", "list")
    assert unanswered.returncode == 69 and unanswered.stderr.count("\n") == 1


def test_a_server_behind_another_address(place: Place) -> None:
    """The pool says what the server was told; the port is the gate's if none is."""
    with place.serve("--listen", f"127.0.0.3:{place.port}", "--address", "127.0.0.3"):
        wait_until(lambda: place.state_of() == "ready", 20)
        assert place.ask("GET", "/servers/gpu1")["address"] == f"127.0.0.3:{place.port}"


def test_a_server_that_cannot_be_dialled_is_not_ready(place: Place) -> None:
    """Though it beats; and it is said why."""
    nowhere = f"127.0.0.1:{free_port()}"
    reason = f"gpu1 at {nowhere} cannot be reached: connection refused"
    with place.serve("--address", nowhere) as server:
        wait_until(lambda: place.state_of() == "doubtful", 20)
        shown = wait_until(lambda: (found := place.ask("GET", "/servers/gpu1"))["trouble"] and found, 20)
        assert (shown["state"], shown["trouble"]) == ("doubtful", reason)
        assert f"gpu1 is doubtful: {reason}\n" in place.cenote("list", "servers").stdout
        server.wait_for_log(f"the pool cannot use this server: {reason}", 20)
        refused = place.cenote("request", "--wait", "0")
        assert refused.returncode == 75
    with place.serve():
        wait_until(lambda: place.state_of() == "ready", 20)
        assert place.ask("GET", "/servers/gpu1")["trouble"] == ""
        assert "is ready" not in place.cenote("list", "servers").stdout


def test_a_removed_server_is_let_in_by_nobody(place: Place, tmp_path: Path) -> None:
    other = second(place, tmp_path)
    with place.serve():
        word = place.cenote("join-string").stdout
        with other.serve("--name", "gpu2", CENOTE_JOIN=word) as server:
            wait_until(lambda: place.state_of("gpu2") == "ready", 20)
            held = place.ask("POST", "/allocations", {"filter": "server=gpu2"})["id"]
            wait_until(lambda: place.ask("GET", f"/allocations/{held}")["state"] == "active", 20)
            refused = place.cenote("server", "remove", "gpu2")
            assert refused.returncode == 64 and "gpu2” still lends 1 device" in refused.stderr
            assert place.cenote("server", "write-off", "gpu2").returncode == 64, "it can be reached"
            assert place.json("server", "remove", "gpu2", "--force") == {"server": "gpu2", "removed": True}
            assert place.state_of("gpu2") == "None"
            assert place.ask("GET", f"/allocations/{held}")["outcome"] == "lost"
            server.wait_for_log("does not let this server in", 20)
            assert [one["name"] for one in place.json("list", "servers")] == ["gpu1"]
        (other.state / "cenote" / "pool" / "member.json").unlink()
        word = place.cenote("join-string", "gpu2").stdout
        with other.serve("--name", "gpu2", CENOTE_JOIN=word):
            wait_until(lambda: place.state_of("gpu2") == "ready", 20)


def test_a_certificate_of_ones_own(place: Place, tmp_path: Path) -> None:
    """Who knows the host by its name sees that one; Cenote's own clients go on as before."""
    certificate, key = make_web(tmp_path / "own")
    one_alone = place.cenote("manager", "--certificate", str(certificate))
    assert one_alone.returncode == 78 and "belong together" in one_alone.stderr
    variables = {"CENOTE_POOL_CERTIFICATE": str(certificate), "CENOTE_POOL_CERTIFICATE_KEY": str(key)}
    with place.serve(**variables):
        wait_until(lambda: place.state_of() == "ready", 20)
        trusting = ssl.create_default_context(cafile=str(certificate))
        with (
            socket.create_connection(("127.0.0.1", place.manager_port)) as sock,
            trusting.wrap_socket(sock, server_hostname="pool.example.org") as secure,
        ):
            secure.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: pool\r\n\r\n")
            assert secure.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_lost_admin_token(place: Place) -> None:
    nothing = place.cenote("manager", "--new-admin-token")
    assert nothing.returncode == 77 and "its first start makes a token" in nothing.stderr
    file = place.home.admin_token
    with place.serve():
        wait_until(lambda: place.state_of() == "ready", 20)
        old = file.read_text()
        file.unlink()
        assert place.cenote("audit").returncode == 77
        done = place.cenote("manager", "--new-admin-token")
        assert (done.stdout, done.returncode) == (f"{file}\n", 0), done.stderr
        assert file.stat().st_mode & 0o777 == 0o600 and file.read_text() != old
        assert [one["action"] for one in place.json("audit", "--limit", "2")] == ["token.create", "user.recover"]
        file.write_text(old)
        assert place.cenote("audit").stderr == "cenote: the token is not valid\n"
    assert place.cenote("manager", "--new-admin-token").returncode == 0
    with place.serve():  # finds where its manager is
        assert read_token_file(file).managers == (f"127.0.0.1:{place.manager_port}",)
        wait_until(lambda: place.state_of() == "ready", 20)


def test_a_lost_membership_is_renewed(place: Place) -> None:
    """The host's own manager lets it in again, under its name."""
    with place.serve() as server:
        wait_until(lambda: place.state_of() == "ready", 20)
        server.stop(signal.SIGTERM)
    folder = place.state / "cenote" / "pool"
    (folder / "member.json").unlink()
    with place.serve():
        assert (member := Membership.load(folder)) and member.name == "gpu1"
        wait_until(lambda: place.state_of() == "ready", 20)
