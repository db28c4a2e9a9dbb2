"""httpx without its own command, whose packages take longer to load than all of the rest."""

from __future__ import annotations

import sys
from typing import Any

_COMMAND = "httpx._main"
_loaded: dict[str, Any] = sys.modules  # None in it, which its type does not know, makes an import fail

_loaded.setdefault(_COMMAND, None)  # as it does where those packages are not installed
try:
    import httpx
finally:
    if _loaded[_COMMAND] is None:
        del _loaded[_COMMAND]

__all__ = ["httpx"]
