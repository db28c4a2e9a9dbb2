"""Cenote: uses the devices of other machines as if they were local."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cenote.client.python import Allocation, allocate

__all__ = ["Allocation", "allocate"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Loads what programs use when they use it: commands start without it."""
    if name in __all__:
        from cenote.client import python

        return getattr(python, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
