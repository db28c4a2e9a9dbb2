"""What a program sees changed when it asks through Cenote, and why. Everything else is the driver's own answer."""

from __future__ import annotations

from dataclasses import dataclass

ICD_SUFFIX = "CENOTE"
HIGHEST_VERSION = (3, 0)


@dataclass(frozen=True)
class Override:
    """One answer that differs from the driver's. ``value`` replaces it, ``clear`` are the bits taken out of it; with
    neither, ``becomes`` says what the hand-written code makes of it."""

    name: str
    driver: str  # what the driver may say
    becomes: str
    why: str
    value: int | None = None
    clear: tuple[str, ...] = ()


_EXTENSIONS = "all that the driver has"
_NOT_CARRIED = "A program must not be offered functions that are not carried to the server."
_VERSION = "a later version"
_HIGHEST = "Later versions have functions that are not carried."
_NO_COHERENCE = "Memory that host and device change at the same time would need one memory on both machines."
_PITCH = "a pitch of the driver's own"
_PITCHES = "The program sees the image's shadow in its own memory, not the driver's memory."


def _without(name: str, *bits: str, why: str) -> Override:
    named = " or ".join(f"`{bit}`" for bit in bits)
    return Override(name, f"{named} among others", "the others", why, clear=bits)


def _usm(kind: str) -> Override:
    return _without(
        f"CL_DEVICE_{kind}_CAPABILITIES_INTEL",
        "CL_UNIFIED_SHARED_MEMORY_CONCURRENT_ACCESS_INTEL",
        "CL_UNIFIED_SHARED_MEMORY_CONCURRENT_ATOMIC_ACCESS_INTEL",
        why=_NO_COHERENCE,
    )


OVERRIDES: tuple[Override, ...] = (
    Override("CL_PLATFORM_VERSION", _VERSION, "at most OpenCL 3.0", _HIGHEST),
    Override("CL_PLATFORM_NUMERIC_VERSION", _VERSION, "at most 3.0", _HIGHEST),
    Override("CL_PLATFORM_EXTENSIONS", _EXTENSIONS, "those that are carried, and `cl_khr_icd`", _NOT_CARRIED),
    Override(
        "CL_PLATFORM_EXTENSIONS_WITH_VERSION",
        _EXTENSIONS,
        "those that are carried, and `cl_khr_icd` 1.0.0",
        _NOT_CARRIED,
    ),
    Override(
        "CL_PLATFORM_ICD_SUFFIX_KHR",
        "the vendor's suffix",
        f"`{ICD_SUFFIX}`",
        "The suffix belongs to the ICD that the program's loader opened, which is Cenote's.",
    ),
    Override("CL_DEVICE_VERSION", _VERSION, "at most OpenCL 3.0", _HIGHEST),
    Override("CL_DEVICE_NUMERIC_VERSION", _VERSION, "at most 3.0", _HIGHEST),
    Override("CL_DEVICE_EXTENSIONS", _EXTENSIONS, "those that are carried", _NOT_CARRIED),
    Override("CL_DEVICE_EXTENSIONS_WITH_VERSION", _EXTENSIONS, "those that are carried", _NOT_CARRIED),
    Override(
        "CL_DEVICE_HOST_UNIFIED_MEMORY",
        "`CL_TRUE`",
        "`CL_FALSE`",
        "Programs skip copies on devices that share the host's memory; this device is on another machine.",
        value=0,
    ),
    _without(
        "CL_DEVICE_EXECUTION_CAPABILITIES",
        "CL_EXEC_NATIVE_KERNEL",
        why="A native kernel is a function of the program, which the server does not have.",
    ),
    _without(
        "CL_DEVICE_SVM_CAPABILITIES", "CL_DEVICE_SVM_ATOMICS", "CL_DEVICE_SVM_FINE_GRAIN_SYSTEM", why=_NO_COHERENCE
    ),
    _usm("HOST_MEM"),
    _usm("DEVICE_MEM"),
    _usm("SINGLE_DEVICE_SHARED_MEM"),
    _usm("CROSS_DEVICE_SHARED_MEM"),
    Override("CL_DEVICE_SHARED_SYSTEM_MEM_CAPABILITIES_INTEL", "any", "0", _NO_COHERENCE, value=0),
    Override("CL_IMAGE_ROW_PITCH", _PITCH, "the pitch that the program gave, else width × element size", _PITCHES),
    Override("CL_IMAGE_SLICE_PITCH", _PITCH, "the pitch that the program gave, else rows × row pitch", _PITCHES),
)
