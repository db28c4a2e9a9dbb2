// One of many programs at once: rounds of upload, some kernels with arithmetic in them, download and a check.
//   crowd ROUNDS [--no-check]
#include <cstring>

#include "figures.hpp"
#include "opencl.hpp"

namespace {

constexpr size_t kItems = 16384;
constexpr int kKernelsPerRound = 4;
const char* const kSource = R"(
__kernel void turn(__global uint* p) {
  uint x = p[get_global_id(0)];
  for (int i = 0; i < 200; i++) x = x * 1664525u + 1013904223u;
  p[get_global_id(0)] = x;
})";

unsigned expected(unsigned x) {
  for (int i = 0; i < 200 * kKernelsPerRound; i++) x = x * 1664525U + 1013904223U;
  return x;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  int rounds = std::atoi(argv[1]);
  bool check_results = argc < 3 || std::strcmp(argv[2], "--no-check") != 0;
  bench::Device device(kSource);
  cl_kernel turn = device.kernel("turn");
  cl_mem buffer = device.buffer(4 * kItems);
  bench::check(clSetKernelArg(turn, 0, sizeof buffer, &buffer), "clSetKernelArg");
  std::vector<unsigned> out(kItems, 1);
  std::vector<unsigned> in(kItems);
  double start = bench::now();
  for (int round = 0; round < rounds; round++) {
    out[kItems / 2] = static_cast<unsigned>(round);
    bench::check(clEnqueueWriteBuffer(device.queue, buffer, CL_FALSE, 0, 4 * kItems, out.data(), 0, nullptr, nullptr),
                 "write");
    for (int i = 0; i < kKernelsPerRound; i++)
      bench::check(clEnqueueNDRangeKernel(device.queue, turn, 1, nullptr, &kItems, nullptr, 0, nullptr, nullptr),
                   "launch");
    bench::check(clEnqueueReadBuffer(device.queue, buffer, CL_TRUE, 0, 4 * kItems, in.data(), 0, nullptr, nullptr),
                 "read");
    if (check_results && (in[kItems / 2] != expected(out[kItems / 2]) || in[0] != expected(out[0]))) {
      std::fprintf(stderr, "crowd: wrong result in round %d\n", round);
      return 1;
    }
  }
  std::printf("{\"start\": %.6f, \"end\": %.6f, \"rounds\": %d}\n", start, bench::now(), rounds);
}
