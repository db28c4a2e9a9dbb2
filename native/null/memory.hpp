// What buffers, images and shared virtual memory have in common.
#pragma once

#include "null/objects.hpp"

namespace cenote::null {

/// Whether [offset, offset + size) lies within `whole` bytes.
inline bool fits(size_t offset, size_t size, size_t whole) { return offset <= whole && size <= whole - offset; }

cl_int check_flags(cl_mem_flags flags, const void* host_ptr);

/// A memory object of its own storage, which counts against the device's memory.
cl_mem make_memory(cl_context context, cl_mem_flags flags, size_t size, void* host_ptr, cl_int* errcode_ret);

/// Whether an address lies in an allocation of clSVMAlloc.
bool is_svm(const void* address);

/// Bytes of one pixel, 0 for formats that no device has.
size_t pixel_size(const cl_image_format& format);

bool is_image(cl_mem mem);

/// Width in pixels, rows, and slices of an image; layers of an array are rows or slices.
struct Extent {
  size_t width;
  size_t rows;
  size_t slices;
};
Extent extent_of(cl_mem image);

/// Whether three origins and three lengths lie within an image.
bool is_inside(cl_mem image, const size_t* origin, const size_t* region);

/// A box of bytes in memory with pitches.
struct Box {
  std::byte* base;
  size_t row_pitch;
  size_t slice_pitch;
};

/// Where a pixel of an image lies.
Box box_at(cl_mem image, const size_t* origin);

/// Copies rows of `width` bytes. The boxes may overlap only where they are the same.
void copy_box(const Box& to, const Box& from, size_t width, size_t height, size_t depth);

/// Fills a box with zeros.
void clear_box(const Box& to, size_t width, size_t height, size_t depth);

}  // namespace cenote::null
