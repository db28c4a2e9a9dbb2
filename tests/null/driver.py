"""The null driver loaded on its own: its functions by name, typed from the spec."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cenote import paths
from cenote.codegen.model import Function, Param, read_module
from cenote.spec import opencl
from cenote.spec.opencl_constants import CONSTANTS
from cenote.spec.opencl_dispatch import DISPATCH
from cenote.spec.opencl_types import C_TYPES

FUNCTIONS: dict[str, Function] = {name: f for part in opencl.PARTS for f in read_module(part) for name in f.names}
_PLAIN: dict[str, Any] = {
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
}

Cl = Any


def built() -> Path:
    return paths.native() / "lib" / paths.NULL_DRIVER


def ctype_of(param: Param) -> Any:
    """ctypes of a parameter; every pointer, handle and function is an address."""
    return _PLAIN.get(C_TYPES.get(param.ctype, param.ctype), ctypes.c_void_p)


class ClError(Exception):
    """A function of the driver gave an error code."""

    def __init__(self, function: str, code: int) -> None:
        names = [name for name, value in CONSTANTS.items() if value == code and not name.endswith("_EXT")]
        super().__init__(f"{function}: {names[0] if names else code}")
        self.code = code


class NullDriver:
    """One instance of the driver, with settings of its own: each is a copy of the library."""

    def __init__(self, folder: Path, *, devices: int = 1, memory: bool = False) -> None:
        copy = folder / paths.NULL_DRIVER
        shutil.copy(built(), copy)
        settings = {"CENOTE_NULL_DEVICES": str(devices), "CENOTE_NULL_MEMORY": str(int(memory))}
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        self._library = ctypes.CDLL(str(copy))
        self._functions: dict[str, Callable[..., Any]] = {}
        platform = ctypes.c_void_p()
        assert self._library.clIcdGetPlatformIDsKHR(1, ctypes.byref(platform), None) == 0
        self.platform = platform.value or 0
        self._table = ctypes.cast(self.platform, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
        self.devices = self._device_ids()
        self.keeps_bytes = memory
        self._read_settings()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

    def has(self, name: str) -> bool:
        return name in DISPATCH and bool(self._table[DISPATCH.index(name)])

    def raw(self, name: str) -> Callable[..., Any]:
        """The function as C has it."""
        if name not in self._functions:
            f = FUNCTIONS[name]
            result = None if f.returns.kind == "void" else ctype_of(f.returns)
            kind = ctypes.CFUNCTYPE(result, *(ctype_of(p) for p in f.params))
            self._functions[name] = kind(self._table[DISPATCH.index(name)])
        return self._functions[name]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The function without its error code, which becomes an exception."""
        if not name.startswith("cl"):
            raise AttributeError(name)
        f = FUNCTIONS[name]

        def call(*arguments: Any) -> Any:
            if not f.has("errcode_ret"):
                result = self.raw(name)(*arguments)
                if f.returns.ctype == "cl_int" and result != 0:
                    raise ClError(name, result)
                return result
            error = ctypes.c_int32(1)
            result = self.raw(name)(*arguments, ctypes.byref(error))
            if error.value != 0:
                raise ClError(name, error.value)
            return result

        return call

    def info(self, function: str, *arguments: Any) -> bytes:
        """The bytes of an info query's answer."""
        size = ctypes.c_size_t()
        getattr(self, function)(*arguments, 0, None, ctypes.byref(size))
        answer = ctypes.create_string_buffer(size.value)
        if size.value:
            getattr(self, function)(*arguments, size.value, answer, None)
        return answer.raw

    def number(self, function: str, *arguments: Any) -> int:
        return int.from_bytes(self.info(function, *arguments), "little")

    def _device_ids(self) -> list[int]:
        count = ctypes.c_uint32()
        everything = CONSTANTS["CL_DEVICE_TYPE_ALL"]
        if self.raw("clGetDeviceIDs")(self.platform, everything, 0, None, ctypes.byref(count)) != 0:
            return []
        ids = (ctypes.c_void_p * count.value)()
        assert self.raw("clGetDeviceIDs")(self.platform, everything, count, ids, None) == 0
        return [i or 0 for i in ids]

    def _read_settings(self) -> None:
        """Makes the driver look at its settings while they are there."""
        if self.devices:
            context = self.context()
            self.clReleaseMemObject(self.clCreateBuffer(context, 0, 1, None))
            self.clReleaseContext(context)

    def context(self) -> Cl:
        return self.clCreateContext(None, len(self.devices), self.handles(*self.devices), None, None)

    def queue(self, context: Cl, *, flags: str = "") -> Cl:
        bits = sum(CONSTANTS[flag] for flag in flags.split())
        properties = (ctypes.c_uint64 * 3)(CONSTANTS["CL_QUEUE_PROPERTIES"], bits, 0)
        return self.clCreateCommandQueueWithProperties(context, self.devices[0], properties)

    def program(self, context: Cl, source: str) -> Cl:
        text = (ctypes.c_char_p * 1)(source.encode())
        program = self.clCreateProgramWithSource(context, 1, text, None)
        self.clBuildProgram(program, 0, None, b"", None, None)
        return program

    @staticmethod
    def handles(*values: Cl) -> Any:
        return (ctypes.c_void_p * len(values))(*values)

    @staticmethod
    def sizes(*values: int) -> Any:
        return (ctypes.c_size_t * len(values))(*values)
