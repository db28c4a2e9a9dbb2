// What single calls and transfers cost a program. An ordinary OpenCL program: it does not know where its device is.
//   callbench [--only NAME,…] [--budget SECONDS] [--no-check]
#include <cstring>

#include "figures.hpp"
#include "opencl.hpp"

namespace {

using bench::check;
using bench::now;

constexpr size_t kItems = 16384;  // 64 KiB of ints
constexpr size_t kLarge = size_t{64} << 20;
constexpr int kMany = 5000;
const char* const kSource = "__kernel void add(__global int* p, int v) { p[get_global_id(0)] += v; }";

struct Bench {
  bench::Device device{kSource};
  cl_kernel add = device.kernel("add");
  cl_mem small = device.buffer(4 * kItems);
  bench::Figures figures;
  bool check_results;
  cl_int added = 0;

  Bench(bench::Figures f, bool check_results) : figures(std::move(f)), check_results(check_results) {
    check(clSetKernelArg(add, 0, sizeof small, &small), "clSetKernelArg");
  }

  /// Every launch has another argument, as in real programs: nothing can be left out because it is known.
  void launch(cl_event* event = nullptr, size_t items = 64) {
    added++;
    check(clSetKernelArg(add, 1, sizeof added, &added), "clSetKernelArg");
    check(clEnqueueNDRangeKernel(device.queue, add, 1, nullptr, &items, nullptr, 0, nullptr, event), "launch");
  }
  void finish() const { check(clFinish(device.queue), "clFinish"); }

  void launches() {
    finish();
    figures.take("issue_launch", 100, [&] {
      double start = now();
      for (int i = 0; i < 100; i++) launch();
      double took = now() - start;
      finish();
      return took;
    });
    figures.take("launches_5000", kMany, [&] {
      double start = now();
      for (int i = 0; i < kMany; i++) launch();
      finish();
      return now() - start;
    });
    figures.take("launch_finish", 1, [&] {
      double start = now();
      launch();
      finish();
      return now() - start;
    });
    figures.take("event_wait", 1, [&] {
      double start = now();
      cl_event event = nullptr;
      launch(&event);
      check(clWaitForEvents(1, &event), "clWaitForEvents");
      double took = now() - start;
      check(clReleaseEvent(event), "clReleaseEvent");
      return took;
    });
  }

  void queries() {
    figures.take("device_info", 200, [&] {
      double start = now();
      cl_ulong value = 0;
      for (int i = 0; i < 200; i++)
        check(clGetDeviceInfo(device.id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof value, &value, nullptr), "clGetDeviceInfo");
      return now() - start;
    });
    figures.take("kernel_work_group_info", 200, [&] {
      double start = now();
      size_t value = 0;
      for (int i = 0; i < 200; i++)
        check(clGetKernelWorkGroupInfo(add, device.id, CL_KERNEL_WORK_GROUP_SIZE, sizeof value, &value, nullptr),
              "clGetKernelWorkGroupInfo");
      return now() - start;
    });
    figures.take("create_release_buffer", 100, [&] {
      double start = now();
      for (int i = 0; i < 100; i++) check(clReleaseMemObject(device.buffer(4096)), "clReleaseMemObject");
      double took = now() - start;
      finish();
      return took;
    });
  }

  void transfers() {
    figures.take("read_4_bytes", 1, [&] {
      cl_int value = 0;
      double start = now();
      check(clEnqueueReadBuffer(device.queue, small, CL_TRUE, 0, 4, &value, 0, nullptr, nullptr), "read");
      return now() - start;
    });
    figures.take("round_64k", 1, [&] { return round_64k(); });
    if (!figures.wanted("write_64m") && !figures.wanted("read_64m")) return;
    cl_mem large = device.buffer(kLarge);
    std::vector<char> out = bench::random_bytes(kLarge);
    std::vector<char> in(kLarge, 1);
    auto write = [&] {
      double start = now();
      check(clEnqueueWriteBuffer(device.queue, large, CL_TRUE, 0, kLarge, out.data(), 0, nullptr, nullptr), "write");
      return now() - start;
    };
    write();
    figures.take("write_64m", 1, write);
    figures.take("read_64m", 1, [&] {
      double start = now();
      check(clEnqueueReadBuffer(device.queue, large, CL_TRUE, 0, kLarge, in.data(), 0, nullptr, nullptr), "read");
      return now() - start;
    });
    if (figures.wanted("read_64m") && check_results && std::memcmp(in.data(), out.data(), kLarge) != 0)
      wrong("the 64 MiB that came back");
    check(clReleaseMemObject(large), "clReleaseMemObject");
  }

  double round_64k() {
    out_[7]++;
    double start = now();
    check(clEnqueueWriteBuffer(device.queue, small, CL_FALSE, 0, 4 * kItems, out_.data(), 0, nullptr, nullptr),
          "write");
    launch(nullptr, kItems);
    check(clEnqueueReadBuffer(device.queue, small, CL_TRUE, 0, 4 * kItems, in_.data(), 0, nullptr, nullptr), "read");
    double took = now() - start;
    if (check_results && (in_[7] != out_[7] + added || in_[kItems - 1] != out_[kItems - 1] + added))
      wrong("the kernel's result");
    return took;
  }

  [[noreturn]] static void wrong(const char* what) {
    std::fprintf(stderr, "callbench: %s is wrong\n", what);
    std::exit(1);
  }

  std::vector<cl_int> out_ = std::vector<cl_int>(kItems, 5);
  std::vector<cl_int> in_ = std::vector<cl_int>(kItems);
};

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  double budget = 0.4;
  bool check_results = true;
  for (int i = 1; i < argc; i++) {
    std::string_view word = argv[i];
    if (word == "--no-check") {
      check_results = false;
    } else if (word == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else if (word == "--budget" && i + 1 < argc) {
      budget = std::atof(argv[++i]);
    } else {
      std::fprintf(stderr, "usage: callbench [--only NAME,...] [--budget SECONDS] [--no-check]\n");
      return 2;
    }
  }
  Bench bench(bench::Figures(only, budget), check_results);
  bench.launches();
  bench.queries();
  bench.transfers();
  bench.figures.print(bench.device.name());
}
