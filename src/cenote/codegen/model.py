"""Reads the signatures of a spec module into what the templates need: parameters by kind, C types, wire fields."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin

from cenote.spec import idl


class SpecError(Exception):
    """A signature that the interface description language does not allow."""


@dataclass(frozen=True)
class Param:
    """One parameter of a function. ``kind`` decides how it is carried:

    scalar, handle, handles, array, bytes, text travel; new makes an object; error, callback, userdata, out, opaque
    stay in the client.
    """

    name: str
    kind: str
    ctype: str
    wire: str = ""
    handle: str = ""  # class name of the handle type
    invalid: str = ""  # code of a wrong handle
    element: str = ""  # C type of an array's element
    count: str = ""
    optional: bool = False

    @property
    def travels(self) -> bool:
        return self.kind in {"scalar", "handle", "handles", "array", "bytes", "text", "new"}

    @property
    def field_type(self) -> str:
        """Type of the message's field."""
        if self.kind in {"handle", "new"}:
            return "uint64_t"
        if self.kind in {"handles", "array"}:
            return "wire::Words"
        if self.kind in {"bytes", "text"}:
            return "wire::Blob"
        return _WIRE_TYPES[self.wire]

    @property
    def declaration(self) -> str:
        if "(*)" in self.ctype:
            return self.ctype.replace("(*)", f"(CL_CALLBACK* {self.name})", 1)
        return f"{self.ctype} {self.name}"


_WIRE_TYPES = {
    "u8": "uint8_t",
    "u16": "uint16_t",
    "u32": "uint32_t",
    "u64": "uint64_t",
    "i32": "int32_t",
    "i64": "int64_t",
    "f32": "float",
    "f64": "double",
}


@dataclass(frozen=True)
class Function:
    """One function of an API, or one internal message."""

    spec: idl.CallSpec
    params: list[Param]
    returns: Param
    names: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def travels(self) -> bool:
        return self.spec.opcode > 0

    @property
    def exported(self) -> bool:
        return self.spec.carry is not idl.Carry.INTERNAL

    @property
    def shim_by_hand(self) -> bool:
        return self.spec.hand in {idl.Hand.SHIM, idl.Hand.BOTH} or self.spec.carry in {
            idl.Carry.LOCAL,
            idl.Carry.REFUSED,
            idl.Carry.CACHED,
        }

    @property
    def worker_by_hand(self) -> bool:
        return self.spec.hand in {idl.Hand.WORKER, idl.Hand.BOTH} or self.spec.carry is idl.Carry.INTERNAL

    @property
    def fields(self) -> list[Param]:
        """What the message carries, in order; a returned object comes last."""
        counted = {p.count for p in self.params if p.kind in {"handles", "array"}}
        carried = [p for p in self.params if p.travels and p.name not in counted]
        return carried + ([self.returns] if self.returns.kind == "new" else [])

    @property
    def new(self) -> Param | None:
        """The object that the call makes, if any."""
        return next((p for p in self.fields if p.kind == "new"), None)

    def param(self, name: str) -> Param:
        return next(p for p in self.params if p.name == name)

    def has(self, name: str) -> bool:
        return any(p.name == name for p in self.params)

    @property
    def prototype(self) -> str:
        return ", ".join(p.declaration for p in self.params) or "void"

    @property
    def arguments(self) -> str:
        return ", ".join(p.name for p in self.params)


def _is_handle(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, idl.Handle)


def _scalar(annotation: Any) -> idl.Scalar | None:
    if get_origin(annotation) is Annotated:
        return next((m for m in get_args(annotation)[1:] if isinstance(m, idl.Scalar)), None)
    return None


def _param(name: str, annotation: Any) -> Param:
    scalar = _scalar(annotation)
    roles: list[Any] = []
    shape = annotation
    if get_origin(annotation) is Annotated:
        shape, *roles = get_args(annotation)
    inner: Any = get_args(shape)[0] if get_args(shape) else None
    for role in roles:
        match role:
            case idl.ErrorRole():
                return Param(name, "error", "cl_int*")
            case idl.UserDataRole():
                return Param(name, "userdata", "void*")
            case idl.CallbackRole(ctype) if "(" in ctype:
                return Param(
                    name, "callback", ctype.replace("CL_CALLBACK", "").replace("( *)", "(*)").replace("(* )", "(*)")
                )
            case idl.CallbackRole(ctype) | idl.OpaqueRole(ctype):
                return Param(name, "opaque", ctype)
            case idl.New(optional):
                if not _is_handle(shape):
                    raise SpecError(f"{name}: New() on something that is no handle")
                return Param(name, "new", f"{shape.ctype}*", handle=shape.__name__, optional=optional)
            case idl.Optional() if _is_handle(shape):
                return Param(name, "handle", shape.ctype, handle=shape.__name__, invalid=shape.invalid, optional=True)
            case idl.Out():
                element = _scalar(inner)
                if shape is idl.Bytes or shape is idl.Pointer:
                    ctype = "void*"
                elif shape is idl.Text:
                    ctype = "char*"
                elif element is not None:
                    ctype = f"{element.ctype}*"
                elif _is_handle(inner):
                    ctype = f"{inner.ctype}*"
                elif scalar is not None:
                    ctype = f"{scalar.ctype}*"
                else:
                    raise SpecError(f"{name}: Out() of {shape!r}")
                return Param(name, "out", ctype)
            case idl.In(count, optional):
                count = str(count)
                if shape is idl.Bytes:
                    return Param(name, "bytes", "const void*", count=count, optional=optional)
                if shape is idl.Text:
                    return Param(name, "text", "const char*", optional=optional)
                if _is_handle(inner):
                    return Param(
                        name,
                        "handles",
                        f"const {inner.ctype}*",
                        handle=inner.__name__,
                        invalid=inner.invalid,
                        element=inner.ctype,
                        count=count,
                        optional=optional,
                    )
                element = _scalar(inner)
                if element is not None:
                    return Param(
                        name,
                        "array",
                        f"const {element.ctype}*",
                        wire=element.wire,
                        element=element.ctype,
                        count=count,
                        optional=optional,
                    )
                raise SpecError(f"{name}: In() of {shape!r}")
    if scalar is not None:
        return Param(name, "scalar", scalar.ctype, wire=scalar.wire)
    if _is_handle(shape):
        return Param(name, "handle", shape.ctype, handle=shape.__name__, invalid=shape.invalid)
    raise SpecError(f"{name}: no meaning for {annotation!r}")


def _returns(annotation: Any) -> Param:
    if annotation is None or annotation is type(None):
        return Param("result", "void", "void")
    if get_origin(annotation) is Annotated:
        shape, *roles = get_args(annotation)
        for role in roles:
            if isinstance(role, idl.New):
                return Param("result", "new", shape.ctype, handle=shape.__name__, optional=False)
            if isinstance(role, idl.OpaqueRole):
                return Param("result", "opaque", role.ctype)
    scalar = _scalar(annotation)
    if scalar is not None:
        return Param("result", "scalar", scalar.ctype, wire=scalar.wire)
    if _is_handle(annotation):
        return Param("result", "handle", annotation.ctype, handle=annotation.__name__)
    raise SpecError(f"no meaning for the return annotation {annotation!r}")


def read_function(spec: idl.CallSpec) -> Function:
    """The model of one declared function."""
    signature = inspect.signature(spec.function, eval_str=True)
    try:
        params = [_param(p.name, p.annotation) for p in signature.parameters.values()]
        returns = _returns(signature.return_annotation)
    except SpecError as error:
        raise SpecError(f"{spec.name}: {error}") from error
    return Function(spec, params, returns, (spec.name, *spec.aliases))


def read_module(module: ModuleType) -> list[Function]:
    """All functions that a spec module declares, in its order."""
    return [read_function(spec) for spec in idl.REGISTRY.get(module.__name__, [])]


def check_unique(functions: list[Function]) -> None:
    """Opcodes and names must name one function each."""
    opcodes: dict[int, str] = {}
    names: set[str] = set()
    for function in functions:
        for name in function.names:
            if name in names:
                raise SpecError(f"{name} is declared twice")
            names.add(name)
        opcode = function.spec.opcode
        if opcode and opcodes.setdefault(opcode, function.name) != function.name:
            raise SpecError(f"opcode {opcode}: {opcodes[opcode]} and {function.name}")
