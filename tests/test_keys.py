from __future__ import annotations

from pathlib import Path

import pytest

from cenote import keys
from cenote.errors import NoKey
from cenote.keys import HostKey

KEY = HostKey(bytes(range(32)), bytes(range(32, 64)))


def test_round_trip_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "host.key"
    KEY.write(file)
    assert keys.read(file) == KEY
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "host.key"
    KEY.write(file)
    file.chmod(mode)
    with pytest.raises(NoKey, match=f"chmod 600 {file}"):
        keys.read(file)


@pytest.mark.parametrize(
    "content",
    ["", "cenote-key 2\n", "cenote-key 1\nkey 00\n", "cenote-key 1\nkey zz\ncertificate-sha256 00\n", "\x00\xff", "é"],
)
def test_broken_key_files(tmp_path: Path, content: str) -> None:
    file = tmp_path / "host.key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(NoKey, match="is not a key file"):
        keys.read(file)


def test_missing_key_file(tmp_path: Path) -> None:
    with pytest.raises(NoKey, match="No such file"):
        keys.read(tmp_path / "host.key")


def test_found_in_the_users_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    KEY.write(tmp_path / "cenote" / "host.key")
    assert keys.find() == tmp_path / "cenote" / "host.key"
