"""A TOML file that knows on which line each of its keys stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cenote.errors import WrongSetting


@dataclass(frozen=True)
class TomlFile:
    path: Path
    text: str
    data: dict[str, Any]

    @classmethod
    def parse(cls, path: Path, raw: bytes) -> Self:
        try:
            text = raw.decode().replace("\r\n", "\n")
            return cls(path, text, tomllib.loads(text))
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise WrongSetting(f"{path}:{line}: this is not UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            what, _, where = str(error).rstrip(")").rpartition(" (at ")
            line = int(found[1]) if (found := re.match(r"line (\d+)", where)) else len(text.splitlines())
            raise WrongSetting(f"{path}:{line}: this is not TOML: {what[:1].lower()}{what[1:]}") from None

    def line_of(self, key: tuple[str, ...]) -> int:
        """Where the statement begins that brings the key. The parser gives no lines, but only whole statements parse:
        the statement begins after the longest text without the key that does."""
        lines = self.text.split("\n")
        begin = 0
        for end in range(1, len(lines) + 1):
            try:
                found: Any = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            for part in key:
                found = found.get(part) if isinstance(found, dict) else None
            if found is not None:
                break
            begin = end
        return begin + 1
