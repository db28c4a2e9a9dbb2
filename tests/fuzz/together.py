"""Values that only make sense together, and whole calls as an honest client might send them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cenote.spec.opencl_constants import CONSTANTS as C
from tests.fuzz.client import PAGE, Client
from tests.fuzz.grammar import Message, Value, Values, word
from tests.fuzz.vocabulary import FEW, OTHERS, SOURCE, WORDS, Choice, box, three

_IMAGES = tuple(value for name, value in C.items() if name.startswith("CL_MEM_OBJECT_IMAGE"))
# What a query is about, by its function.
_ABOUT = {
    1: "Device", 2: "Device", 3: "Context", 4: "Mem", 5: "Mem", 8: "Program", 11: "Kernel", 12: "Kernel", 13: "Event",
    14: "Kernel",
}  # fmt: skip


def plausible(client: Client, message: Message) -> Values | None:
    """Values for all fields of a call; None while there is nothing that the call could be about."""
    values: Values = {}
    for field in message.fields:
        names = (f"{message.name}.{field.name}", field.name)
        match field.kind:
            case "new":
                continue
            case "handle":
                values[field.name] = 0 if field.optional and client.often(0.5) else client.some(field.handle)
                if not values[field.name] and not field.optional:
                    return None
            case "handles":
                few = client.several(field.handle, FEW.get(field.name, 3))
                values[field.name] = few or (None if field.optional else [])
            case "word":
                values[field.name] = _choose(client, WORDS, names, 0)
            case _:
                values[field.name] = _choose(client, OTHERS, names, None)
    if (adjust := _TOGETHER.get(message.name)) and not adjust(client, values):
        return None
    for field in message.fields:
        if field.kind == "new":
            values[field.name] = 0 if field.optional and client.often(0.5) else client.new(field.handle)
    return values


def _choose(client: Client, table: Mapping[str, Choice], names: tuple[str, ...], default: Value) -> Value:
    found = next((table[name] for name in names if name in table), None)
    return default if found is None else found(client)


# ── Each of these makes some values fit others; false where nothing fits ──


def _transfer(client: Client, values: Values) -> bool:
    blocks = "blocking" in values
    kind = client.pick((0, 0, 0, 1, 2, 3) if blocks else (0, 0, 1, 2))
    size = max(1, client.small())
    match kind:
        case 0:
            geometry, total = [client.pick((0, 0, 16)), size], size
        case 1:
            region = box(client)
            geometry, total = [*three(client), *region, client.pick((0, 64)), 0], region[0] * region[1] * region[2]
        case 2:
            if not client.pixels:
                return False
            values["mem"], pixel = client.pick(list(client.pixels.items()))
            region = box(client)
            geometry, total = [*three(client), *region, pixel], region[0] * region[1] * region[2] * pixel
        case _:
            if not _in_shared(client, values, size, "at"):
                return False
            address = values.pop("at")
            assert isinstance(address, int)
            values["mem"], geometry, total = 0, [address, size], size
    if kind < 2:
        values["mem"] = client.some("Mem")
    values |= {"kind": kind, "geometry": geometry, "total": total}
    if total <= 65536 and client.often(0.7):
        values["payload"] = client.bytes(total)
    return kind == 3 or values["mem"] != 0


def _in_shared(client: Client, values: Values, size: int, *names: str) -> bool:
    """Addresses of `size` bytes in shared memory, and a queue of its context."""
    if not client.slabs:
        return False
    slab = client.pick(client.slabs)
    queues = [queue for queue in client.living["Queue"] if client.context_of.get(queue) == slab.context]
    if not queues or size > slab.size:
        return False
    values["command_queue"] = client.pick(queues)
    for name in names:
        values[name] = slab.address + client.pick((0, 0, min(64, slab.size - size), slab.size - size))
    return True


def _shared_copy(client: Client, values: Values) -> bool:
    size = client.small()
    values["size"] = size
    return _in_shared(client, values, size, "dst_ptr", "src_ptr")


def _shared_fill(client: Client, values: Values) -> bool:
    size = client.pick((0, 128, 4096))
    values["size"] = size
    return _in_shared(client, values, size, "svm_ptr")


def _shared_advice(client: Client, values: Values) -> bool:
    size = client.small()
    values["size"] = size
    return _in_shared(client, values, size, "ptr")


def _shared_moves(client: Client, values: Values) -> bool:
    if not _in_shared(client, values, 64, "at"):
        return False
    match values.pop("at"):
        case int(at):
            values |= {"svm_pointers": [at, at + 8], "sizes": [64, 0]}
    return True


def _slab(client: Client, values: Values) -> bool:
    size = client.pick((PAGE, 16 * PAGE, 1 << 20, 64 << 20))
    values |= {"context": client.first("Context"), "device": client.first("Device"), "size": size, "taken": []}
    values["kind"] = client.pick((0, 1, 1, 1, 2, 3, 4))
    return True


def _drop(client: Client, values: Values) -> bool:
    if not client.slabs or client.often(0.7):
        return False
    slab = client.slabs.pop(client.random.randrange(len(client.slabs)))
    client.tracked = [(of, at) for of, at in client.tracked if of is not slab]
    values |= {"context": slab.context, "address": slab.address}
    return True


def _track(client: Client, values: Values) -> bool:
    slabs = [slab for slab in client.slabs if slab.trackable]
    if not slabs:
        return False
    slab = client.pick(slabs)
    at = slab.address + client.random.randrange(min(slab.size // PAGE, 32)) * PAGE
    if (slab, at) in client.tracked:
        return False
    client.tracked.append((slab, at))
    values |= {"context": slab.context, "address": at, "size": PAGE}
    return True


def _untrack(client: Client, values: Values) -> bool:
    if not client.tracked:
        return False
    slab, at = client.tracked.pop(client.random.randrange(len(client.tracked)))
    values |= {"context": slab.context, "address": at}
    return True


def _push(client: Client, values: Values) -> bool:
    if not client.tracked:
        return False
    slab, at = client.pick(client.tracked)
    blocks = client.pick((0, 1, 2, PAGE // 64))
    piece = word(client.pick((2**64 - 1, 1, 0xFF00))) + client.bytes(64)
    values |= {"context": slab.context, "changes": word(at) + word(blocks) + piece * blocks}
    return True


def _fetch(client: Client, values: Values) -> bool:
    if not client.tracked:
        return False
    context = client.pick(client.tracked)[0].context
    ranges = [number for slab, at in client.tracked[:3] if slab.context == context for number in (at, PAGE)]
    values |= {"context": context, "ranges": ranges}
    return True


def _argument(client: Client, values: Values) -> bool:
    kind = client.pick((0, 0, 1, 1, 2, 3, 4, 5))
    size = client.pick((1, 4, 8, 16, 64))
    values |= {"kind": kind, "size": size, "value": client.bytes(size) if kind == 0 else b"", "object": 0}
    if kind == 1:
        values |= {"object": client.some(client.pick(("Mem", "Mem", "Sampler", "Queue"))), "size": 8}
    elif kind in (3, 5) and client.slabs:
        values["object"] = client.pick(client.slabs).address
    return True


def _hints(client: Client, values: Values) -> bool:
    if not client.slabs:
        return False
    addresses = b"".join(word(client.pick(client.slabs).address) for _ in range(client.pick((0, 1, 3))))
    values |= {
        "param_name": client.pick((0x11B6, 0x4203)),
        "param_value": addresses,
        "param_value_size": len(addresses),
    }
    return True


def _build(client: Client, values: Values) -> bool:
    values["action"] = client.pick((0, 0, 1))
    headers = client.several("Program", 2) if values["action"] else []
    names = b"".join(b"h%d.h\0" % i for i in range(len(headers)))
    values |= {"headers": headers, "header_names": names, "view": client.pick(client.views)}
    return True


def _program(client: Client, values: Values) -> bool:
    kind = client.pick((0, 0, 0, 1, 2, 3))
    data = (SOURCE, b"binary", b"\x03\x02\x23\x07" + client.bytes(16), b"a;b")[kind]
    values |= {"kind": kind, "data": data, "lengths": [], "devices": []}
    if kind == 1:
        values |= {"devices": [client.first("Device")], "lengths": [len(data)]}
    return True


def _view(client: Client, values: Values) -> bool:
    values["number"] = len(client.views)
    client.views.append(len(client.views))
    return True


def _image(client: Client, values: Values) -> bool:
    kind, side = client.pick(_IMAGES), client.pick((1, 4, 8, 64, 300))
    depth = client.pick((0, 1, 1, 4))
    pitch = client.pick((0, 0, side * 4))
    values["description"] = [kind, side, client.pick((0, 1, side)), depth, depth, pitch, 0, 0, 0]
    values["mem_object"] = client.some("Mem") if client.often(0.1) else 0
    return True


def _buffer(client: Client, values: Values) -> bool:
    slabs = [slab for slab in client.slabs if slab.context == client.first("Context")]
    values["shared"] = 0
    if slabs and client.often(0.1):
        slab = client.pick(slabs)
        values |= {"context": slab.context, "shared": slab.address, "size": slab.size}
    return True


def _launch(client: Client, values: Values) -> bool:
    dimensions = client.pick((1, 1, 2, 3, 0))

    def sizes(given: float) -> Value:
        return [client.pick((1, 2, 4, 8)) for _ in range(dimensions)] if client.often(given) else None

    values |= {"dimensions": dimensions, "offset": sizes(0.2), "global_size": sizes(0.9), "local_size": sizes(0.4)}
    return True


def _query(client: Client, values: Values) -> bool:
    function = client.pick(list(_ABOUT))
    values |= {"function": function, "object": client.some(_ABOUT[function])}
    values["other"] = client.some("Queue" if function == 14 else "Device") if function > 10 else 0
    values["param"] = client.random.randrange(0x1000, 0x1200)
    values["number"] = client.pick((0, 1, 2, 3))
    values["extra"] = client.bytes(48 if function == 14 else client.pick((0, 8, 24)))
    return values["object"] != 0 and (values["other"] != 0 or function in (13, *range(9)))


def _context(client: Client, values: Values) -> bool:
    values["devices"] = [client.first("Device")]
    return True


def _queue(client: Client, values: Values) -> bool:
    values |= {"context": client.first("Context"), "device": client.first("Device")}
    return True


def _user_event(client: Client, values: Values) -> bool:
    values["event"] = client.pick(client.user_events) if client.user_events else 0
    return bool(client.user_events)


def _bound_part(client: Client, values: Values) -> bool:
    return client.often(0.02)  # of partitions whose numbers a client would have to remember


def _destroy(client: Client, values: Values) -> bool:
    return values["object"] != 0 and client.often(0.5)


def _command_buffer(client: Client, values: Values) -> bool:
    values["queues"] = [client.some("Queue")]
    return values["queues"] != [0]


def _recorded(client: Client, values: Values) -> bool:
    buffer = values["command_buffer"]
    assert isinstance(buffer, int)
    known = client.recorded[buffer]
    values["sync_point_wait_list"] = [client.random.randrange(known) + 1] if known and client.often(0.5) else None
    client.recorded[buffer] += 1
    return True


def _recorded_launch(client: Client, values: Values) -> bool:
    values["global_work_size"] = [client.pick((1, 4, 64))]
    return _recorded(client, values)


def _recorded_shared(client: Client, values: Values) -> bool:
    return False  # only devices with both shared memory and command buffers come that far


_RECORDED = (
    "clCommandBarrierWithWaitListKHR",
    "clCommandCopyBufferKHR",
    "clCommandCopyBufferRectKHR",
    "clCommandCopyBufferToImageKHR",
    "clCommandCopyImageKHR",
    "clCommandCopyImageToBufferKHR",
    "clCommandFillBufferKHR",
    "clCommandFillImageKHR",
)
_TOGETHER: Mapping[str, Callable[[Client, Values], bool]] = {
    "EnqueueRead": _transfer,
    "EnqueueWrite": _transfer,
    "Upload": _transfer,
    "clEnqueueSVMMemcpy": _shared_copy,
    "clEnqueueSVMMemFill": _shared_fill,
    "clEnqueueSVMMigrateMem": _shared_moves,
    "clEnqueueMemAdviseINTEL": _shared_advice,
    "SvmSlab": _slab,
    "SvmDrop": _drop,
    "SvmTrack": _track,
    "SvmUntrack": _untrack,
    "SvmPush": _push,
    "SvmFetch": _fetch,
    "SetArg": _argument,
    "clSetKernelExecInfo": _hints,
    "BuildProgram": _build,
    "CreateProgram": _program,
    "IncludeView": _view,
    "CreateImage": _image,
    "CreateBuffer": _buffer,
    "EnqueueLaunch": _launch,
    "Query": _query,
    "CreateContext": _context,
    "CreateQueue": _queue,
    "SetUserEvent": _user_event,
    "BindPart": _bound_part,
    "Destroy": _destroy,
    "CreateCommandBuffer": _command_buffer,
    "clCommandNDRangeKernelKHR": _recorded_launch,
    "clCommandSVMMemcpyKHR": _recorded_shared,
    "clCommandSVMMemFillKHR": _recorded_shared,
} | dict.fromkeys(_RECORDED, _recorded)
