"""The spec against the system's own OpenCL headers: a C compiler compares every prototype, type, constant and slot."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from cenote.codegen.model import Function, read_module
from cenote.spec import opencl
from cenote.spec.opencl_constants import CONSTANTS
from cenote.spec.opencl_dispatch import DISPATCH
from cenote.spec.opencl_types import C_TYPES, HANDLES

PREAMBLE = """
#define CL_TARGET_OPENCL_VERSION 300
#define CL_ENABLE_BETA_EXTENSIONS
#include <stddef.h>
#include <stdint.h>
#include <CL/cl.h>
"""
EXTENSIONS = "#include <CL/cl_ext.h>\n"
FUNCTIONS: list[Function] = [f for part in opencl.PARTS for f in read_module(part)]
# Formats of sharing with OpenGL that older versions of cl.h have.
NOT_CARRIED = {"CL_DEPTH_STENCIL", "CL_UNORM_INT24"}
COMMANDS_CHANGED_IN = (0, 9, 5)  # version of cl_khr_command_buffer: the clCommand functions got their properties


def compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found is None:
        pytest.skip("no C compiler")
    return found


def run(source: str, *options: str) -> str:
    """Compiles C from standard input; the compiler's complaint is the test's message."""
    done = subprocess.run([compiler(), *options, "-x", "c", "-"], input=source, capture_output=True, text=True)
    if "CL/cl.h" in done.stderr and "No such file" in done.stderr:
        pytest.skip("the OpenCL headers are not installed: apt-get install opencl-headers")
    assert done.returncode == 0, done.stderr[:4000]
    return done.stdout


def check(lines: list[str], includes: str = EXTENSIONS) -> None:
    assert lines
    run(PREAMBLE + includes + "\n".join(lines) + "\n", "-fsyntax-only", "-Wno-deprecated-declarations")


def declared(includes: str = EXTENSIONS) -> set[str]:
    """Names of the functions that the headers declare."""
    return set(re.findall(r"\b(cl[A-Z]\w+)\s*\(", run(PREAMBLE + includes, "-E", "-P")))


def defined(header: str) -> dict[str, str]:
    """The macros that a header leaves defined."""
    text = run(f"#define CL_TARGET_OPENCL_VERSION 300\n#include <CL/{header}>\n", "-E", "-dM")
    return dict(re.findall(r"^#define (CL_\w+) (.+)$", text, re.MULTILINE))


def command_buffer_version() -> tuple[int, ...]:
    text = run(PREAMBLE + EXTENSIONS, "-E", "-dM")
    found = re.search(r"#define CL_KHR_COMMAND_BUFFER_EXTENSION_VERSION CL_MAKE_VERSION\((\d+), (\d+), (\d+)\)", text)
    return tuple(map(int, found.groups())) if found else (0, 9, 0)


def test_prototypes() -> None:
    known = declared()
    if command_buffer_version() < COMMANDS_CHANGED_IN:
        known = {n for n in known if not n.startswith("clCommand")}
    lines = []
    for f in FUNCTIONS:
        pointer = f"{f.returns.ctype} (*)({f.prototype})"
        lines += [
            f'_Static_assert(__builtin_types_compatible_p(__typeof__(&{name}), {pointer}), "{name}");'
            for name in f.names
            if name in known
        ]
    assert len(lines) > 130
    check(lines)


def test_every_function_of_the_core_is_there() -> None:
    ours = {name for f in FUNCTIONS for name in f.names}
    missing = {n for n in declared("") if not n.endswith(("KHR", "EXT", "_fn", "_t"))} - ours
    assert missing == set()


def test_types() -> None:
    text = run(PREAMBLE + EXTENSIONS, "-E", "-P")
    types = {**C_TYPES, **{h.ctype: f"struct _{h.ctype}*" for h in HANDLES}}
    types = {name: type_ for name, type_ in types.items() if re.search(rf"\b{name}\b", text)}
    assert len(types) > 60
    check(
        [f'_Static_assert(__builtin_types_compatible_p({name}, {type_}), "{name}");' for name, type_ in types.items()]
    )


def test_constants() -> None:
    lines = []
    for name, value in CONSTANTS.items():
        lines += [f"#ifdef {name}", f'_Static_assert((long long)({name}) == {value}LL, "{name}");', "#endif"]
    check(lines)


def test_every_constant_of_the_core_is_there() -> None:
    limits = defined("cl_platform.h")
    missing = {
        name
        for name in defined("cl.h")
        if name not in limits
        and name not in CONSTANTS
        and name not in NOT_CARRIED
        and not re.match(r"CL_(VERSION_\d_\d|API_|CALLBACK|EXT_|TARGET_|MAKE_VERSION|NO_)", name)
    }
    assert missing == set()


def test_dispatch_table() -> None:
    size = 8
    lines = [
        f'_Static_assert(offsetof(cl_icd_dispatch, {name}) == {slot * size}, "{name}");'
        for slot, name in enumerate(DISPATCH)
        if name
    ]
    lines.append(f'_Static_assert(sizeof(cl_icd_dispatch) >= {len(DISPATCH) * size}, "length");')
    check(lines, EXTENSIONS + "#include <CL/cl_icd.h>\n")
