// Samplers.
#include "shim/opencl/image.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

cl_int check_values(const Context* context, cl_ulong normalized, cl_ulong addressing, cl_ulong filter) {
  bool valid = normalized <= 1 && addressing >= CL_ADDRESS_NONE && addressing <= CL_ADDRESS_MIRRORED_REPEAT &&
               (filter == CL_FILTER_NEAREST || filter == CL_FILTER_LINEAR);
  if (!valid) return CL_INVALID_VALUE;
  return has_images(context) ? CL_SUCCESS : CL_INVALID_OPERATION;
}

}  // namespace

namespace hand {

cl_sampler clCreateSamplerWithProperties(cl_context context, const cl_sampler_properties* properties,
                                         cl_int* errcode_ret) {
  auto give = [&](cl_int code) { return fail<cl_sampler>(errcode_ret, code); };
  auto* in = as<Context>(context);
  if (in == nullptr) return give(CL_INVALID_CONTEXT);
  struct {
    cl_sampler_properties name;
    cl_sampler_properties value;
    bool seen;
  } known[] = {{CL_SAMPLER_NORMALIZED_COORDS, 1, false},
               {CL_SAMPLER_ADDRESSING_MODE, CL_ADDRESS_CLAMP, false},
               {CL_SAMPLER_FILTER_MODE, CL_FILTER_NEAREST, false}};
  std::vector<cl_sampler_properties> kept;
  for (const auto* p = properties; p != nullptr && *p != 0; p += 2) {
    auto* at = std::find_if(std::begin(known), std::end(known), [&](const auto& k) { return k.name == p[0]; });
    if (at == std::end(known) || at->seen) return give(CL_INVALID_VALUE);
    at->seen = true;
    at->value = p[1];
    kept.insert(kept.end(), {p[0], p[1]});
  }
  if (properties != nullptr) kept.push_back(0);
  if (cl_int bad = check_values(in, known[0].value, known[1].value, known[2].value); bad != CL_SUCCESS) {
    return give(bad);
  }
  msg::clCreateSampler m;
  m.context = in->id;
  m.normalized_coords = static_cast<cl_bool>(known[0].value);
  m.addressing_mode = static_cast<cl_addressing_mode>(known[1].value);
  m.filter_mode = static_cast<cl_filter_mode>(known[2].value);
  cl_sampler made = create<Sampler>(in, m, &m.result, errcode_ret);
  if (made != nullptr) as<Sampler>(made)->properties = std::move(kept);
  return made;
}

cl_int clRetainSampler(cl_sampler sampler) { return retain<Sampler>(sampler, CL_INVALID_SAMPLER); }
cl_int clReleaseSampler(cl_sampler sampler) { return release<Sampler>(sampler, CL_INVALID_SAMPLER); }

cl_int clGetSamplerInfo(cl_sampler sampler, cl_sampler_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Sampler>(sampler);
  if (object == nullptr) return CL_INVALID_SAMPLER;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_SAMPLER_REFERENCE_COUNT:
      return answer.number(cl_uint{object->user_references.load()});
    case CL_SAMPLER_CONTEXT:
      return answer.number(reinterpret_cast<cl_context>(object->context));
    case CL_SAMPLER_NORMALIZED_COORDS:
      return answer.number(object->normalized);
    case CL_SAMPLER_ADDRESSING_MODE:
      return answer.number(object->addressing);
    case CL_SAMPLER_FILTER_MODE:
      return answer.number(object->filter);
    case CL_SAMPLER_PROPERTIES:
      return answer.list(object->properties);
    default:
      return CL_INVALID_VALUE;
  }
}

}  // namespace hand

namespace check {

cl_int clCreateSampler(cl_context context, cl_bool normalized_coords, cl_addressing_mode addressing_mode,
                       cl_filter_mode filter_mode, cl_int* /*errcode_ret*/) {
  return check_values(as<Context>(context), normalized_coords, addressing_mode, filter_mode);
}

}  // namespace check
}  // namespace cenote::opencl
