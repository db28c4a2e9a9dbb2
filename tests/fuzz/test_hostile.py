"""What no honest client does, one thing at a time: the session ends with a word about it, or goes on."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator

import pytest

from cenote.spec.opencl_constants import CONSTANTS as C
from tests.fuzz.dialogue import Dialogue, Ended
from tests.fuzz.grammar import WANTS_REPLY, Grammar, Value, Values, encode, frame, make_id, word
from tests.fuzz.target import BROKEN_PROTOCOL, Target
from tests.support import data_plane

SQUARE = [C["CL_MEM_OBJECT_IMAGE2D"], 64, 64, 0, 0, 0, 0, 0, 0]


class Session:
    """A client with a device, a context and a queue."""

    def __init__(self, target: Target, known: Grammar) -> None:
        self._target, self._known = target, known
        self.dialogue = Dialogue(target.allocation)
        self._slots = 0
        self.device, self.context, self.queue = (self.new(kind) for kind in ("Device", "Context", "Queue"))
        self.tell("BindDevice", index=0, result=self.device)
        self.tell("CreateContext", devices=[self.device], properties=[], result=self.context)
        self.tell("CreateQueue", context=self.context, device=self.device, properties=[], result=self.queue)
        self.goes_on()

    def new(self, kind: str) -> int:
        self._slots += 1
        return make_id(self._known.types[kind], 1, self._slots - 1)

    def tell(self, call: str, /, **values: Value) -> int:
        return self._send(call, 0, values)

    def ask(self, call: str, /, **values: Value) -> tuple[int, bytes]:
        """The status of the reply, and what came with it."""
        reply = self.dialogue.wait_for(self._send(call, WANTS_REPLY, values), 20)
        return struct.unpack_from("<q", reply)[0], reply[8:]

    def made(self, call: str, kind: str, /, **values: Value) -> int:
        made = self.new(kind)
        self.tell(call, result=made, **values)
        return made

    def _send(self, call: str, flags: int, values: Values) -> int:
        message = self._known.messages[call]
        return self.dialogue.send(frame(message.opcode, encode(message, values), flags))

    def image(self) -> int:
        kind, order = C["CL_FLOAT"], C["CL_RGBA"]
        return self.made("CreateImage", "Mem", context=self.context, order=order, data_type=kind, description=SQUARE)

    def slab(self, kind: int = 1) -> int:
        status, address = self.ask("SvmSlab", context=self.context, kind=kind, size=1 << 20, taken=[])
        assert status == 0
        return int.from_bytes(address, "little")

    def kernel(self) -> int:
        source = b"kernel void f(int a) {}"
        program = self.made("CreateProgram", "Program", context=self.context, lengths=[], data=source)
        self.tell("BuildProgram", program=program, devices=[self.device], options=b"", headers=[], header_names=b"")
        return self.made("CreateKernel", "Kernel", program=program, name=b"f")

    def goes_on(self) -> None:
        assert self.ask("Finish", command_queue=self.queue)[0] == 0

    def is_over(self) -> None:
        """The worker has said why and ended; nobody else noticed.

        It may answer meanwhile: another connection, or a call that waits for a slow one, is looked at in its own time.
        """
        deadline = time.monotonic() + 20
        with pytest.raises(Ended):
            while time.monotonic() < deadline:
                self.ask("Hello")
        fate = self._target.fate(self.dialogue.id)
        self._target.judge(fate)
        assert fate == BROKEN_PROTOCOL


@pytest.fixture
def session(fired_at: Target, known: Grammar) -> Iterator[Session]:
    opened = Session(fired_at, known)
    yield opened
    opened.dialogue.close()


def test_calls_that_wait_for_a_slow_one_are_carried_out(session: Session) -> None:
    """They came together with it, and nothing comes after them."""
    context, queue = session.new("Context"), session.new("Queue")
    session.tell("CreateContext", devices=[session.device], properties=[], result=context)
    session.tell("CreateQueue", context=context, device=session.device, properties=[], result=queue)
    assert session.ask("Finish", command_queue=queue)[0] == 0


def test_new_object_without_an_id(session: Session) -> None:
    session.tell("CreateUserEvent", context=session.context, result=0)
    session.is_over()


def test_context_of_no_devices(session: Session) -> None:
    session.tell("CreateContext", devices=[], properties=[], result=session.new("Context"))
    session.is_over()


def test_context_with_a_pointer_in_its_properties(session: Session) -> None:
    pointer = [C["CL_CONTEXT_PLATFORM"], 4096]
    session.tell("CreateContext", devices=[session.device], properties=pointer, result=session.new("Context"))
    session.is_over()


def test_argument_with_fewer_bytes_than_it_says(session: Session) -> None:
    session.tell("SetArg", kernel=session.kernel(), index=0, kind=0, size=4096, value=b"1234")
    session.is_over()


def test_colour_of_fewer_bytes_than_a_colour_has(session: Session) -> None:
    image, corner, size = session.image(), [0, 0, 0], [1, 1, 1]
    session.tell(
        "clEnqueueFillImage", command_queue=session.queue, image=image, fill_color=b"1", origin=corner, region=size
    )
    session.is_over()


def read(session: Session, mem: int, kind: int, geometry: list[int], total: int) -> None:
    session.tell("EnqueueRead", command_queue=session.queue, mem=mem, kind=kind, geometry=geometry, total=total)


@pytest.mark.parametrize("pixel", [1, 64, 1 << 20])
def test_image_read_in_other_units_than_its_own(session: Session, pixel: int) -> None:
    read(session, session.image(), 2, [0, 0, 0, 64, 64, 1, pixel], 64 * 64 * pixel)
    session.is_over()


def test_read_of_more_than_there_can_be(session: Session) -> None:
    buffer = session.made("CreateBuffer", "Mem", context=session.context, flags=1, size=4096)
    for total in (1 << 63, 2**64 - 1):
        read(session, buffer, 0, [0, total], total)
    session.goes_on()
    assert session.dialogue.failures == [(session.queue, C["CL_INVALID_VALUE"])] * 2


def test_read_of_more_than_there_can_be_from_what_was_not_made(session: Session) -> None:
    buffer = session.made("CreateBuffer", "Mem", context=session.context, flags=3, size=4096)
    read(session, buffer, 0, [0, 1 << 62], 1 << 62)
    session.goes_on()
    assert session.dialogue.failures == [(session.queue, C["CL_INVALID_VALUE"])]


def test_address_space_without_room_for_the_driver(session: Session) -> None:
    for taken in ([0, 1 << 47], [number for at in range(1, 30_000) for number in (at << 20, (at << 20) + (1 << 16))]):
        session.tell("SvmSlab", context=session.context, kind=1, size=4096, taken=taken)
    session.goes_on()


def test_buffer_in_shared_memory_that_is_given_back(session: Session) -> None:
    address = session.slab()
    buffer = session.made("CreateBuffer", "Mem", context=session.context, flags=1, size=4096, shared=address)
    session.tell("SvmDrop", context=session.context, address=address)
    read(session, buffer, 0, [0, 4096], 4096)
    session.goes_on()


def test_shared_memory_that_is_given_back_before_its_bytes_come(session: Session) -> None:
    address, size = session.slab(), 1 << 20
    write = session.tell("EnqueueWrite", command_queue=session.queue, kind=3, geometry=[address, size], total=size)
    session.tell("SvmDrop", context=session.context, address=address)
    session.ask("Hello")
    half = size // 2
    for offset in (0, half):
        session.dialogue.send_bulk(struct.pack("<QQQ", write, offset, half) + bytes(half))
    session.goes_on()


def test_query_about_what_is_not_made_yet(session: Session) -> None:
    """A buffer beyond what is set aside waits for the supervisor, and its sub-buffer for it."""
    whole = session.made("CreateBuffer", "Mem", context=session.context, flags=1, size=256 << 20)
    part = session.made("CreateSubBuffer", "Mem", buffer=whole, flags=1, origin=0, size=4096)
    assert session.ask("Query", function=4, object=part, param=C["CL_MEM_SIZE"])[0] == 0


@pytest.mark.parametrize("digest", [b"../" * 16 + b"///////etc/shadow"[-16:], b"0" * 63 + b"/", b"A" * 64])
def test_included_file_that_is_named_by_no_digest(session: Session, digest: bytes) -> None:
    session.tell("IncludeView", number=1, manifest=b"/a\0" + digest + b"/a/x.h\0")
    session.is_over()


def test_shared_memory_changed_from_outside_of_it(session: Session) -> None:
    address = session.slab()
    session.tell("SvmTrack", context=session.context, address=address, size=4096)
    session.goes_on()
    changes = word(address + 4096 - 64) + word(2) + 2 * (word(2**64 - 1) + bytes(64))
    session.tell("SvmPush", context=session.context, changes=changes)
    session.is_over()


def test_bulk_data_that_nobody_asked_for(session: Session) -> None:
    session.goes_on()
    session.dialogue.send_bulk(struct.pack("<QQQ", 1, 0, 8) + bytes(8))
    session.is_over()


def test_more_streams_than_a_session_has(session: Session, fired_at: Target) -> None:
    with pytest.raises(ConnectionResetError):
        data_plane.open_stream(fired_at.allocation, session.dialogue.id, 17)
    session.goes_on()
