"""What a program sees changed when it asks through Cenote, and why. Everything else is the driver's own answer."""

from __future__ import annotations

from dataclasses import dataclass

from cenote.spec.opencl_extensions import CARRIED_EXTENSIONS

ICD_SUFFIX = "CENOTE"
HIGHEST_VERSION = (3, 0)

__all__ = ["CARRIED_EXTENSIONS", "HIGHEST_VERSION", "ICD_SUFFIX", "OVERRIDES", "Override"]


@dataclass(frozen=True)
class Override:
    """One answer that differs from the driver's. ``value`` replaces it, ``clear`` are the bits taken out of it; with
    neither, ``becomes`` says what the hand-written code makes of it."""

    name: str
    becomes: str
    why: str
    value: int | None = None
    clear: tuple[str, ...] = ()


_NOT_CARRIED = "A program must not be offered functions that are not carried to the server."
_HIGHEST = "Later versions have functions that are not carried."
_SHARE = "A share of a device looks like a smaller device."
_NO_COHERENCE = "Memory that host and device change at the same time would need one memory on both machines."
_USM_CONCURRENT = (
    "CL_UNIFIED_SHARED_MEMORY_CONCURRENT_ACCESS_INTEL",
    "CL_UNIFIED_SHARED_MEMORY_CONCURRENT_ATOMIC_ACCESS_INTEL",
)
_PITCHES = "The program sees the image's shadow in its own memory, not the driver's memory."


def _usm(kind: str) -> Override:
    return Override(
        f"CL_DEVICE_{kind}_CAPABILITIES_INTEL", "without the concurrent bits", _NO_COHERENCE, clear=_USM_CONCURRENT
    )


OVERRIDES: tuple[Override, ...] = (
    Override("CL_PLATFORM_VERSION", "at most OpenCL 3.0", _HIGHEST),
    Override("CL_PLATFORM_NUMERIC_VERSION", "at most 3.0", _HIGHEST),
    Override("CL_PLATFORM_EXTENSIONS", "those that are carried, and cl_khr_icd", _NOT_CARRIED),
    Override("CL_PLATFORM_EXTENSIONS_WITH_VERSION", "those that are carried, and cl_khr_icd 1.0.0", _NOT_CARRIED),
    Override(
        "CL_PLATFORM_ICD_SUFFIX_KHR",
        ICD_SUFFIX,
        "The suffix belongs to the ICD that the program's loader opened, which is Cenote's.",
    ),
    Override("CL_DEVICE_VERSION", "at most OpenCL 3.0", _HIGHEST),
    Override("CL_DEVICE_NUMERIC_VERSION", "at most 3.0", _HIGHEST),
    Override("CL_DEVICE_EXTENSIONS", "those that are carried", _NOT_CARRIED),
    Override("CL_DEVICE_EXTENSIONS_WITH_VERSION", "those that are carried", _NOT_CARRIED),
    Override(
        "CL_DEVICE_HOST_UNIFIED_MEMORY",
        "CL_FALSE",
        "Programs skip copies on devices that share the host's memory; this device is on another machine.",
        value=0,
    ),
    Override(
        "CL_DEVICE_EXECUTION_CAPABILITIES",
        "without CL_EXEC_NATIVE_KERNEL",
        "A native kernel is a function of the program, which the server does not have.",
        clear=("CL_EXEC_NATIVE_KERNEL",),
    ),
    Override(
        "CL_DEVICE_SVM_CAPABILITIES",
        "without CL_DEVICE_SVM_ATOMICS and CL_DEVICE_SVM_FINE_GRAIN_SYSTEM",
        _NO_COHERENCE,
        clear=("CL_DEVICE_SVM_ATOMICS", "CL_DEVICE_SVM_FINE_GRAIN_SYSTEM"),
    ),
    _usm("HOST_MEM"),
    _usm("DEVICE_MEM"),
    _usm("SINGLE_DEVICE_SHARED_MEM"),
    _usm("CROSS_DEVICE_SHARED_MEM"),
    Override("CL_DEVICE_SHARED_SYSTEM_MEM_CAPABILITIES_INTEL", "0", _NO_COHERENCE, value=0),
    Override("CL_DEVICE_GLOBAL_MEM_SIZE", "the share's part of it", _SHARE),
    Override("CL_DEVICE_MAX_MEM_ALLOC_SIZE", "at most the share's memory", _SHARE),
    Override("CL_IMAGE_ROW_PITCH", "the pitch that the program gave, else width × element size", _PITCHES),
    Override("CL_IMAGE_SLICE_PITCH", "the pitch that the program gave, else rows × row pitch", _PITCHES),
)
