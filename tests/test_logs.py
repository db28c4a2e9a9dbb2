from __future__ import annotations

import json
import secrets
import subprocess
import sys

import pytest

from cenote.credentials import JoinCredential, TokenCredential
from cenote.logs import without_secrets

SCRIPT = """
import logging, sys
from cenote import logs
logs.to_stderr(sys.argv[1], sys.argv[2])
log = logging.getLogger("cenote.test")
log.debug("quiet")
log.info("%d device(s) are lent to %s", 2, "anné\\n")
try:
    raise ValueError("postgresql://cenote:hunter2@db/pool")
except ValueError:
    log.exception("a mistake of ours")
"""


def logged(level: str, form: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, level, form], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("", 0)
    assert "hunter2" not in done.stderr
    return done.stderr.splitlines()


def test_a_line_of_json_for_each_record() -> None:
    first, second = map(json.loads, logged("info", "json"))
    assert first["message"] == "2 device(s) are lent to anné\n"
    assert (first["level"], first["logger"]) == ("info", "cenote.test")
    assert first["time"].endswith("Z") and len(first["time"]) == 24
    assert second["level"] == "error" and "ValueError: postgresql://cenote:[secret]@db/pool" in second["exception"]


def test_text_and_levels() -> None:
    assert "INFO    2 device(s) are lent to anné" in logged("info", "text")[0]
    assert logged("off", "text") == []
    assert "quiet" in logged("debug", "text")[0]


@pytest.mark.parametrize("kind", ["token", "invitation", "token word", "join word"])
def test_secrets_do_not_show(kind: str) -> None:
    secret = f"cenote-{secrets.token_hex(8)}-{secrets.token_hex(32)}"
    text = {
        "token": secret,
        "invitation": secret.removeprefix("cenote-"),
        "token word": TokenCredential(("a:1",), "0" * 64, secret).text,
        "join word": JoinCredential(("a:1",), "0" * 64, secret.removeprefix("cenote-")).text,
    }[kind]
    assert without_secrets(f"what is “{text}”?") == "what is “[secret]”?"
