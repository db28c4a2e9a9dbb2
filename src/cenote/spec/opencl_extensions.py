"""The extensions that programs are offered where the driver has them."""

from __future__ import annotations

# What the device's compiler understands: nothing of it passes through the API.
_LANGUAGE = """
    cl_khr_3d_image_writes cl_khr_async_work_group_copy_fence cl_khr_byte_addressable_store cl_khr_depth_images
    cl_khr_device_enqueue_local_arg_types cl_khr_expect_assume cl_khr_extended_async_copies cl_khr_extended_bit_ops
    cl_khr_fp16 cl_khr_fp64 cl_khr_global_int32_base_atomics cl_khr_global_int32_extended_atomics
    cl_khr_int64_base_atomics cl_khr_int64_extended_atomics cl_khr_integer_dot_product cl_khr_kernel_clock
    cl_khr_local_int32_base_atomics cl_khr_local_int32_extended_atomics cl_khr_select_fprounding_mode cl_khr_spir
    cl_khr_spirv_extended_debug_info cl_khr_spirv_linkonce_odr cl_khr_spirv_no_integer_wrap_decoration
    cl_khr_srgb_image_writes cl_khr_subgroup_ballot cl_khr_subgroup_clustered_reduce cl_khr_subgroup_extended_types
    cl_khr_subgroup_named_barrier cl_khr_subgroup_non_uniform_arithmetic cl_khr_subgroup_non_uniform_vote
    cl_khr_subgroup_rotate cl_khr_subgroup_shuffle cl_khr_subgroup_shuffle_relative
    cl_khr_work_group_uniform_arithmetic
    cl_ext_cxx_for_opencl cl_ext_float_atomics cl_ext_image_raw10_raw12
    cl_amd_fp64 cl_amd_media_ops cl_amd_media_ops2 cl_amd_popcnt cl_amd_printf cl_amd_vec3
    cl_arm_integer_dot_product_accumulate_int16 cl_arm_integer_dot_product_accumulate_int8
    cl_arm_integer_dot_product_accumulate_saturate_int8 cl_arm_integer_dot_product_int8
    cl_arm_non_uniform_work_group_size
    cl_intel_bfloat16_conversions cl_intel_media_block_io cl_intel_packed_yuv cl_intel_required_subgroup_size
    cl_intel_spirv_media_block_io cl_intel_spirv_subgroups cl_intel_split_work_group_barrier
    cl_intel_subgroup_2d_block_io cl_intel_subgroup_local_block_io cl_intel_subgroup_matrix_multiply_accumulate
    cl_intel_subgroups cl_intel_subgroups_char cl_intel_subgroups_long cl_intel_subgroups_short
    cl_intel_vec_len_hint
    cl_nv_compiler_options cl_nv_kernel_attribute cl_nv_pragma_unroll
    cl_qcom_reqd_sub_group_size
"""

# What only adds answers to info queries, or properties and formats that are passed on as they are.
_QUERIES = """
    cl_khr_device_uuid cl_khr_extended_versioning cl_khr_image2d_from_buffer cl_khr_initialize_memory
    cl_khr_pci_bus_info cl_khr_priority_hints cl_khr_throttle_hints
    cl_amd_device_attribute_query cl_intel_device_attribute_query cl_nv_device_attribute_query
"""

# What has functions, all of them in this spec.
_FUNCTIONS = """
    cl_khr_command_buffer cl_khr_create_command_queue cl_khr_icd cl_khr_il_program cl_khr_subgroups
    cl_khr_suggested_local_work_size
    cl_ext_device_fission
    cl_intel_create_buffer_with_properties cl_intel_unified_shared_memory
"""

CARRIED_EXTENSIONS: frozenset[str] = frozenset((_LANGUAGE + _QUERIES + _FUNCTIONS).split())
