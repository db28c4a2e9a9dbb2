"""What programs and workers built with a sanitizer report, collected from files of their own."""

from __future__ import annotations

from pathlib import Path

FLAGS: dict[str, list[str]] = {
    "": [],
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
    "thread": ["-fsanitize=thread"],
}
REPORTED = 99  # exit status after a report

_COMMON = f"exitcode={REPORTED}:handle_abort=1:handle_segv=1"
_OPTIONS = {
    # A session's state lives as long as the process, in the shim as in the worker: leaks are `make soak`'s.
    "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # A daemon forks, and its child starts threads.
    "TSAN_OPTIONS": "second_deadlock_stack=1:die_after_fork=0",
}


class Reports:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder

    def environment(self) -> dict[str, str]:
        """What makes the sanitizers of a process and its children write here."""
        return {name: f"{_COMMON}:log_path={self._folder}/report:{options}" for name, options in _OPTIONS.items()}

    def take(self, *outputs: str) -> str:
        """All that was reported since the last time; `outputs` are what processes wrote to their standard error,
        where UndefinedBehaviorSanitizer reports whatever its options say."""
        files = sorted(self._folder.iterdir())
        texts = [file.read_text(errors="replace") for file in files]
        for file in files:
            file.unlink()
        return "\n".join(texts + [output for output in outputs if "runtime error: " in output])
