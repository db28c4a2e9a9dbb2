"""OpenCL 1.0 to 3.0 with the extensions that are carried: every function, in the modules of ``PARTS``.

A function with an opcode is a message of its own. One without is either answered in the client or comes down to the
messages of ``opencl_messages``.
"""

from __future__ import annotations

from types import ModuleType

from cenote.spec import (
    opencl_command_buffer,
    opencl_commands,
    opencl_events,
    opencl_memory,
    opencl_platform,
    opencl_program,
    opencl_svm,
    opencl_usm,
)

PARTS: tuple[ModuleType, ...] = (
    opencl_platform,
    opencl_memory,
    opencl_program,
    opencl_commands,
    opencl_events,
    opencl_svm,
    opencl_usm,
    opencl_command_buffer,
)
