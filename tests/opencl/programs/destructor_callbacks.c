// Destructor callbacks of memory and contexts: in reverse order of registration, only when the last user is gone.
#include <pthread.h>

#include "program.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char order[64];

static void CL_CALLBACK destroyed(cl_mem memory, void* letter) {
  (void)memory;
  pthread_mutex_lock(&lock);
  strcat(order, letter);
  pthread_mutex_unlock(&lock);
}

static void CL_CALLBACK context_gone(cl_context which, void* letter) {
  (void)which;
  pthread_mutex_lock(&lock);
  strcat(order, letter);
  pthread_mutex_unlock(&lock);
}

static void wait_for(const char* text) {
  for (int i = 0; i < 500; ++i) {
    pthread_mutex_lock(&lock);
    const int there = strcmp(order, text) == 0;
    pthread_mutex_unlock(&lock);
    if (there) break;
    usleep(10000);
  }
  printf("%s\n", order);
}

int main(void) {
  open_device();
  cl_mem buffer = new_buffer(0, 4096, NULL);
  CHECK(clSetMemObjectDestructorCallback(buffer, destroyed, "a"));
  CHECK(clSetMemObjectDestructorCallback(buffer, destroyed, "b"));
  CHECK(clSetMemObjectDestructorCallback(buffer, destroyed, "c"));
  cl_event gate = user_event();
  static char data[4096];
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, 4096, data, 1, &gate, NULL));
  CHECK(clFlush(queue));
  CHECK(clReleaseMemObject(buffer));
  usleep(50000);
  printf("while a command waits: \"%s\"\n", order);
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clFinish(queue));
  wait_for("cba");
  cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
  cl_image_desc description = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 16, .image_height = 16};
  cl_int status;
  cl_mem image = clCreateImage(context, 0, &format, &description, NULL, &status);
  CHECK(status);
  CHECK(clSetMemObjectDestructorCallback(image, destroyed, "i"));
  CHECK(clReleaseMemObject(image));
  wait_for("cbai");
  CHECK(clSetContextDestructorCallback(context, context_gone, "x"));
  CHECK(clReleaseCommandQueue(queue));
  CHECK(clReleaseEvent(gate));
  CHECK(clReleaseContext(context));
  wait_for("cbaix");
  printf("null: %d\n", clSetMemObjectDestructorCallback(NULL, destroyed, ""));
  return 0;
}
