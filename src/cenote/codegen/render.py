"""Renders the model of an API into C++ and a fuzzing grammar."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2

from cenote import protocol
from cenote.codegen import model
from cenote.codegen.model import Function

_COMMAND_TYPES = {
    "clEnqueueNDRangeKernel": "CL_COMMAND_NDRANGE_KERNEL",
    "clEnqueueMarkerWithWaitList": "CL_COMMAND_MARKER",
    "clEnqueueBarrierWithWaitList": "CL_COMMAND_BARRIER",
    "clEnqueueMigrateMemObjects": "CL_COMMAND_MIGRATE_MEM_OBJECTS",
    "clEnqueueSVMMemcpy": "CL_COMMAND_SVM_MEMCPY",
    "clEnqueueSVMMemFill": "CL_COMMAND_SVM_MEMFILL",
    "clEnqueueSVMMigrateMem": "CL_COMMAND_SVM_MIGRATE_MEM",
    "clEnqueueCommandBufferKHR": "CL_COMMAND_COMMAND_BUFFER_KHR",
    "clEnqueueMemsetINTEL": "CL_COMMAND_MEMSET_INTEL",
    "clEnqueueMemFillINTEL": "CL_COMMAND_MEMFILL_INTEL",
    "clEnqueueMemcpyINTEL": "CL_COMMAND_MEMCPY_INTEL",
    "clEnqueueMigrateMemINTEL": "CL_COMMAND_MIGRATEMEM_INTEL",
    "clEnqueueMemAdviseINTEL": "CL_COMMAND_MEMADVISE_INTEL",
}


def command_type(name: str) -> str:
    """The CL_COMMAND_… value that an enqueue function's event reports."""
    if name in _COMMAND_TYPES:
        return _COMMAND_TYPES[name]
    words = "".join("_" + c if c.isupper() else c.upper() for c in name.removeprefix("clEnqueue"))
    return "CL_COMMAND" + words


class Api:
    """One API as its spec modules declare it."""

    def __init__(self, name: str) -> None:
        self.name = name
        module = importlib.import_module(f"cenote.spec.{name}")
        self.types = importlib.import_module(f"cenote.spec.{name}_types")
        self.constants: dict[str, int] = importlib.import_module(f"cenote.spec.{name}_constants").CONSTANTS
        self.dispatch: tuple[str | None, ...] = importlib.import_module(f"cenote.spec.{name}_dispatch").DISPATCH
        self.functions = [f for part in module.PARTS for f in model.read_module(part)]
        self.functions += model.read_module(importlib.import_module(f"cenote.spec.{name}_messages"))
        model.check_unique(self.functions)

    @property
    def handles(self) -> list[type[Any]]:
        """Handle classes in the order of their type numbers, which start at 1."""
        return list(self.types.HANDLES)

    @property
    def scalars(self) -> dict[str, str]:
        """C names of the scalar types and the fixed-width type behind each."""
        return dict(self.types.C_TYPES)

    @property
    def queries(self) -> list[Any]:
        return list(importlib.import_module(f"cenote.spec.{self.name}_info").QUERIES)

    @property
    def bulk_queries(self) -> list[Any]:
        """Info queries whose fixed answers are sent when a client connects."""
        return [q for q in self.queries if q.filled == "connect"]

    @property
    def overrides(self) -> list[Any]:
        """Answers that differ from the driver's."""
        return list(importlib.import_module(f"cenote.spec.{self.name}_overrides").OVERRIDES)

    @property
    def number_overrides(self) -> list[Any]:
        """Answers that are changed as numbers; the others are changed by hand."""
        return [o for o in self.overrides if o.clear or o.value is not None]

    @property
    def icd_suffix(self) -> str:
        return str(importlib.import_module(f"cenote.spec.{self.name}_overrides").ICD_SUFFIX)

    @property
    def highest_version(self) -> tuple[int, int]:
        version: tuple[int, int] = importlib.import_module(f"cenote.spec.{self.name}_overrides").HIGHEST_VERSION
        return version

    @property
    def extensions(self) -> list[str]:
        return sorted(importlib.import_module(f"cenote.spec.{self.name}_extensions").CARRIED_EXTENSIONS)

    @property
    def messages(self) -> list[Function]:
        return sorted((f for f in self.functions if f.travels), key=lambda f: f.spec.opcode)

    @property
    def exported(self) -> list[Function]:
        return [f for f in self.functions if f.exported]


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - C++ is not HTML
    )
    environment.filters["command_type"] = command_type
    return environment


def _grammar(api: Api) -> str:
    """What the fuzzer needs to make messages that decode: opcodes, fields, handle types."""
    messages = [
        {
            "name": f.name,
            "opcode": f.spec.opcode,
            "fields": [
                {
                    "name": p.name,
                    "kind": "word" if p.kind == "scalar" else p.kind,
                    "handle": p.handle,
                    "count": p.count if p.count.isdigit() else "",
                    "optional": p.optional,
                }
                for p in f.fields
            ],
        }
        for f in api.messages
    ]
    types = {h.__name__: number for number, h in enumerate(api.handles, 1)}
    return json.dumps({"api": api.name, "types": types, "messages": messages}, indent=1) + "\n"


def protocol_lock(api: Api) -> str:
    """Opcodes and layouts as one text, to be compared with the checked-in protocol.lock."""
    lines = [
        f"{f.spec.opcode:4} {f.name}({', '.join(f'{p.name}:{_layout(p)}' for p in f.fields)})" for f in api.messages
    ]
    return "\n".join(lines) + "\n"


def protocol_header(apis: Sequence[Api]) -> str:
    """The protocol's version and, before its release, what tells builds with different messages apart."""
    locks = "".join(protocol_lock(api) for api in apis)
    build = 0 if protocol.RELEASED else int.from_bytes(hashlib.sha256(locks.encode()).digest()[:8], "little")
    return f"""// Generated from cenote.protocol and the specs.
#pragma once

#include <cstdint>

namespace cenote::wire {{

inline constexpr uint16_t kMajor = {protocol.MAJOR};
inline constexpr uint16_t kMinor = {protocol.MINOR};
inline constexpr uint64_t kBuild = {build:#x};

}}  // namespace cenote::wire
"""


def _layout(p: model.Param) -> str:
    return p.wire if p.kind == "scalar" else p.handle or p.kind


def outputs(api: Api) -> dict[str, Callable[[], str]]:
    """Generated files by their path below the output folder."""
    environment = _environment()

    def template(name: str) -> Callable[[], str]:
        return lambda: environment.get_template(name).render(api=api)

    n = api.name
    return {
        f"api/{n}_api.hpp": template("api.hpp.jinja"),
        f"api/{n}_messages.hpp": template("messages.hpp.jinja"),
        f"api/{n}_info.hpp": template("info.hpp.jinja"),
        f"api/{n}_driver.hpp": template("driver.hpp.jinja"),
        f"shim/{n}_hand.hpp": template("hand.hpp.jinja"),
        f"shim/{n}_stubs.cpp": template("stubs.cpp.jinja"),
        f"worker/{n}_handlers.hpp": template("handlers.hpp.jinja"),
        f"worker/{n}_handlers.cpp": template("handlers.cpp.jinja"),
        f"fuzz/{n}.json": lambda: _grammar(api),
    }
