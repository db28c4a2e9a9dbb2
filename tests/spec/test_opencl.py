"""The spec of OpenCL against itself."""

from __future__ import annotations

from collections import Counter

import pytest

from cenote.codegen.model import Function, read_module
from cenote.spec import opencl
from cenote.spec.idl import Carry, Hand
from cenote.spec.info import Source, Value
from cenote.spec.opencl_constants import CONSTANTS
from cenote.spec.opencl_dispatch import DISPATCH
from cenote.spec.opencl_extensions import CARRIED_EXTENSIONS, MASKED_EXTENSIONS
from cenote.spec.opencl_info import QUERIES
from cenote.spec.opencl_overrides import OVERRIDES
from cenote.spec.opencl_types import HANDLES

FUNCTIONS: list[Function] = [f for part in opencl.PARTS for f in read_module(part)]
NAMES = [name for f in FUNCTIONS for name in f.names]
FIRST_INTERNAL_OPCODE = 400


def each(functions: list[Function]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("function", functions, ids=[f.name for f in functions])


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []


def test_opcodes_are_unique() -> None:
    opcodes = [f.spec.opcode for f in FUNCTIONS if f.spec.opcode]
    assert len(set(opcodes)) == len(opcodes)
    assert max(opcodes) < FIRST_INTERNAL_OPCODE


@each([f for f in FUNCTIONS if f.spec.carry in {Carry.LOCAL, Carry.REFUSED, Carry.CACHED}])
def test_what_stays_in_the_client_has_no_message(function: Function) -> None:
    assert function.spec.opcode == 0
    assert function.spec.hand is Hand.NONE
    assert not function.spec.check


@each([f for f in FUNCTIONS if f.spec.hand is Hand.NONE and f.spec.carry in {Carry.ONE_WAY, Carry.WAITS}])
def test_what_is_generated_can_be(function: Function) -> None:
    assert function.travels
    assert not {"out", "opaque", "callback", "userdata"} & {p.kind for p in function.params}
    assert function.returns.kind in {"new", "scalar"}


@each([f for f in FUNCTIONS if f.spec.enqueue and f.has("event") and f.name != "clEnqueueMarker"])
def test_commands_wait_and_are_waited_for(function: Function) -> None:
    assert function.has("event_wait_list")
    assert function.has("num_events_in_wait_list")


@each(FUNCTIONS)
def test_late_failures_are_heard_somewhere(function: Function) -> None:
    may_go_on = function.spec.carry is Carry.ONE_WAY or any(p.name.startswith("blocking") for p in function.params)
    assert (function.spec.surfaces is not None) == may_go_on


@each(FUNCTIONS)
def test_counts_name_parameters(function: Function) -> None:
    for p in function.params:
        assert not p.count or p.count.isdigit() or function.has(p.count), p.name


@each(FUNCTIONS)
def test_since_is_a_version_or_a_carried_extension(function: Function) -> None:
    since = function.spec.since
    assert since in {"1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "3.0"} or since in CARRIED_EXTENSIONS


@each([f for f in FUNCTIONS if f.has("errcode_ret")])
def test_an_error_pointer_comes_with_a_returned_object(function: Function) -> None:
    assert function.returns.kind in {"new", "opaque"}


def test_wrong_handles_have_codes() -> None:
    assert {h.invalid for h in HANDLES} <= set(CONSTANTS)


def test_dispatch_has_only_what_is_exported() -> None:
    assert {name for name in DISPATCH if name} <= set(NAMES)
    core = {f.name for f in FUNCTIONS if f.spec.since[0].isdigit()}
    assert core <= set(DISPATCH)


def test_every_info_query_has_its_table() -> None:
    queries = {f.name for f in FUNCTIONS if f.name.startswith("clGet") and f.has("param_name")}
    assert {q.function for q in QUERIES} == queries


def test_info_parameters_are_constants() -> None:
    for query in QUERIES:
        names = [p.name for p in query.params]
        assert set(names) <= set(CONSTANTS)
        values = [CONSTANTS[name] for name in names]
        assert len(values) == len(set(values)), query.function


def test_handles_in_answers_are_named() -> None:
    classes = {h.__name__ for h in HANDLES}
    for query in QUERIES:
        for info in query.params:
            is_handle = info.value in {Value.HANDLE, Value.HANDLES}
            assert (info.handle in classes) if is_handle else not info.handle, info.name
            assert not (is_handle and info.source is Source.FIXED), "only the client knows its handles"


def test_overrides_name_what_can_be_asked() -> None:
    infos = {p.name: p for q in QUERIES for p in q.params}
    assert len({o.name for o in OVERRIDES}) == len(OVERRIDES)
    for override in OVERRIDES:
        assert override.name in infos
        assert override.becomes and override.why
        if override.clear:
            assert infos[override.name].value is Value.U64
            assert set(override.clear) <= set(CONSTANTS)


def test_nothing_is_both_carried_and_masked() -> None:
    assert not CARRIED_EXTENSIONS & MASKED_EXTENSIONS
