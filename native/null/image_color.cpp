#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "null/image_formats.hpp"

namespace cenote::null {
namespace {

/// The nearest half of a finite float; values too large become infinity.
uint16_t to_half(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  float magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (magnitude >= 65520.0F) return sign | 0x7c00;
  if (magnitude == 0) return sign;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  // Halves have 11 bits of precision down to 2^-14, below that a fixed step of 2^-24.
  int step = std::max(exponent - 11, -24);
  auto steps = static_cast<uint32_t>(std::lrint(std::ldexp(magnitude, -step)));
  if (step == -24) return static_cast<uint16_t>(sign | steps);
  return static_cast<uint16_t>(sign | ((static_cast<uint32_t>(step + 25) << 10) + (steps - 1024)));
}

template <class T>
T to_norm(float value) {
  constexpr auto kMax = static_cast<float>(std::numeric_limits<T>::max());
  float least = std::is_signed_v<T> ? -1.0F : 0.0F;
  return static_cast<T>(std::lrint(std::clamp(value, least, 1.0F) * kMax));
}

template <class T>
T to_int(uint32_t bits) {
  if constexpr (std::is_signed_v<T>) {
    auto value = static_cast<int32_t>(bits);
    return static_cast<T>(std::clamp<int32_t>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else {
    return static_cast<T>(std::min<uint32_t>(bits, std::numeric_limits<T>::max()));
  }
}

template <class T>
void put(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

void write_channel(cl_channel_type type, uint32_t bits, void* to) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  switch (type) {
    case CL_SNORM_INT8:
      return put(to, to_norm<int8_t>(value));
    case CL_SNORM_INT16:
      return put(to, to_norm<int16_t>(value));
    case CL_UNORM_INT8:
      return put(to, to_norm<uint8_t>(value));
    case CL_UNORM_INT16:
      return put(to, to_norm<uint16_t>(value));
    case CL_SIGNED_INT8:
      return put(to, to_int<int8_t>(bits));
    case CL_SIGNED_INT16:
      return put(to, to_int<int16_t>(bits));
    case CL_UNSIGNED_INT8:
      return put(to, to_int<uint8_t>(bits));
    case CL_UNSIGNED_INT16:
      return put(to, to_int<uint16_t>(bits));
    case CL_HALF_FLOAT:
      return put(to, to_half(value));
    default:
      return put(to, bits);
  }
}

/// Which of red, green, blue and alpha stands at each place of a pixel.
std::array<int, 4> order_of(cl_channel_order order) {
  switch (order) {
    case CL_A:
      return {3, -1, -1, -1};
    case CL_RG:
      return {0, 1, -1, -1};
    case CL_RGBA:
    case CL_sRGBA:
      return {0, 1, 2, 3};
    case CL_BGRA:
      return {2, 1, 0, 3};
    default:
      return {0, -1, -1, -1};
  }
}

float to_srgb(float linear) {
  if (!(linear > 0)) return 0;
  return linear <= 0.0031308F ? 12.92F * linear : 1.055F * std::pow(linear, 1 / 2.4F) - 0.055F;
}

}  // namespace

void write_pixel(const cl_image_format& format, const void* color, void* pixel) {
  std::array<uint32_t, 4> channels{};
  std::memcpy(channels.data(), color, format.image_channel_order == CL_DEPTH ? sizeof(float) : sizeof channels);
  if (format.image_channel_order == CL_sRGBA) {
    for (int i = 0; i < 3; ++i) {
      float value = 0;
      std::memcpy(&value, &channels[i], sizeof value);
      put(&channels[i], to_srgb(value));
    }
  }
  auto* to = static_cast<std::byte*>(pixel);
  for (int channel : order_of(format.image_channel_order)) {
    if (channel < 0) break;
    write_channel(format.image_channel_data_type, channels[channel], to);
    to += channel_size(format.image_channel_data_type);
  }
}

}  // namespace cenote::null
