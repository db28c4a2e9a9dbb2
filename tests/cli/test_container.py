"""“cenote run” of a container would silently give it no device: it says what does."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.servers import CENOTE


@pytest.mark.parametrize(
    ("command", "then"),
    [
        ("docker run -it ubuntu ./train", "docker run --device cenote.dev/allocation=ID -it ubuntu ./train"),
        (
            "/usr/bin/podman --log-level debug create ubuntu",
            "/usr/bin/podman --log-level debug create --device cenote.dev/allocation=ID ubuntu",
        ),
        ("docker container run a 'b c'", "docker container run --device cenote.dev/allocation=ID a 'b c'"),
        ("nerdctl --namespace=k8s.io run a", "nerdctl --namespace=k8s.io run --device cenote.dev/allocation=ID a"),
    ],
)
def test_a_container_is_refused(command: str, then: str) -> None:
    done = subprocess.run([*CENOTE, "run", "-n", "2", "--", *shlex.split(command)], capture_output=True, text=True)
    assert done.returncode == 64
    assert done.stderr == (
        "cenote: programs in a container would not see the devices: "
        f"run “cenote container --devices 2”, and then “{then}” with its ID\n"
    )


def test_the_right_command_names_every_server() -> None:
    named = ["--server", "gpu1", "--server", "gpu2"]
    done = subprocess.run([*CENOTE, "run", *named, "--", "docker", "run", "a"], capture_output=True, text=True)
    assert "run “cenote container --server gpu1 --server gpu2”, and" in done.stderr


@pytest.mark.parametrize(
    "command", ["docker ps", "docker build run", "podman", "./docker-tool run", "docker exec run x"]
)
def test_what_starts_no_container_is_run(command: str, tmp_path: Path) -> None:
    nobody = dict(os.environ) | {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run([*CENOTE, "run", "--", *command.split()], env=nobody, capture_output=True, text=True)
    assert "container" not in done.stderr and done.returncode != 64
