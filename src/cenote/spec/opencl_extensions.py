"""The extensions that programs are offered where the driver has them, and those that they are not."""

from __future__ import annotations

# What is carried, by what it is.
_CARRIED = {
    "what the device's compiler understands: nothing of it passes through the API": """
        cl_khr_3d_image_writes cl_khr_async_work_group_copy_fence cl_khr_byte_addressable_store
        cl_khr_depth_images cl_khr_device_enqueue_local_arg_types cl_khr_expect_assume
        cl_khr_extended_async_copies cl_khr_extended_bit_ops cl_khr_fp16 cl_khr_fp64
        cl_khr_global_int32_base_atomics cl_khr_global_int32_extended_atomics cl_khr_int64_base_atomics
        cl_khr_int64_extended_atomics cl_khr_integer_dot_product cl_khr_kernel_clock
        cl_khr_local_int32_base_atomics cl_khr_local_int32_extended_atomics cl_khr_select_fprounding_mode
        cl_khr_spir cl_khr_spirv_extended_debug_info cl_khr_spirv_linkonce_odr
        cl_khr_spirv_no_integer_wrap_decoration cl_khr_srgb_image_writes cl_khr_subgroup_ballot
        cl_khr_subgroup_clustered_reduce cl_khr_subgroup_extended_types cl_khr_subgroup_named_barrier
        cl_khr_subgroup_non_uniform_arithmetic cl_khr_subgroup_non_uniform_vote cl_khr_subgroup_rotate
        cl_khr_subgroup_shuffle cl_khr_subgroup_shuffle_relative cl_khr_work_group_uniform_arithmetic
        cl_ext_cxx_for_opencl cl_ext_float_atomics cl_ext_image_raw10_raw12 cl_amd_fp64 cl_amd_media_ops
        cl_amd_media_ops2 cl_amd_popcnt cl_amd_printf cl_amd_vec3 cl_arm_integer_dot_product_accumulate_int16
        cl_arm_integer_dot_product_accumulate_int8 cl_arm_integer_dot_product_accumulate_saturate_int8
        cl_arm_integer_dot_product_int8 cl_arm_non_uniform_work_group_size cl_intel_bfloat16_conversions
        cl_intel_media_block_io cl_intel_packed_yuv cl_intel_required_subgroup_size
        cl_intel_spirv_media_block_io cl_intel_spirv_subgroups cl_intel_split_work_group_barrier
        cl_intel_subgroup_2d_block_io cl_intel_subgroup_local_block_io
        cl_intel_subgroup_matrix_multiply_accumulate cl_intel_subgroups cl_intel_subgroups_char
        cl_intel_subgroups_long cl_intel_subgroups_short cl_intel_vec_len_hint cl_nv_compiler_options
        cl_nv_kernel_attribute cl_nv_pragma_unroll cl_qcom_reqd_sub_group_size
    """,
    "answers to queries, and properties and formats that are passed on as they are": """
        cl_khr_device_uuid cl_khr_extended_versioning cl_khr_image2d_from_buffer cl_khr_initialize_memory
        cl_khr_pci_bus_info cl_khr_priority_hints cl_khr_throttle_hints cl_amd_device_attribute_query
        cl_intel_device_attribute_query cl_nv_device_attribute_query
    """,
    "functions, all of them carried": """
        cl_khr_command_buffer cl_khr_create_command_queue cl_khr_icd cl_khr_il_program cl_khr_subgroups
        cl_khr_suggested_local_work_size cl_ext_device_fission cl_intel_create_buffer_with_properties
        cl_intel_unified_shared_memory
    """,
}

# What programs must not see, by why. Whatever is in neither table is masked too: it may have functions that are not
# carried.
_MASKED = {
    "objects of a graphics API on the program's machine, which the device's driver does not see": """
        cl_khr_d3d10_sharing cl_khr_d3d11_sharing cl_khr_dx9_media_sharing cl_khr_egl_event cl_khr_egl_image
        cl_khr_gl_depth_images cl_khr_gl_event cl_khr_gl_msaa_sharing cl_khr_gl_sharing
        cl_intel_va_api_media_sharing
    """,
    "memory and semaphores of other APIs, as descriptors of the program's machine": """
        cl_khr_external_memory cl_khr_external_memory_dma_buf cl_khr_external_memory_opaque_fd
        cl_khr_external_semaphore cl_khr_external_semaphore_opaque_fd cl_khr_external_semaphore_sync_fd
        cl_arm_import_memory
    """,
    "functions that are not carried": """
        cl_khr_command_buffer_multi_device cl_khr_command_buffer_mutable_dispatch cl_khr_semaphore
        cl_khr_terminate_context cl_intel_concurrent_dispatch cl_pocl_content_size
    """,
    "answers that are pointers into the driver's memory": "cl_khr_spirv_queries",
    "partitions of a kind that is not carried": "cl_intel_device_partition_by_names",
    "kernels that run in the program's own thread": "cl_intel_exec_by_local_thread",
    "not described in public": "cl_intel_bfloat16 cl_intel_devicelib_assert cl_intel_sigmoid",
}

CARRIED: dict[str, list[str]] = {kind: names.split() for kind, names in _CARRIED.items()}
MASKED: dict[str, list[str]] = {why: names.split() for why, names in _MASKED.items()}
CARRIED_EXTENSIONS: frozenset[str] = frozenset(name for names in CARRIED.values() for name in names)
MASKED_EXTENSIONS: frozenset[str] = frozenset(name for names in MASKED.values() for name in names)
