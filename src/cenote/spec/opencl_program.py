"""Programs and kernels."""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated

from cenote.spec.idl import (
    Array,
    Bytes,
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
    I32,
    U32,
    Context,
    Device,
    InfoSize,
    InfoValue,
    Kernel,
    KernelArgInfo,
    KernelInfo,
    KernelSubGroupInfo,
    KernelWorkGroupInfo,
    Program,
    ProgramBuildInfo,
    ProgramInfo,
    ProgramNotify,
    Queue,
    Size,
    Status,
)

# ── Programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.OBJECT)
def clCreateProgramWithSource(
    context: Context,
    count: U32,
    strings: Annotated[Pointer, OpaqueRole("const char**")],
    lengths: Annotated[Array[Size], In("count", optional=True)],
    errcode_ret: ErrorCode,
) -> Annotated[Program, New()]: ...


@call(Carry.WAITS, hand=Hand.BOTH)
def clCreateProgramWithBinary(
    context: Context,
    num_devices: U32,
    device_list: Annotated[Handles[Device], In("num_devices")],
    lengths: Annotated[Array[Size], In("num_devices")],
    binaries: Annotated[Pointer, OpaqueRole("const unsigned char**")],
    binary_status: Annotated[Array[I32], Out("num_devices")],
    errcode_ret: ErrorCode,
) -> Annotated[Program, New()]: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="1.2")
def clCreateProgramWithBuiltInKernels(
    context: Context,
    num_devices: U32,
    device_list: Annotated[Handles[Device], In("num_devices")],
    kernel_names: Annotated[Text, In()],
    errcode_ret: ErrorCode,
) -> Annotated[Program, New()]: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="2.1", aliases=("clCreateProgramWithILKHR",))
def clCreateProgramWithIL(
    context: Context, il: Annotated[Bytes, In("length")], length: Size, errcode_ret: ErrorCode
) -> Annotated[Program, New()]: ...


@call(Carry.LOCAL)
def clRetainProgram(program: Program) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.NOWHERE)
def clReleaseProgram(program: Program) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, slow=True)
def clBuildProgram(
    program: Program,
    num_devices: U32,
    device_list: Annotated[Handles[Device], In("num_devices", optional=True)],
    options: Annotated[Text, In(optional=True)],
    pfn_notify: ProgramNotify,
    user_data: UserData,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="1.2", slow=True)
def clCompileProgram(
    program: Program,
    num_devices: U32,
    device_list: Annotated[Handles[Device], In("num_devices", optional=True)],
    options: Annotated[Text, In(optional=True)],
    num_input_headers: U32,
    input_headers: Annotated[Handles[Program], In("num_input_headers", optional=True)],
    header_include_names: Annotated[Pointer, OpaqueRole("const char**")],
    pfn_notify: ProgramNotify,
    user_data: UserData,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="1.2", slow=True)
def clLinkProgram(
    context: Context,
    num_devices: U32,
    device_list: Annotated[Handles[Device], In("num_devices", optional=True)],
    options: Annotated[Text, In(optional=True)],
    num_input_programs: U32,
    input_programs: Annotated[Handles[Program], In("num_input_programs")],
    pfn_notify: ProgramNotify,
    user_data: UserData,
    errcode_ret: ErrorCode,
) -> Annotated[Program, New()]: ...


@call(Carry.REFUSED, since="2.2")
def clSetProgramReleaseCallback(program: Program, pfn_notify: ProgramNotify, user_data: UserData) -> Status: ...


@call(Carry.WAITS, opcode=13, since="2.2", check=True)
def clSetProgramSpecializationConstant(
    program: Program, spec_id: U32, spec_size: Size, spec_value: Annotated[Bytes, In("spec_size")]
) -> Status: ...


@call(Carry.CACHED)
def clGetProgramInfo(
    program: Program,
    param_name: ProgramInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.CACHED)
def clGetProgramBuildInfo(
    program: Program,
    device: Device,
    param_name: ProgramBuildInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


# ── Kernels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.OBJECT)
def clCreateKernel(
    program: Program, kernel_name: Annotated[Text, In()], errcode_ret: ErrorCode
) -> Annotated[Kernel, New()]: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.OBJECT)
def clCreateKernelsInProgram(
    program: Program,
    num_kernels: U32,
    kernels: Annotated[Handles[Kernel], Out("num_kernels")],
    num_kernels_ret: Annotated[U32, Out()],
) -> Status: ...


@call(Carry.ONE_WAY, opcode=14, hand=Hand.BOTH, since="2.1", surfaces=Surface.OBJECT)
def clCloneKernel(source_kernel: Kernel, errcode_ret: ErrorCode) -> Annotated[Kernel, New()]: ...


@call(Carry.LOCAL)
def clRetainKernel(kernel: Kernel) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.NOWHERE)
def clReleaseKernel(kernel: Kernel) -> Status: ...


@call(Carry.ONE_WAY, hand=Hand.BOTH, surfaces=Surface.KERNEL)
def clSetKernelArg(
    kernel: Kernel, arg_index: U32, arg_size: Size, arg_value: Annotated[Bytes, In("arg_size", optional=True)]
) -> Status: ...


@call(Carry.CACHED)
def clGetKernelInfo(
    kernel: Kernel,
    param_name: KernelInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.CACHED, since="1.2")
def clGetKernelArgInfo(
    kernel: Kernel,
    arg_indx: U32,
    param_name: KernelArgInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.CACHED)
def clGetKernelWorkGroupInfo(
    kernel: Kernel,
    device: Annotated[Device, Optional()],
    param_name: KernelWorkGroupInfo,
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="2.1", aliases=("clGetKernelSubGroupInfoKHR",))
def clGetKernelSubGroupInfo(
    kernel: Kernel,
    device: Annotated[Device, Optional()],
    param_name: KernelSubGroupInfo,
    input_value_size: Size,
    input_value: Annotated[Bytes, In("input_value_size", optional=True)],
    param_value_size: Size,
    param_value: InfoValue,
    param_value_size_ret: InfoSize,
) -> Status: ...


@call(Carry.WAITS, hand=Hand.BOTH, since="cl_khr_suggested_local_work_size")
def clGetKernelSuggestedLocalWorkSizeKHR(
    command_queue: Queue,
    kernel: Kernel,
    work_dim: U32,
    global_work_offset: Annotated[Array[Size], In("work_dim", optional=True)],
    global_work_size: Annotated[Array[Size], In("work_dim")],
    suggested_local_work_size: Annotated[Array[Size], Out("work_dim")],
) -> Status: ...
