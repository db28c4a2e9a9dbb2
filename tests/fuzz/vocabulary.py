"""Plausible values for the fields of a call: what an honest client might send, so that calls get past the first check.

The grammar knows a field's layout, these tables what it means. A name is looked up as "Message.field", then as "field".
Values that only make sense together are in tests/fuzz/together.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from cenote.spec.opencl_constants import CONSTANTS as C
from tests.fuzz.client import Client
from tests.fuzz.grammar import Value

SOURCE = b"""
kernel void copy(global const int* from, global int* to) {}
kernel void all(global char* a, local int* b, int c, float4 d, read_only image2d_t e, sampler_t f) {}
kernel __attribute__((reqd_work_group_size(4, 1, 1))) void none(void) {}
"""
KERNELS = (b"copy", b"all", b"none", b"missing", b"")
FILE = b"#define N 1\n"
DIGEST = hashlib.sha256(FILE).hexdigest().encode()
OPTIONS = (b"", b"-cl-mad-enable", b"-I inc -DN=1", b"-I /a/b -I ../..", b"-D P=/etc/passwd", b"-include x.h")
_PARTITIONS = ([0x1086, 1], [0x1086, 4], [0x1087, 1, 1, 0], [0x1088, 1])

Choice = Callable[[Client], Value]


def _one_of(*values: int) -> Choice:
    return lambda client: client.pick(values)


def three(client: Client) -> list[int]:
    return [client.pick((0, 0, 1, 2, 8, 64)) for _ in range(3)]


def box(client: Client) -> list[int]:
    return [client.pick((1, 1, 2, 8, 64)) for _ in range(3)]


def _manifest(client: Client) -> bytes:
    files = [DIGEST + path + b"\0" for path in (b"/a/b/inc/x.h", b"/a/b/x.h", b"/x.h") if client.often(0.5)]
    return b"/a/b\0" + b"".join(files)


def _queue_properties(client: Client) -> list[int]:
    flags = client.pick((None, 0, 1, 2, 3))
    return [] if flags is None else [C["CL_QUEUE_PROPERTIES"], flags]


WORDS: Mapping[str, Choice] = {
    "flags": _one_of(0, 1, 1, 1, 2, 4, 1 << 12, 3, 8, 32),
    "size": Client.small,
    "offset": Client.small,
    "origin": Client.small,
    "src_offset": Client.small,
    "dst_offset": Client.small,
    "src_row_pitch": Client.small,
    "src_slice_pitch": Client.small,
    "dst_row_pitch": Client.small,
    "dst_slice_pitch": Client.small,
    "blocking": _one_of(0, 1),
    "pipe_packet_size": _one_of(1, 16, 1024),
    "pipe_max_packets": _one_of(1, 100),
    "normalized_coords": _one_of(0, 1),
    "addressing_mode": _one_of(0x1130, 0x1131, 0x1132, 0x1133),
    "filter_mode": _one_of(0x1140, 0x1141),
    "order": _one_of(C["CL_RGBA"], C["CL_R"], C["CL_BGRA"], C["CL_DEPTH"]),
    "data_type": _one_of(C["CL_UNSIGNED_INT8"], C["CL_FLOAT"], C["CL_UNORM_INT8"], C["CL_HALF_FLOAT"]),
    "status": _one_of(0, 0, -1, -5, 2**31),
    "index": _one_of(0, 1, 2, 5),
    "part": _one_of(0, 1),
    "make": _one_of(0, 1),
    "BindDevice.index": _one_of(0),
    "Destroy.object": Client.anything,
    "EventStatus.event": lambda client: client.some("Event"),
}
OTHERS: Mapping[str, Choice] = {
    "origin": three,
    "src_origin": three,
    "dst_origin": three,
    "region": box,
    "properties": lambda client: [],
    "CreateQueue.properties": _queue_properties,
    "PartitionDevice.properties": lambda client: client.pick(_PARTITIONS),
    "manifest": _manifest,
    "StoreFile.data": lambda client: FILE,
    "options": lambda client: client.pick(OPTIONS),
    "name": lambda client: client.pick(KERNELS),
    "fill_color": lambda client: client.bytes(16),
    "pattern": lambda client: client.bytes(client.pick((1, 2, 4, 16, 128))),
    "spec_value": lambda client: client.bytes(4),
}
FEW = {"event_wait_list": 2, "headers": 0, "queues": 0, "devices": 1}  # handles in a list; 3 where nothing is said
