#include "shim/opencl/kernel_info.hpp"

namespace cenote::opencl {

std::shared_ptr<const KernelInfo> KernelInfo::read(wire::Reader& in) {
  auto info = std::make_shared<KernelInfo>();
  info->name = in.bytes().text();
  info->attributes = in.bytes().text();
  uint64_t count = in.word();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    Parameter p;
    p.known = in.word() != 0;
    p.address = static_cast<cl_uint>(in.word());
    p.access = static_cast<cl_uint>(in.word());
    p.qualifiers = in.word();
    p.type = in.bytes().text();
    p.name = in.bytes().text();
    p.kind = static_cast<ParameterKind>(in.word());
    p.size = in.word();
    info->parameters.push_back(std::move(p));
  }
  uint64_t devices = in.word();
  for (uint64_t d = 0; d < devices && in.ok(); ++d) {
    std::vector<std::string> answers;
    answers.reserve(std::size(kWorkGroupParams));
    for (size_t i = 0; i < std::size(kWorkGroupParams); ++i) answers.emplace_back(in.bytes().text());
    info->work_group.push_back(std::move(answers));
  }
  return in.ok() ? info : nullptr;
}

}  // namespace cenote::opencl
