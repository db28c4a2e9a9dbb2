# mypy: disable-error-code="empty-body"
"""Messages between shim and worker that no OpenCL function has: what several functions come down to on the wire."""

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import Array, Bytes, Carry, Handles, In, New, Optional, Text, call
from cenote.spec.opencl_types import (
    I32,
    U32,
    U64,
    CommandBuffer,
    Context,
    Device,
    Event,
    Kernel,
    Mem,
    MemFlags,
    Program,
    Queue,
    Size,
)

WaitList = Annotated[Handles[Event], In("num_events_in_wait_list", optional=True)]
MaybeEvent = Annotated[Event, New(optional=True)]


@call(Carry.INTERNAL, opcode=400)
def Hello() -> None:
    """Asks for everything about platforms and devices; the reply is one blob (see docs/protocol.md)."""


@call(Carry.INTERNAL, opcode=401)
def Destroy(object: U64) -> None:
    """The program and all its objects have let go of this id."""


@call(Carry.INTERNAL, opcode=402, slow=True)
def Finish(command_queue: Queue) -> None:
    """Replies when all commands before it in the queue have ended: status of the first failed one since the last."""


@call(Carry.INTERNAL, opcode=403, slow=True)
def WaitEvents(events: Annotated[Handles[Event], In("n")], n: U32) -> None:
    """Replies when all of these have ended, with an event record each."""


@call(Carry.INTERNAL, opcode=404)
def Subscribe(event: Event) -> None:
    """Asks for a notice when this event ends."""


@call(Carry.INTERNAL, opcode=405)
def EnqueueRead(
    command_queue: Queue,
    mem: Annotated[Mem, Optional()],
    kind: U32,
    blocking: U32,
    geometry: Annotated[Array[U64], In("n")],
    n: U32,
    total: U64,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> None:
    """Reads a region of a memory object (or of shared memory), packed, `total` bytes in all."""


@call(Carry.INTERNAL, opcode=406)
def EnqueueWrite(
    command_queue: Queue,
    mem: Annotated[Mem, Optional()],
    kind: U32,
    blocking: U32,
    geometry: Annotated[Array[U64], In("n")],
    n: U32,
    total: U64,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
    payload: Annotated[Bytes, In("total", optional=True)],
) -> None:
    """Writes a region of a memory object (or of shared memory) from packed bytes: those of `payload`, or pulled when it
    is NULL."""


@call(Carry.INTERNAL, opcode=407)
def Upload(
    mem: Mem,
    kind: U32,
    geometry: Annotated[Array[U64], In("n")],
    n: U32,
    total: U64,
    payload: Annotated[Bytes, In("total", optional=True)],
) -> None:
    """Gives a new memory object its first contents; later calls that name it come after."""


@call(Carry.INTERNAL, opcode=408)
def SetArg(kernel: Kernel, index: U32, kind: U32, size: Size, object: U64, value: Annotated[Bytes, In("n")]) -> None:
    """Sets a kernel argument: bytes, an object, local memory or an SVM pointer, by `kind`."""


@call(Carry.INTERNAL, opcode=409)
def CreateBuffer(
    context: Context,
    flags: MemFlags,
    size: Size,
    properties: Annotated[Array[U64], In("n", optional=True)],
    n: U32,
    shared: U64,
) -> Annotated[Mem, New()]:
    """Makes a buffer without host memory, or one that lies in shared memory at this address."""


@call(Carry.INTERNAL, opcode=410)
def CreateImage(
    context: Context,
    flags: MemFlags,
    order: U32,
    data_type: U32,
    description: Annotated[Array[U64], In(9)],
    mem_object: Annotated[Mem, Optional()],
    properties: Annotated[Array[U64], In("n", optional=True)],
    n: U32,
) -> Annotated[Mem, New()]:
    """Makes an image without host memory."""


@call(Carry.INTERNAL, opcode=411)
def CreateContext(
    devices: Annotated[Handles[Device], In("n")], n: U32, properties: Annotated[Array[U64], In("m")], m: U32
) -> Annotated[Context, New()]:
    """Makes a context; the reply has the status."""


@call(Carry.INTERNAL, opcode=412)
def CreateQueue(
    context: Context, device: Device, properties: Annotated[Array[U64], In("n")], n: U32
) -> Annotated[Queue, New()]:
    """Makes a queue; `properties` are pairs without the closing zero, queue properties first."""


@call(Carry.INTERNAL, opcode=413, slow=True)
def Query(
    function: U32,
    object: U64,
    other: U64,
    param: U64,
    number: U64,
    extra: Annotated[Bytes, In("n", optional=True)],
    capacity: Size,
) -> None:
    """Any info query that no cache answers: status, then the bytes."""


@call(Carry.INTERNAL, opcode=414, slow=True)
def BuildProgram(
    program: Program,
    devices: Annotated[Handles[Device], In("n")],
    n: U32,
    options: Annotated[Text, In()],
    action: U32,
    headers: Annotated[Handles[Program], In("m")],
    m: U32,
    header_names: Annotated[Bytes, In("k")],
    k: U32,
    view: U64,
) -> None:
    """Builds or compiles; replies with the status and everything about the program and its kernels.

    `view` is the number of the IncludeView with the files that it may include, or 0."""


@call(Carry.INTERNAL, opcode=415, slow=True)
def LinkProgram(
    context: Context,
    devices: Annotated[Handles[Device], In("n")],
    n: U32,
    options: Annotated[Text, In()],
    programs: Annotated[Handles[Program], In("m")],
    m: U32,
) -> Annotated[Program, New()]:
    """Links; replies like BuildProgram."""


@call(Carry.INTERNAL, opcode=416)
def CreateProgram(
    context: Context,
    kind: U32,
    devices: Annotated[Handles[Device], In("n", optional=True)],
    n: U32,
    lengths: Annotated[Array[U64], In("m")],
    m: U32,
    data: Annotated[Bytes, In("k")],
    k: U32,
) -> Annotated[Program, New()]:
    """Makes a program from source, binaries, IL or built-in kernels, by `kind`."""


@call(Carry.INTERNAL, opcode=417)
def CreateKernel(program: Program, name: Annotated[Text, In()]) -> Annotated[Kernel, New()]:
    """Makes a kernel; with a reply wanted, everything about it comes back."""


@call(Carry.INTERNAL, opcode=418)
def CreateUserEvent(context: Context) -> Annotated[Event, New()]:
    """Makes an event that commands may wait for; no driver ever sees it."""


@call(Carry.INTERNAL, opcode=419)
def SetUserEvent(event: U64, status: I32) -> None:
    """Ends a user event."""


@call(Carry.INTERNAL, opcode=420)
def EnqueueLaunch(
    command_queue: Queue,
    kernel: Kernel,
    dimensions: U32,
    offset: Annotated[Array[Size], In("n", optional=True)],
    global_size: Annotated[Array[Size], In("n", optional=True)],
    local_size: Annotated[Array[Size], In("n", optional=True)],
    n: U32,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> None:
    """Runs a kernel with the arguments that it has at this point of the stream."""


@call(Carry.INTERNAL, opcode=421)
def Flush(command_queue: Queue) -> None:
    """Hands what is queued to the device."""


@call(Carry.INTERNAL, opcode=422)
def BindDevice(index: U32) -> Annotated[Device, New()]:
    """Gives an id to a device of the allocation, named by its index in the reply to Hello."""


@call(Carry.INTERNAL, opcode=423)
def CreateSubBuffer(buffer: Mem, flags: MemFlags, origin: Size, size: Size) -> Annotated[Mem, New()]:
    """Makes a buffer that is a part of another."""


@call(Carry.INTERNAL, opcode=424)
def EventStatus(event: U64) -> None:
    """Replies with the event's status as it is now, also while its command is parked."""


@call(Carry.INTERNAL, opcode=425)
def Trace() -> None:
    """From now on the worker tells when it carries out calls and when commands run; replies with its clock's time."""


@call(Carry.INTERNAL, opcode=450, slow=True)
def SvmSlab(
    context: Context,
    device: Annotated[Device, Optional()],
    kind: U32,
    size: Size,
    taken: Annotated[Array[U64], In("n")],
    n: U32,
) -> None:
    """Asks for a slab of shared memory; replies with its address and size. `taken` are pairs of begin and end where
    the client cannot map one."""


@call(Carry.INTERNAL, opcode=451)
def SvmDrop(context: Context, address: U64) -> None:
    """Gives a slab back."""


@call(Carry.INTERNAL, opcode=452)
def SvmTrack(context: Context, address: U64, size: U64) -> None:
    """Zeroes a range of a slab and remembers its contents, so that both ends can tell what has changed."""


@call(Carry.INTERNAL, opcode=453)
def SvmUntrack(context: Context, address: U64) -> None:
    """Forgets a tracked range."""


@call(Carry.INTERNAL, opcode=454)
def SvmPush(context: Context, changes: Annotated[Bytes, In("n")], n: U64) -> None:
    """Bytes that the program has changed in tracked ranges: they are there for kernels at once, whatever is parked."""


@call(Carry.INTERNAL, opcode=455)
def SvmFetch(context: Context, ranges: Annotated[Array[U64], In("n")], n: U32) -> None:
    """Replies with what has changed in these parts (address and size each) of tracked ranges since the last time."""


@call(Carry.INTERNAL, opcode=456)
def EnqueueNothing(
    command_queue: Queue, num_events_in_wait_list: U32, event_wait_list: WaitList, event: MaybeEvent
) -> None:
    """A command that only takes its place in the queue."""


@call(Carry.INTERNAL, opcode=460)
def CreateCommandBuffer(
    queues: Annotated[Handles[Queue], In("n")], n: U32, properties: Annotated[Array[U64], In("m")], m: U32
) -> Annotated[CommandBuffer, New()]:
    """Makes a command buffer. Its commands' sync points are numbered by counting them, from 1."""


@call(Carry.INTERNAL, opcode=461)
def EnqueueCommandBuffer(
    command_queue: Queue,
    queues: Annotated[Handles[Queue], In("n", optional=True)],
    n: U32,
    command_buffer: CommandBuffer,
    num_events_in_wait_list: U32,
    event_wait_list: WaitList,
    event: MaybeEvent,
) -> None:
    """Runs a command buffer, on `queues` in place of its own where there are any; `command_queue` is the first."""


@call(Carry.INTERNAL, opcode=470)
def StoreFile(data: Annotated[Bytes, In("n")], n: U64) -> None:
    """Sends a file of the client's that builds may include; IncludeView names it by the SHA-256 of its bytes."""


@call(Carry.INTERNAL, opcode=471)
def IncludeView(number: U64, manifest: Annotated[Bytes, In("n")], n: U64) -> None:
    """Gives a number to what a build may include: the working folder, then digest (hex) and path of each file, each
    ended by a zero byte."""


@call(Carry.INTERNAL, opcode=490)
def PartitionDevice(device: Device, properties: Annotated[Array[U64], In("n")], n: U32, make: U32) -> None:
    """Divides a device; replies with how many parts there are and, where they are to be made, what each is like."""


@call(Carry.INTERNAL, opcode=491)
def BindPart(device: Device, partition: U64, part: U32) -> Annotated[Device, New()]:
    """Gives an id to a part of a device: of the PartitionDevice with this sequence number."""
