"""Platforms, devices, contexts and queues."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import (
    CallbackRole,
    Carry,
    ErrorCode,
    Hand,
    Handles,
    In,
    New,
    OpaqueRole,
    Optional,
    Out,
    Pointer,
    Surface,
    Text,
    UserData,
    call,
)
from cenote.spec.opencl_types import (
    U32,
    U64,
    Bool,
    CommandQueueInfo,
    CommandQueueProperties,
    Context,
    ContextInfo,
    ContextNotify,
    Device,
    DeviceInfo,
    DeviceType,
    InfoSize,
    InfoValue,
    Platform,
    PlatformInfo,
    Queue,
    Size,
    Status,
)

# ── Platforms ───────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.LOCAL, aliases=("clIcdGetPlatformIDsKHR",))
def clGetPlatformIDs(
    num_entries: U32, platforms: Annotated[Handles[Platform], Out("num_entries")], num_platforms: Annotated[U32, Out()]
) -> Status: ...


@call(Carry.CACHED)
def clGetPlatformInfo(
    platform: Annotated[Platform, Optional()],
    param_name: PlatformInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.LOCAL, since="1.2")
def clUnloadPlatformCompiler(platform: Platform) -> Status: ...


@call(Carry.LOCAL)
def clUnloadCompiler() -> Status: ...


@call(Carry.LOCAL)
def clGetExtensionFunctionAddress(func_name: Annotated[Text, In()]) -> Annotated[Pointer, OpaqueRole("void*")]: ...


@call(Carry.LOCAL, since="1.2")
def clGetExtensionFunctionAddressForPlatform(
    platform: Platform, func_name: Annotated[Text, In()]
) -> Annotated[Pointer, OpaqueRole("void*")]: ...


# ── Devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.LOCAL)
def clGetDeviceIDs(
    platform: Annotated[Platform, Optional()],
    device_type: DeviceType,
    num_entries: U32,
    devices: Annotated[Handles[Device], Out("num_entries")],
    num_devices: Annotated[U32, Out()],
) -> Status: ...


@call(Carry.CACHED)
def clGetDeviceInfo(
    device: Device,
    param_name: DeviceInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="1.2")
def clCreateSubDevices(
    in_device: Device,
    properties: Annotated[Pointer, OpaqueRole("const cl_device_partition_property*")],
    num_devices: U32,
    out_devices: Annotated[Handles[Device], Out("num_devices")],
    num_devices_ret: Annotated[U32, Out()],
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="cl_ext_device_fission")
def clCreateSubDevicesEXT(
    in_device: Device,
    properties: Annotated[Pointer, OpaqueRole("const cl_device_partition_property_ext*")],
    num_entries: U32,
    out_devices: Annotated[Handles[Device], Out("num_entries")],
    num_devices: Annotated[U32, Out()],
) -> Status: ...


@call(Carry.LOCAL, since="1.2", aliases=("clRetainDeviceEXT",))
def clRetainDevice(device: Device) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, since="1.2", aliases=("clReleaseDeviceEXT",), surfaces=Surface.NOWHERE)
def clReleaseDevice(device: Device) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="2.1")
def clGetDeviceAndHostTimer(
    device: Device, device_timestamp: Annotated[U64, Out()], host_timestamp: Annotated[U64, Out()]
) -> Status: ...


@call(Carry.LOCAL, since="2.1")
def clGetHostTimer(device: Device, host_timestamp: Annotated[U64, Out()]) -> Status: ...


# ── Contexts ────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, slow=True)
def clCreateContext(
    properties: Annotated[Pointer, OpaqueRole("const cl_context_properties*")],
    num_devices: U32,
    devices: Annotated[Handles[Device], In("num_devices")],
    pfn_notify: ContextNotify,
    user_data: UserData,
    errcode_ret: ErrorCode,
) -> Annotated[Context, New()]: ...


@call(Carry.WAITS, hand=Hand.BOTH, slow=True)
def clCreateContextFromType(
    properties: Annotated[Pointer, OpaqueRole("const cl_context_properties*")],
    device_type: DeviceType,
    pfn_notify: ContextNotify,
    user_data: UserData,
    errcode_ret: ErrorCode,
) -> Annotated[Context, New()]: ...


@call(Carry.LOCAL)
def clRetainContext(context: Context) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.NOWHERE)
def clReleaseContext(context: Context) -> Status: ...


@call(Carry.CACHED)
def clGetContextInfo(
    context: Context,
    param_name: ContextInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.LOCAL, since="3.0")
def clSetContextDestructorCallback(
    context: Context,
    pfn_notify: Annotated[Pointer, CallbackRole("void (*)(cl_context context, void* user_data)")],
    user_data: UserData,
) -> Status: ...


# ── Queues ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.WAITS, hand=Hand.BOTH, since="2.0", aliases=("clCreateCommandQueueWithPropertiesKHR",))
def clCreateCommandQueueWithProperties(
    context: Context,
    device: Device,
    properties: Annotated[Pointer, OpaqueRole("const cl_queue_properties*")],
    errcode_ret: ErrorCode,
) -> Annotated[Queue, New()]: ...


@call(Carry.WAITS, hand=Hand.BOTH)
def clCreateCommandQueue(
    context: Context, device: Device, properties: CommandQueueProperties, errcode_ret: ErrorCode
) -> Annotated[Queue, New()]: ...


@call(Carry.LOCAL)
def clRetainCommandQueue(command_queue: Queue) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, slow=True, surfaces=Surface.NOWHERE)
def clReleaseCommandQueue(command_queue: Queue) -> Status: ...


@call(Carry.CACHED)
def clGetCommandQueueInfo(
    command_queue: Queue,
    param_name: CommandQueueInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.REFUSED)
def clSetCommandQueueProperty(
    command_queue: Queue,
    properties: CommandQueueProperties,
    enable: Bool,
    old_properties: Annotated[CommandQueueProperties, Out()],
) -> Status: ...


@call(Carry.WAITS, opcode=1, hand=Hand.SHIM, since="2.1")
def clSetDefaultDeviceCommandQueue(
    context: Context, device: Device, command_queue: Annotated[Queue, Optional()]
) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.QUEUE)
def clFlush(command_queue: Queue) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, slow=True)
def clFinish(command_queue: Queue) -> Status: ...
