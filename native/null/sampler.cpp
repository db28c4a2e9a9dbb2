#include "null/answer.hpp"
#include "null/objects.hpp"

using namespace cenote::null;  // NOLINT: the whole file is the API

cl_sampler clCreateSamplerWithProperties(cl_context context, const cl_sampler_properties* sampler_properties,
                                         cl_int* errcode_ret) {
  if (!valid(context)) return failed(errcode_ret, CL_INVALID_CONTEXT);
  std::vector<cl_sampler_properties> given = property_list(sampler_properties);
  cl_bool normalized = CL_TRUE;
  auto addressing = cl_addressing_mode{CL_ADDRESS_CLAMP};
  auto filter = cl_filter_mode{CL_FILTER_NEAREST};
  for (size_t i = 0; i + 1 < given.size(); i += 2) {
    auto value = static_cast<cl_uint>(given[i + 1]);
    switch (given[i]) {
      case CL_SAMPLER_NORMALIZED_COORDS:
        normalized = value;
        break;
      case CL_SAMPLER_ADDRESSING_MODE:
        addressing = value;
        break;
      case CL_SAMPLER_FILTER_MODE:
        filter = value;
        break;
      default:
        return failed(errcode_ret, CL_INVALID_VALUE);
    }
  }
  if (normalized > CL_TRUE || addressing < CL_ADDRESS_NONE || addressing > CL_ADDRESS_MIRRORED_REPEAT ||
      filter < CL_FILTER_NEAREST || filter > CL_FILTER_LINEAR) {
    return failed(errcode_ret, CL_INVALID_VALUE);
  }
  cl_sampler sampler = Pool<_cl_sampler>::instance().make();
  if (sampler != nullptr) {
    sampler->context = Ref(context);
    sampler->normalized = normalized;
    sampler->addressing = addressing;
    sampler->filter = filter;
    sampler->properties = std::move(given);
  }
  return made(sampler, errcode_ret);
}

cl_sampler clCreateSampler(cl_context context, cl_bool normalized_coords, cl_addressing_mode addressing_mode,
                           cl_filter_mode filter_mode, cl_int* errcode_ret) {
  const cl_sampler_properties properties[] = {CL_SAMPLER_NORMALIZED_COORDS,
                                              normalized_coords,
                                              CL_SAMPLER_ADDRESSING_MODE,
                                              addressing_mode,
                                              CL_SAMPLER_FILTER_MODE,
                                              filter_mode,
                                              0};
  cl_sampler sampler = clCreateSamplerWithProperties(context, properties, errcode_ret);
  if (sampler != nullptr) sampler->properties.clear();
  return sampler;
}

cl_int clRetainSampler(cl_sampler sampler) { return retain(sampler, CL_INVALID_SAMPLER); }

cl_int clReleaseSampler(cl_sampler sampler) { return release(sampler, CL_INVALID_SAMPLER); }

cl_int clGetSamplerInfo(cl_sampler sampler, cl_sampler_info param_name, size_t param_value_size, void* param_value,
                        size_t* param_value_size_ret) {
  if (!valid(sampler)) return CL_INVALID_SAMPLER;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_SAMPLER_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_sampler>::instance().handles(sampler));
    case CL_SAMPLER_CONTEXT:
      return answer.number<cl_context>(sampler->context.get());
    case CL_SAMPLER_NORMALIZED_COORDS:
      return answer.flag(sampler->normalized != CL_FALSE);
    case CL_SAMPLER_ADDRESSING_MODE:
      return answer.number<cl_addressing_mode>(sampler->addressing);
    case CL_SAMPLER_FILTER_MODE:
      return answer.number<cl_filter_mode>(sampler->filter);
    case CL_SAMPLER_PROPERTIES:
      return answer.list(sampler->properties);
    default:
      return CL_INVALID_VALUE;
  }
}
