"""The words in which an API is written down: a function is a Python signature, its parameters say what they carry.

A parameter's annotation is one of the scalar aliases below, a handle class, or ``Annotated[<shape>, <role>, …]``:

=====================================================  ==========================  ====================================
annotation                                             C parameter                 meaning
=====================================================  ==========================  ====================================
``U32``, ``Size``, a ``Scalar`` alias of an API        the scalar                  carried as it is
``Queue`` (any ``Handle`` class)                       ``cl_command_queue``        a live object; NULL is an error
``Annotated[Mem, Optional()]``                         ``cl_mem``                  may be NULL
``Annotated[Handles[Event], In("n")]``                 ``const cl_event *``        n handles
``Annotated[Array[Size], In("work_dim")]``             ``const size_t *``          n scalars
``Annotated[Bytes, In("size")]``                       ``const void *``            size bytes, read at the call
``Annotated[Bytes, Out("size")]``                      ``void *``                  size bytes, written
``Annotated[Array[U32], Out("n")]``                    ``cl_uint *``               n scalars, written
``Annotated[Text, In()]``                              ``const char *``            NUL-terminated
``Annotated[Event, New(optional=True)]``               ``cl_event *``              receives a new object
return annotation ``Annotated[Mem, New()]``            returns ``cl_mem``          a new object
``ErrorCode``                                          ``cl_int *errcode_ret``     never carried
``Annotated[Pointer, CallbackRole("void (*)(…)")]``    a function pointer          stays in the client
``UserData``                                           ``void *user_data``         stays in the client
``Annotated[Pointer, OpaqueRole("const … *")]``        that type                   only for functions written by hand
=====================================================  ==========================  ====================================

The count in ``In`` and ``Out`` is the name of another parameter or an integer; ``In("n", optional=True)`` allows NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

T = TypeVar("T")


# ── What a parameter is ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Scalar:
    """A value carried as it is: ``ctype`` in C, ``wire`` one of u8 u16 u32 u64 i32 i64 f32 f64."""

    ctype: str
    wire: str


class Handle:
    """An API object. A subclass for each type sets ``ctype`` and ``invalid``, the code that a wrong handle gives."""

    ctype: str
    invalid: str


class Bytes:
    """Untyped memory."""


class Text:
    """A NUL-terminated string."""


class Array(Generic[T]):
    """Several scalars."""


class Handles(Generic[T]):
    """Several handles."""


class Pointer:
    """An address that only hand-written code looks at."""


# ── What becomes of it ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class In:
    count: str | int = ""
    optional: bool = False


@dataclass(frozen=True)
class Out:
    count: str | int = 1
    optional: bool = True


@dataclass(frozen=True)
class New:
    optional: bool = False


@dataclass(frozen=True)
class Optional:
    """The handle may be NULL."""


@dataclass(frozen=True)
class ErrorRole:
    pass


@dataclass(frozen=True)
class CallbackRole:
    ctype: str


@dataclass(frozen=True)
class UserDataRole:
    pass


@dataclass(frozen=True)
class OpaqueRole:
    ctype: str


ErrorCode = Annotated[Pointer, ErrorRole()]
UserData = Annotated[Pointer, UserDataRole()]


# ── What a function is ───────────────────────────────────────────────────────────────────────────────────────────────


class Carry(StrEnum):
    """How a call reaches the server."""

    ONE_WAY = "one-way"  # sent, not waited for
    WAITS = "waits"  # sent, the reply waited for
    CACHED = "cached"  # answered from what the server said at connect or build; asked once if it was not
    LOCAL = "local"  # never leaves the client
    REFUSED = "refused"  # answered in the client with the code for what the device does not do
    INTERNAL = "internal"  # a message between shim and worker that no API function has


class Surface(StrEnum):
    """Where a program hears of what only the server could find wrong with a call that it did not wait for."""

    COMMAND = "the command's event, and the queue's next call that waits"
    QUEUE = "the queue's next call that waits"  # it says CL_OUT_OF_RESOURCES, once; later commands still run
    EVENT = "the event"
    OBJECT = "whatever needs the new object"  # it answers with the code of the failed creation
    KERNEL = "launches of the kernel, until the argument is set anew"
    RECORDING = "the recording's end"
    NOWHERE = "nowhere"  # a release, or what no driver sees


class Hand(StrEnum):
    """Which end of a call is hand-written C++ instead of generated."""

    NONE = ""
    SHIM = "shim"
    WORKER = "worker"
    BOTH = "both"


@dataclass(frozen=True)
class CallSpec:
    """One function: what its signature cannot say."""

    name: str
    function: Callable[..., Any]
    carry: Carry
    hand: Hand
    since: str  # "1.0" … "3.0" of the core, or the extension's name
    check: bool  # a hand-written check_<name>() validates the arguments before anything is sent
    slow: bool  # the driver may block: carried out beside the executor
    enqueue: bool  # a command on a queue: obeys wait lists and the queue's order
    opcode: int  # 0 for functions that never travel
    aliases: tuple[str, ...]  # further exported names with the same signature (KHR, EXT …)
    surfaces: Surface | None  # of calls that may be one-way


REGISTRY: dict[str, list[CallSpec]] = {}


def call(
    carry: Carry,
    *,
    opcode: int = 0,
    hand: Hand = Hand.NONE,
    since: str = "1.0",
    check: bool = False,
    slow: bool = False,
    aliases: tuple[str, ...] = (),
    surfaces: Surface | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares the decorated signature as an API function of the module that it stands in."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        REGISTRY.setdefault(function.__module__, []).append(
            CallSpec(
                name=name,
                function=function,
                carry=carry,
                hand=hand,
                since=since,
                check=check,
                slow=slow,
                enqueue="Enqueue" in name,
                opcode=opcode,
                aliases=aliases,
                surfaces=surfaces,
            )
        )
        return function

    return declare
