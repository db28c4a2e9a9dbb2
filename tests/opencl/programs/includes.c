// -I folders, computed includes and includes relative to the working directory all name the program's own files.
#define _GNU_SOURCE
#include <ftw.h>
#include <sys/stat.h>

#include "program.h"

static void put(const char* path, const char* text) {
  FILE* file = fopen(path, "w");
  if (!file || fputs(text, file) < 0 || fclose(file)) _exit(4);
}

static void run(const char* label, const char* source, const char* options) {
  cl_int status, value = -1;
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  CHECK(status);
  status = clBuildProgram(program, 1, &device, options, NULL, NULL);
  if (status != CL_SUCCESS) {
    char log[65536] = "";
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
    printf("%s: build gave %d, the log names our file: %s\n", label, status, strstr(log, "broken.h") ? "yes" : "no");
    return;
  }
  cl_kernel kernel = kernel_of(program, "k");
  cl_mem out = new_buffer(0, 4, NULL);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 0, sizeof out, &out));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, out, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("%s: %d\n", label, value);
}

static char folder[] = "/tmp/cenote-includes-XXXXXX";

static int remove_one(const char* path, const struct stat* status, int type, struct FTW* walk) {
  (void)status, (void)type, (void)walk;
  return remove(path);
}

static void remove_all(void) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

int main(void) {
  open_device();
  char options[1000];
  if (!mkdtemp(folder) || chdir(folder) || atexit(remove_all)) return 4;
  mkdir("inc", 0700);
  mkdir("inc/deep", 0700);
  put("inc/one.h", "#define ONE 1\n#include \"deep/two.h\"\n");
  put("inc/deep/two.h", "#include \"three.cl\"\n#define TWO 20\n");
  put("inc/deep/three.cl", "constant int three = 300;\n");
  put("here.h", "#define HERE 5\n");
  put("inc/broken.h", "int broken( {\n");
  put("inc/named", "#define NAMED 8\n");
  snprintf(options, sizeof options, "-I %s/inc", folder);
  run("absolute folder", "#include \"one.h\"\nkernel void k(global int* o) { o[0] = ONE + TWO + three; }", options);
  snprintf(options, sizeof options, "-I%s/inc -DUNUSED", folder);
  run("no blank after -I", "#include <one.h>\nkernel void k(global int* o) { o[0] = ONE + TWO + three; }", options);
  run("relative folder", "#include \"deep/two.h\"\nkernel void k(global int* o) { o[0] = TWO + three; }", "-I inc");
  run("relative to the working directory", "#include \"here.h\"\nkernel void k(global int* o) { o[0] = HERE; }", "-I .");
  snprintf(options, sizeof options, "-DINCLUDE_PATH=%s/inc", folder);
  run("computed", "#define S(x) #x\n#define M2S(x) S(x)\n#include M2S(INCLUDE_PATH/one.h)\nkernel void k(global int* o) { o[0] = ONE + TWO; }", options);
  snprintf(options, sizeof options, "-I inc -I %s -D HERE_TOO=1", folder);
  run("without an ending", "#include \"named\"\n#include \"here.h\"\nkernel void k(global int* o) { o[0] = NAMED + HERE; }", options);
  run("an error in a header", "#include \"broken.h\"\nkernel void k(global int* o) { o[0] = 1; }", "-I inc");
  put("inc/one.h", "#define ONE 2\n#define TWO 40\nconstant int three = 600;\n");
  run("changed since", "#include \"one.h\"\nkernel void k(global int* o) { o[0] = ONE + TWO + three; }", "-I inc");
  return 0;
}
