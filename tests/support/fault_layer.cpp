// An OpenCL layer for a server's loader. It lets a call of the driver's fail when a test asks for that, and counts what
// the driver has made and not yet freed. CENOTE_TEST_FAULTS names the folder in which the two speak:
//   fault   from the test: "FUNCTION CODE"; gone when the call has failed
//   alive   from here, whenever the last context is freed: "KIND COUNT" for each kind of object
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "api/opencl_api.hpp"

namespace {

using Table = cenote::opencl::DispatchTable;
Table target;
Table table;

std::string in_folder(const char* name) { return std::string(std::getenv("CENOTE_TEST_FAULTS")) + "/" + name; }

/// The code with which this call is to fail, or 0. A wish is fulfilled once.
cl_int wished(const char* function) {
  std::string path = in_folder("fault");
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) return 0;
  char name[100] = "";
  int code = 0;
  bool mine = std::fscanf(file, "%99s %d", name, &code) == 2 && std::strcmp(name, function) == 0;
  std::fclose(file);
  return mine && unlink(path.c_str()) == 0 ? code : 0;
}

template <class Handle>
constexpr const char* kKind = nullptr;
template <>
constexpr const char* kKind<cl_context> = "contexts";
template <>
constexpr const char* kKind<cl_command_queue> = "queues";
template <>
constexpr const char* kKind<cl_mem> = "memory objects";
template <>
constexpr const char* kKind<cl_sampler> = "samplers";
template <>
constexpr const char* kKind<cl_program> = "programs";
template <>
constexpr const char* kKind<cl_kernel> = "kernels";
template <>
constexpr const char* kKind<cl_event> = "events";
template <>
constexpr const char* kKind<cl_command_buffer_khr> = "command buffers";

void count(const char* kind, int more) {
  static std::mutex mutex;
  static std::map<std::string, int> alive;
  if (kind == nullptr) return;
  std::lock_guard lock(mutex);
  alive[kind] += more;
  if (more > 0 || kind != kKind<cl_context> || alive[kind] != 0) return;
  std::string path = in_folder("alive");
  std::FILE* file = std::fopen((path + ".new").c_str(), "w");
  for (const auto& [name, number] : alive) std::fprintf(file, "%s: %d\n", name.c_str(), number);
  std::fclose(file);
  std::rename((path + ".new").c_str(), path.c_str());
}

/// A new event, or an array of new kernels, that a call has given.
template <class Argument>
void count_given(Argument argument, cl_uint number) {
  if constexpr (std::is_same_v<Argument, cl_event*> || std::is_same_v<Argument, cl_kernel*>) {
    if (argument != nullptr) count(kKind<std::remove_pointer_t<Argument>>, static_cast<int>(number));
  }
}

template <class Result, class... Arguments>
Result refusal(cl_int code, Arguments... arguments) {
  if constexpr (std::is_same_v<Result, cl_int>) return code;
  auto last = std::get<sizeof...(Arguments) - 1>(std::tuple(arguments...));
  if constexpr (std::is_same_v<decltype(last), cl_int*>) {
    if (last != nullptr) *last = code;
  }
  return Result();
}

template <class Function, class Result, class... Arguments>
Result enter(Arguments... arguments) {
  constexpr std::string_view kName = Function::kName;
  constexpr bool kReleases = kName.starts_with("clRelease");
  using First = std::tuple_element_t<0, std::tuple<Arguments...>>;
  cl_int code = wished(Function::kName);
  if (code != 0 && !kReleases) return refusal<Result>(code, arguments...);
  if constexpr (std::is_void_v<Result>) {
    Function::next(arguments...);
  } else {
    Result result = Function::next(arguments...);
    bool good = std::is_same_v<Result, cl_int> == (result == Result());
    if constexpr (kReleases) count(kKind<First>, -1);
    if (good && kName.starts_with("clRetain")) count(kKind<First>, 1);
    if constexpr (kKind<Result> != nullptr) count(kKind<Result>, good ? 1 : 0);
    cl_uint number = 1;
    if constexpr (kName == "clCreateKernelsInProgram") number = std::get<1>(std::tuple(arguments...));
    if (good) (count_given(arguments, number), ...);
    if constexpr (std::is_same_v<Result, cl_int>) return code != 0 ? code : result;
    return result;
  }
}

template <class Function, class Result, class... Arguments>
auto entry(Result (*)(Arguments...)) {
  return &enter<Function, Result, Arguments...>;
}

#define CORE(name)                               \
  struct name##_function {                       \
    static constexpr const char kName[] = #name; \
    static inline decltype(&::name) next;        \
  };
#define EXTENSION(name) CORE(name)
#include "fault_layer_names.inc"
#undef CORE
#undef EXTENSION

void* find_extension(cl_platform_id platform, const char* wanted) {
  void* found = target.clGetExtensionFunctionAddressForPlatform(platform, wanted);
#define CORE(name)
#define EXTENSION(name)                                                               \
  if (found != nullptr && std::strcmp(wanted, #name) == 0) {                          \
    name##_function::next = reinterpret_cast<decltype(name##_function::next)>(found); \
    return reinterpret_cast<void*>(entry<name##_function>(&::name));                  \
  }
#include "fault_layer_names.inc"
#undef CORE
#undef EXTENSION
  return found;
}

constexpr size_t kEntries = sizeof(Table) / sizeof(void*);

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED cl_int clGetLayerInfo(cl_uint param, size_t size, void* value, size_t* size_ret) {
  constexpr cl_uint kApiVersion = 0x4240;
  constexpr char kLayerName[] = "faults";
  cl_uint version = 100;
  const void* answer = param == kApiVersion ? static_cast<const void*>(&version) : kLayerName;
  size_t length = param == kApiVersion ? sizeof version : sizeof kLayerName;
  if (value != nullptr && size >= length) std::memcpy(value, answer, length);
  if (size_ret != nullptr) *size_ret = length;
  return CL_SUCCESS;
}

EXPORTED cl_int clInitLayer(cl_uint count, const void* loaders, cl_uint* count_ret, const void** ours) {
  std::memcpy(&target, loaders, std::min<size_t>(count, kEntries) * sizeof(void*));
  table = target;
#define CORE(name)                     \
  name##_function::next = target.name; \
  table.name = entry<name##_function>(&::name);
#define EXTENSION(name)
#include "fault_layer_names.inc"
#undef CORE
#undef EXTENSION
  table.clGetExtensionFunctionAddressForPlatform = find_extension;
  *count_ret = kEntries;
  *ours = &table;
  return CL_SUCCESS;
}

// Loaders of a newer make ask for these.
EXPORTED cl_int clInitLayerWithProperties(cl_uint count, const void* loaders, cl_uint* count_ret, const void** ours,
                                          const cl_ulong* /*properties*/) {
  return clInitLayer(count, loaders, count_ret, ours);
}

EXPORTED cl_int clDeinitLayer() { return CL_SUCCESS; }
