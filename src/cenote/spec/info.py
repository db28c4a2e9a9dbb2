"""The words in which info queries are written down: what each answers, and who knows the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Value(StrEnum):
    """What an answer's bytes are."""

    BOOL = "bool"  # cl_bool
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    F32 = "f32"
    SIZE = "size"
    TEXT = "text"  # with its NUL
    BYTES = "bytes"  # a structure or an array that both ends copy as it is
    U64S = "u64s"
    SIZES = "sizes"
    PROPERTIES = "properties"  # pairs and a closing zero, as given at creation
    NAME_VERSIONS = "name-versions"
    HANDLE = "handle"
    HANDLES = "handles"
    POINTER = "pointer"  # an address in the program
    BLOBS = "blobs"  # the answer is an array of pointers that the program gave, one to each device's bytes


class Source(StrEnum):
    """Who knows the answer."""

    FIXED = "fixed"  # the server; it never changes, so it is sent in bulk
    LIVE = "live"  # the server; asked when the program asks
    CLIENT = "client"  # the client, from its own objects


class Filled(StrEnum):
    """When the fixed answers of a query are sent."""

    CONNECT = "connect"
    BUILD = "build"  # with the reply to a build, for the program and for each of its kernels
    NEVER = "never"  # nothing is fixed


@dataclass(frozen=True)
class Info:
    """One parameter of an info query."""

    name: str
    value: Value
    since: str = "1.0"  # of the core, or the extension's name
    source: Source = Source.FIXED
    handle: str = ""  # class of the handles in the answer


@dataclass(frozen=True)
class Query:
    """One info query: what may be asked about which objects."""

    function: str
    subject: tuple[str, ...]  # handle classes, and names of further numbers that select the answer
    filled: Filled
    params: tuple[Info, ...]
