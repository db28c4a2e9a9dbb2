// What an ICD loader calls first: the platforms, by the function that only loaders know.
#include "program.h"

#include <CL/cl_ext.h>

int main(void) {
  open_device();
  typedef cl_int (*Platforms)(cl_uint, cl_platform_id*, cl_uint*);
  Platforms platforms = (Platforms)clGetExtensionFunctionAddressForPlatform(platform, "clIcdGetPlatformIDsKHR");
  if (platforms == NULL) return printf("not there\n"), 0;
  cl_platform_id first = NULL;
  cl_uint all = 0;
  CHECK(platforms(1, &first, &all));
  printf("platforms: %u, %s\n", all, first == platform ? "ours" : "another");
  printf("none asked for: %d, no room: %d\n", platforms(0, NULL, NULL), platforms(0, &first, NULL));
  char suffix[64] = "";
  CHECK(clGetPlatformInfo(platform, CL_PLATFORM_ICD_SUFFIX_KHR, sizeof suffix, suffix, NULL));
  printf("suffix: %s\n", suffix);
  return 0;
}
