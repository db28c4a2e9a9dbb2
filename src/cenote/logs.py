"""What servers and managers log: for people, or a line of JSON for each record. Never with a secret in it."""

from __future__ import annotations

import json
import logging
import re
import sys
import time

LEVELS = {"off": logging.CRITICAL + 1, "error": logging.ERROR, "info": logging.INFO, "debug": logging.DEBUG}

_SECRET = re.compile(r"cenote-(?:token|join)-\d+\.[\w-]+|(?:cenote-)?\b[0-9a-f]{16}-[0-9a-f]{64}\b")
_URL_PASSWORD = re.compile(r"(\w://[^\s/:@]+:)[^\s/@]+@")
_HIDDEN = "[secret]"


def to_stderr(level: str, form: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=LEVELS[level])
    for library in ("asyncio", "alembic", "httpcore", "httpx", "uvicorn"):
        logging.getLogger(library).setLevel(max(LEVELS[level], logging.WARNING))


def without_secrets(text: str) -> str:
    """None is logged on purpose; but what a library or a user puts into a message may hold one."""
    return _URL_PASSWORD.sub(rf"\1{_HIDDEN}@", _SECRET.sub(_HIDDEN, text))


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class _Json(logging.Formatter):
    """Moments are in UTC, as RFC 3339 writes them."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields: dict[str, object] = {
            "time": f"{at}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "pid": record.process,
        }
        if record.exc_info:
            fields["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False)
