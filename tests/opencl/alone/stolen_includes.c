// Tries to build with files that only the server's machine has. argv[1] is their folder, which is empty here.
#include "../programs/program.h"

static void try_it(const char* label, const char* source, const char* options) {
  cl_int status;
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  CHECK(status);
  status = clBuildProgram(program, 1, &device, options, NULL, NULL);
  static char log[65536];
  log[0] = 0;
  clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
  printf("%s: %d, %s\n", label, status, strstr(log, "SECRET") ? "leaked" : "nothing leaked");
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  open_device();
  char source[2000], options[1000];
  snprintf(options, sizeof options, "-I %s", argv[1]);
  try_it("folder", "#include \"server.h\"\nkernel void k(global int* o) { o[0] = 1; }", options);
  snprintf(options, sizeof options, "-I%s -DX", argv[1]);
  try_it("folder, angle brackets", "#include <server.h>\nkernel void k(global int* o) { o[0] = 1; }", options);
  snprintf(source, sizeof source, "#include \"%s/server.h\"\nkernel void k(global int* o) { o[0] = 1; }", argv[1]);
  try_it("absolute", source, "");
  snprintf(source, sizeof source, "#include \"../../../../../../../../../../..%s/server.h\"\nkernel void k(global int* o) { o[0] = 1; }", argv[1]);
  try_it("upwards", source, "-I .");
  snprintf(source, sizeof source, "#define S(x) #x\n#include S(%s/server.h)\nkernel void k(global int* o) { o[0] = 1; }", argv[1]);
  try_it("made by a macro", source, "");
  snprintf(source, sizeof source, "#if __has_include(\"%s/server.h\")\n#error SECRET\n#else\n#error none\n#endif\n", argv[1]);
  try_it("asked for", source, "");
  return 0;
}
