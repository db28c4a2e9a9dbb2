// Memory that is given back is there for the next allocation, however quickly that follows.
#include "program.h"

int main(void) {
  open_device();
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    void* memory = clSVMAlloc(context, CL_MEM_READ_WRITE, 100 << 20, 0);
    if (memory == NULL) ++refused;
    if (memory != NULL) clSVMFree(context, memory);
  }
  printf("refused: %d\n", refused);
  return 0;
}
