// The little of SPIR-V that tells a module's kernels and the sizes of their parameters.
#include <cstring>
#include <unordered_map>

#include "null/kernel_text.hpp"

namespace cenote::null {
namespace {

constexpr uint32_t kMagic = 0x07230203;
constexpr size_t kHeaderWords = 5;
constexpr uint32_t kKernelModel = 6;

enum Opcode : uint16_t {
  kEntryPoint = 15,
  kTypeInt = 21,
  kTypeFloat = 22,
  kTypeVector = 23,
  kTypeImage = 25,
  kTypeSampler = 26,
  kTypePointer = 32,
  kFunction = 54,
  kFunctionParameter = 55,
};

enum StorageClass : uint32_t { kUniformConstant = 0, kWorkgroup = 4, kCrossWorkgroup = 5 };

/// A parameter of a pointer type; those to the function's own storage are structures passed by value.
ArgText pointer(uint32_t storage) {
  ArgText arg;
  if (storage == kWorkgroup) {
    arg.kind = ArgText::kLocal;
    arg.address = CL_KERNEL_ARG_ADDRESS_LOCAL;
  } else if (storage == kCrossWorkgroup || storage == kUniformConstant) {
    arg.kind = ArgText::kMemory;
    arg.address = storage == kCrossWorkgroup ? CL_KERNEL_ARG_ADDRESS_GLOBAL : CL_KERNEL_ARG_ADDRESS_CONSTANT;
    arg.size = sizeof(void*);
  }
  return arg;
}

}  // namespace

std::vector<KernelText> kernels_in_spirv(std::string_view module) {
  std::vector<uint32_t> words(module.size() / sizeof(uint32_t));
  if (words.size() < kHeaderWords) return {};
  std::memcpy(words.data(), module.data(), words.size() * sizeof(uint32_t));
  if (words[0] != kMagic) return {};

  std::vector<KernelText> kernels;
  std::unordered_map<uint32_t, size_t> entries;  // function id -> index of its kernel
  std::unordered_map<uint32_t, ArgText> types;
  KernelText* current = nullptr;
  for (size_t at = kHeaderWords; at < words.size();) {
    size_t count = words[at] >> 16;
    if (count == 0 || count > words.size() - at) break;
    const uint32_t* operand = &words[at + 1];
    size_t operands = count - 1;
    ArgText type;
    switch (words[at] & 0xffff) {
      case kEntryPoint:
        if (operands > 2 && operand[0] == kKernelModel) {
          const char* name = reinterpret_cast<const char*>(operand + 2);
          entries[operand[1]] = kernels.size();
          kernels.emplace_back().name.assign(name, strnlen(name, (operands - 2) * sizeof(uint32_t)));
        }
        break;
      case kTypeInt:
      case kTypeFloat:
        if (operands > 1) type.size = operand[1] / 8;
        break;
      case kTypeVector:
        if (operands > 2) type.size = types[operand[1]].size * (operand[2] == 3 ? 4 : operand[2]);
        break;
      case kTypeImage:
        type = pointer(kCrossWorkgroup);
        type.access = CL_KERNEL_ARG_ACCESS_READ_ONLY;
        break;
      case kTypeSampler:
        type.kind = ArgText::kSampler;
        type.size = sizeof(cl_sampler);
        break;
      case kTypePointer:
        if (operands > 1) type = pointer(operand[1]);
        break;
      case kFunction:
        current = nullptr;
        if (operands > 1 && entries.contains(operand[1])) current = &kernels[entries[operand[1]]];
        break;
      case kFunctionParameter:
        if (current != nullptr && operands > 0) current->args.push_back(types[operand[0]]);
        break;
      default:
        break;
    }
    uint32_t opcode = words[at] & 0xffff;
    if (opcode >= kTypeInt && opcode <= kTypePointer && operands > 0) types[operand[0]] = type;
    at += count;
  }
  return kernels;
}

}  // namespace cenote::null
