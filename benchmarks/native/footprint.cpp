// Resident memory that OpenCL adds to a program: loads it at run time, so that "before" is the program without it.
#include <dlfcn.h>

#include <fstream>

#include "figures.hpp"
#include "opencl.hpp"

namespace {

struct Memory {
  long resident = 0;
  long private_dirty = 0;
};

Memory memory() {
  Memory m;
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    if (word == "Rss:") file >> m.resident;
    if (word == "Private_Dirty:") file >> m.private_dirty;
  }
  return m;
}

void print(const char* name, const Memory& before, const char* end) {
  Memory m = memory();
  std::printf("\"%s\": {\"resident\": %ld, \"private_dirty\": %ld}%s", name, 1024 * (m.resident - before.resident),
              1024 * (m.private_dirty - before.private_dirty), end);
}

void* library = nullptr;

template <class Function>
Function* load(const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  return reinterpret_cast<Function*>(symbol);
}
#define LOAD(name) auto* name = load<decltype(::name)>(#name)

}  // namespace

int main() {
  constexpr size_t kLarge = size_t{64} << 20;
  std::vector<char> bytes = bench::random_bytes(kLarge);
  Memory before = memory();
  library = dlopen("libOpenCL.so.1", RTLD_NOW);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  LOAD(clGetPlatformIDs);
  LOAD(clGetDeviceIDs);
  LOAD(clCreateContext);
  LOAD(clCreateCommandQueue);
  LOAD(clCreateProgramWithSource);
  LOAD(clBuildProgram);
  LOAD(clCreateKernel);
  LOAD(clCreateBuffer);
  LOAD(clSetKernelArg);
  LOAD(clEnqueueNDRangeKernel);
  LOAD(clEnqueueWriteBuffer);
  LOAD(clEnqueueReadBuffer);
  LOAD(clFinish);
  std::printf("{");
  print("loaded", before, ", ");
  cl_platform_id platform = nullptr;
  cl_device_id device = nullptr;
  cl_int status = CL_SUCCESS;
  bench::check(clGetPlatformIDs(1, &platform, nullptr), "clGetPlatformIDs");
  bench::check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr), "clGetDeviceIDs");
  print("listed", before, ", ");
  cl_context context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &status);
  bench::check(status, "clCreateContext");
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, &status);
  bench::check(status, "clCreateCommandQueue");
  const char* source = "__kernel void add(__global int* p, int v) { p[get_global_id(0)] += v; }";
  cl_program program = clCreateProgramWithSource(context, 1, &source, nullptr, &status);
  bench::check(status, "clCreateProgramWithSource");
  bench::check(clBuildProgram(program, 1, &device, "", nullptr, nullptr), "clBuildProgram");
  cl_kernel kernel = clCreateKernel(program, "add", &status);
  bench::check(status, "clCreateKernel");
  cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, kLarge, nullptr, &status);
  bench::check(status, "clCreateBuffer");
  bench::check(clSetKernelArg(kernel, 0, sizeof buffer, &buffer), "clSetKernelArg");
  bench::check(clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, kLarge, bytes.data(), 0, nullptr, nullptr), "write");
  size_t items = 64;
  for (cl_int i = 0; i < 10000; i++) {
    bench::check(clSetKernelArg(kernel, 1, sizeof i, &i), "clSetKernelArg");
    bench::check(clEnqueueNDRangeKernel(queue, kernel, 1, nullptr, &items, nullptr, 0, nullptr, nullptr), "launch");
  }
  bench::check(clFinish(queue), "clFinish");
  bench::check(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, kLarge, bytes.data(), 0, nullptr, nullptr), "read");
  print("worked", before, "}\n");
}
