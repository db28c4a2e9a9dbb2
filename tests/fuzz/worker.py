"""Random sessions with the worker, one after the other, until the time is over or one finds something."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from tests.fuzz.dialogue import Dialogue, Ended, read_record, write_record
from tests.fuzz.grammar import Grammar
from tests.fuzz.session import Session
from tests.fuzz.target import BROKEN_PROTOCOL, Failure, Target


def run(target: Target, grammar: Grammar, seeds: range, deadline: float, folder: Path) -> Counter[str]:
    """Counts what happened. A failure leaves what was sent as a file in the folder."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        if time.monotonic() > deadline:
            break
        dialogue = Dialogue(target.allocation)
        session = Session(grammar, dialogue, seed)
        try:
            _survive(target, dialogue, session, counts)
        except Failure as failure:
            file = folder / f"session-{seed}.jsonl"
            write_record(dialogue.record, file)
            raise Failure(f"session {seed}: {failure}\nAgain: tests/fuzz/run --replay {file}") from None
    return counts


def _survive(target: Target, dialogue: Dialogue, session: Session, counts: Counter[str]) -> None:
    try:
        ended_by_worker = session.run()
    except TimeoutError as error:
        raise Failure(str(error)) from None
    fate = target.fate(dialogue.id)
    target.judge(fate)
    if ended_by_worker and fate != BROKEN_PROTOCOL:
        raise Failure("its worker ended it without a reason")
    counts["sessions"] += 1
    counts["calls"] += dialogue.calls
    counts["ended by the worker" if fate == BROKEN_PROTOCOL else "ended by the client"] += 1


def replay(target: Target, file: Path) -> None:
    """Sends once more what a session sent."""
    dialogue = Dialogue(target.allocation)
    try:
        dialogue.replay(read_record(file))
        for _ in range(20):
            dialogue.listen(0.1)
    except Ended:
        pass
    finally:
        dialogue.close()
    target.judge(target.fate(dialogue.id))
