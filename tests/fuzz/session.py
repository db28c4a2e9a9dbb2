"""One random session: an honest beginning, calls that go wrong more and more, and an end without a farewell."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random

from cenote.spec.opencl_constants import CONSTANTS as C
from tests.fuzz import mutations
from tests.fuzz.client import Client, Slab
from tests.fuzz.dialogue import Dialogue, Ended
from tests.fuzz.grammar import WANTS_REPLY, Grammar, Message, Values, encode, frame
from tests.fuzz.together import plausible

REPLY_TIMEOUT = 30.0  # of a worker that is slowed down by a sanitizer and by whatever else runs here
_BEGINNING = (
    "BindDevice", "CreateContext", "CreateQueue", "CreateQueue", "CreateBuffer", "CreateBuffer", "CreateImage",
    "clCreateSampler", "CreateProgram", "BuildProgram", "CreateKernel", "CreateUserEvent", "SvmSlab", "SvmTrack",
    "StoreFile", "IncludeView",
)  # fmt: skip
_CHANNELS = {C["CL_RGBA"]: 4, C["CL_BGRA"]: 4, C["CL_R"]: 1, C["CL_DEPTH"]: 1}
_BYTES = {C["CL_UNSIGNED_INT8"]: 1, C["CL_UNORM_INT8"]: 1, C["CL_HALF_FLOAT"]: 2, C["CL_FLOAT"]: 4}


@dataclass(frozen=True)
class Temper:
    """How often, of all calls, something goes wrong in which way."""

    values: float
    ids: float
    layout: float
    frames: float
    bulk: float


_TEMPERS = (
    Temper(0.0, 0.0, 0.0, 0.0, 0.0),
    Temper(0.3, 0.0, 0.0, 0.0, 0.0),
    Temper(0.3, 0.0, 0.0, 0.0, 0.002),
    Temper(0.1, 0.01, 0.01, 0.005, 0.005),
    Temper(0.1, 0.1, 0.1, 0.05, 0.05),
)


class Session:
    def __init__(self, grammar: Grammar, dialogue: Dialogue, seed: int) -> None:
        self._dialogue = dialogue
        self._client = Client(grammar, Random(seed))
        self._temper = self._client.pick(_TEMPERS)
        self._framed = True  # else the worker may wait for the rest of a call, or take others for it
        self._slabs: dict[int, Slab] = {}  # asked for, by the call

    def run(self) -> bool:
        """Whether it was the worker that ended the session."""
        client = self._client
        try:
            for name in _BEGINNING:
                if client.often(0.95):
                    self._call(client.grammar.messages[name], honest=client.often(0.9))
            names = list(client.grammar.messages)
            for _ in range(client.pick((5, 20, 60, 200))):
                self._call(client.grammar.messages[client.pick(names)])
            if self._framed and client.often(0.7):
                self._still_answers()
            return False
        except Ended:
            return True
        finally:
            self._dialogue.close(roughly=client.often(0.3))

    def _still_answers(self) -> None:
        """However little sense the calls made: a worker that has not ended the session goes on with it."""
        sequence = self._dialogue.send(frame(self._client.grammar.messages["Hello"].opcode, b"", WANTS_REPLY))
        self._dialogue.wait_for(sequence, REPLY_TIMEOUT)

    def _call(self, message: Message, *, honest: bool = False) -> None:
        client, dialogue, temper = self._client, self._dialogue, self._temper
        values = plausible(client, message)
        if values is None:
            if honest or not client.often(temper.ids):
                return
            values = {}
        if not honest and client.often(temper.values):
            mutations.disturb(client, message, values)
        if not honest and client.often(temper.ids):
            mutations.confuse(client, message, values)
        body = encode(message, values)
        if not honest and client.often(temper.layout):
            body = mutations.broken_layout(client, message, values)
        data = frame(message.opcode, body, WANTS_REPLY if client.often(0.3) else 0)
        if not honest and client.often(temper.frames):
            data = mutations.broken_frame(client, message, body)
            self._framed = False
        sequence = dialogue.send(data)
        self._learn(message, values, sequence)
        if (dialogue.pulls and client.often(0.8)) or client.often(temper.bulk):
            dialogue.send_bulk(mutations.bulk(client, dialogue.pulls, wrong=temper.bulk))

    def _learn(self, message: Message, values: Values, sequence: int) -> None:
        """Takes note of what the call has changed."""
        client, dialogue = self._client, self._dialogue
        match message.name, values:
            case "Destroy", {"object": int(made)}:
                client.kill(made)
            case "CreateQueue", {"result": int(queue), "context": int(context)}:
                client.context_of[queue] = context
            case "CreateUserEvent", {"result": int(event)}:
                client.user_events.append(event)
            case "SetUserEvent", {"event": int(event)} if event in client.user_events:
                client.user_events.remove(event)
            case "CreateImage", {"result": int(image), "order": int(order), "data_type": int(kind)}:
                client.pixels[image] = _CHANNELS.get(order, 0) * _BYTES.get(kind, 0)
            case "SvmSlab", {"context": int(context), "size": int(size), "kind": int(kind)}:
                self._slabs[sequence] = Slab(context, 0, size, kind)
                if not client.slabs:
                    with suppress(TimeoutError):
                        dialogue.wait_for(sequence, 2)
        dialogue.listen()
        client.freed(dialogue.destroyed)
        dialogue.destroyed.clear()
        for asked in self._slabs.keys() & dialogue.replies.keys():
            slab, reply = self._slabs.pop(asked), dialogue.replies.pop(asked)
            if len(reply) == 16:
                client.slabs.append(replace(slab, address=struct.unpack("<qQ", reply)[1]))
