// Every command, with a queue, a memory object, a kernel or a wait list that names no object.
#include "wrong_handles.h"

// The call, in which `on`, `n` and `list` stand for the queue and the wait list, with what is wrong with either.
#define COMMAND(call)                                                        \
  {                                                                          \
    WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, WITH(wrong, 0, NULL, call));     \
    WRONG(kEvent, CL_INVALID_EVENT_WAIT_LIST, WITH(queue, 1, &wrong, call)); \
    GIVES(CL_INVALID_EVENT_WAIT_LIST, WITH(queue, 1, NULL, call));           \
    GIVES(CL_INVALID_EVENT_WAIT_LIST, WITH(queue, 0, &event, call));         \
    GIVES(CL_INVALID_CONTEXT, WITH(queue, 1, &foreign_event, call));         \
  }
#define WITH(queue_, n_, list_, call) \
  ({                                  \
    cl_command_queue on = queue_;     \
    cl_uint n = n_;                   \
    const cl_event* list = list_;     \
    call;                             \
  })
// The call with a wrong memory object in place of `mem`.
#define OF_MEM(call)                      \
  {                                       \
    WRONG(kMem, CL_INVALID_MEM_OBJECT, ({ \
            cl_mem mem = wrong;           \
            WITH(queue, 0, NULL, call);   \
          }));                            \
    GIVES(CL_INVALID_CONTEXT, ({          \
            cl_mem mem = foreign;         \
            WITH(queue, 0, NULL, call);   \
          }));                            \
  }

int main(void) {
  make_objects();
  static char data[4096];
  const size_t zero[3] = {0, 0, 0}, one[3] = {1, 1, 1};
  const cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
  const cl_image_desc shape = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4, .image_height = 4};
  cl_context other = another_context();
  cl_event foreign_event = event_of(other);
  cl_mem foreign_buffer = clCreateBuffer(other, 0, 64, NULL, &status), foreign = foreign_buffer, mem = buffer;
  CHECK(status);
  cl_mem image = NULL, foreign_image = NULL;
  if (has_images()) {
    image = clCreateImage(context, 0, &format, &shape, NULL, &status);
    CHECK(status);
    foreign_image = clCreateImage(other, 0, &format, &shape, NULL, &status);
    CHECK(status);
  }
  cl_device_svm_capabilities svm = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof svm, &svm, NULL));
  char* shared = svm ? clSVMAlloc(context, 0, 256, 0) : NULL;
  release_objects();

  COMMAND(clEnqueueReadBuffer(on, mem, CL_TRUE, 0, 4, data, n, list, NULL));
  COMMAND(clEnqueueWriteBuffer(on, mem, CL_TRUE, 0, 4, data, n, list, NULL));
  COMMAND(clEnqueueReadBufferRect(on, mem, CL_TRUE, zero, zero, one, 0, 0, 0, 0, data, n, list, NULL));
  COMMAND(clEnqueueWriteBufferRect(on, mem, CL_TRUE, zero, zero, one, 0, 0, 0, 0, data, n, list, NULL));
  COMMAND(clEnqueueFillBuffer(on, mem, data, 4, 0, 4, n, list, NULL));
  COMMAND(clEnqueueCopyBuffer(on, mem, mem, 0, 8, 4, n, list, NULL));
  COMMAND(clEnqueueCopyBufferRect(on, mem, mem, zero, one, one, 8, 0, 8, 0, n, list, NULL));
  COMMAND((clEnqueueMapBuffer(on, mem, CL_TRUE, CL_MAP_READ, 0, 4, n, list, NULL, &status), status));
  COMMAND(clEnqueueMigrateMemObjects(on, 1, &mem, 0, n, list, NULL));
  COMMAND(clEnqueueMarkerWithWaitList(on, n, list, NULL));
  COMMAND(clEnqueueBarrierWithWaitList(on, n, list, NULL));
  COMMAND(clEnqueueNDRangeKernel(on, kernel, 1, NULL, one, NULL, n, list, NULL));
  COMMAND(clEnqueueTask(on, kernel, n, list, NULL));
  OF_MEM(clEnqueueReadBuffer(on, mem, CL_TRUE, 0, 4, data, n, list, NULL));
  OF_MEM(clEnqueueWriteBuffer(on, mem, CL_TRUE, 0, 4, data, n, list, NULL));
  OF_MEM(clEnqueueReadBufferRect(on, mem, CL_TRUE, zero, zero, one, 0, 0, 0, 0, data, n, list, NULL));
  OF_MEM(clEnqueueWriteBufferRect(on, mem, CL_TRUE, zero, zero, one, 0, 0, 0, 0, data, n, list, NULL));
  OF_MEM(clEnqueueFillBuffer(on, mem, data, 4, 0, 4, n, list, NULL));
  OF_MEM(clEnqueueCopyBuffer(on, mem, buffer, 0, 8, 4, n, list, NULL));
  OF_MEM(clEnqueueCopyBuffer(on, buffer, mem, 0, 8, 4, n, list, NULL));
  OF_MEM(clEnqueueCopyBufferRect(on, mem, buffer, zero, one, one, 8, 0, 8, 0, n, list, NULL));
  OF_MEM(clEnqueueCopyBufferRect(on, buffer, mem, zero, one, one, 8, 0, 8, 0, n, list, NULL));
  OF_MEM((clEnqueueMapBuffer(on, mem, CL_TRUE, CL_MAP_READ, 0, 4, n, list, NULL, &status), status));
  OF_MEM(clEnqueueUnmapMemObject(on, mem, data, n, list, NULL));
  OF_MEM(clEnqueueMigrateMemObjects(on, 1, &mem, 0, n, list, NULL));
  WRONG(kKernel, CL_INVALID_KERNEL, clEnqueueNDRangeKernel(queue, wrong, 1, NULL, one, NULL, 0, NULL, NULL));
  WRONG(kKernel, CL_INVALID_KERNEL, clEnqueueTask(queue, wrong, 0, NULL, NULL));

  if (image != NULL) {
    size_t pitch;
    mem = image;
    COMMAND(clEnqueueReadImage(on, mem, CL_TRUE, zero, one, 0, 0, data, n, list, NULL));
    COMMAND(clEnqueueWriteImage(on, mem, CL_TRUE, zero, one, 0, 0, data, n, list, NULL));
    COMMAND(clEnqueueFillImage(on, mem, data, zero, one, n, list, NULL));
    COMMAND(clEnqueueCopyImage(on, mem, mem, zero, (size_t[]){2, 2, 0}, one, n, list, NULL));
    COMMAND(clEnqueueCopyImageToBuffer(on, mem, buffer, zero, one, 0, n, list, NULL));
    COMMAND(clEnqueueCopyBufferToImage(on, buffer, mem, 0, zero, one, n, list, NULL));
    COMMAND(
        (clEnqueueMapImage(on, mem, CL_TRUE, CL_MAP_READ, zero, one, &pitch, NULL, n, list, NULL, &status), status));
    foreign = foreign_image;
    OF_MEM(clEnqueueReadImage(on, mem, CL_TRUE, zero, one, 0, 0, data, n, list, NULL));
    OF_MEM(clEnqueueWriteImage(on, mem, CL_TRUE, zero, one, 0, 0, data, n, list, NULL));
    OF_MEM(clEnqueueFillImage(on, mem, data, zero, one, n, list, NULL));
    OF_MEM(clEnqueueCopyImage(on, mem, image, zero, (size_t[]){2, 2, 0}, one, n, list, NULL));
    OF_MEM(clEnqueueCopyImage(on, image, mem, zero, (size_t[]){2, 2, 0}, one, n, list, NULL));
    OF_MEM(clEnqueueCopyImageToBuffer(on, mem, buffer, zero, one, 0, n, list, NULL));
    OF_MEM(clEnqueueCopyBufferToImage(on, buffer, mem, 0, zero, one, n, list, NULL));
    OF_MEM((clEnqueueMapImage(on, mem, CL_TRUE, CL_MAP_READ, zero, one, &pitch, NULL, n, list, NULL, &status), status));
    foreign = foreign_buffer;
    OF_MEM(clEnqueueCopyImageToBuffer(on, image, mem, zero, one, 0, n, list, NULL));
    OF_MEM(clEnqueueCopyBufferToImage(on, mem, image, 0, zero, one, n, list, NULL));
    // A buffer is no image, an image no buffer.
    GIVES(CL_INVALID_MEM_OBJECT, clEnqueueReadImage(queue, buffer, CL_TRUE, zero, one, 0, 0, data, 0, NULL, NULL));
    GIVES(CL_INVALID_MEM_OBJECT, clEnqueueFillImage(queue, buffer, data, zero, one, 0, NULL, NULL));
    GIVES(CL_INVALID_MEM_OBJECT, clEnqueueCopyImage(queue, buffer, image, zero, zero, one, 0, NULL, NULL));
    GIVES(CL_INVALID_MEM_OBJECT, clEnqueueReadBuffer(queue, image, CL_TRUE, 0, 4, data, 0, NULL, NULL));
    GIVES(CL_INVALID_MEM_OBJECT, clEnqueueFillBuffer(queue, image, data, 4, 0, 4, 0, NULL, NULL));
    GIVES(CL_INVALID_MEM_OBJECT, clEnqueueCopyBuffer(queue, image, buffer, 0, 0, 4, 0, NULL, NULL));
    MAKES(CL_INVALID_MEM_OBJECT, clEnqueueMapBuffer(queue, image, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &status));
    GIVES(CL_INVALID_MEM_OBJECT, clSetKernelArg(kernel, 0, sizeof image, &image));
  }

  if (shared != NULL) {
    COMMAND(clEnqueueSVMMemcpy(on, CL_TRUE, shared, shared + 64, 64, n, list, NULL));
    COMMAND(clEnqueueSVMMemFill(on, shared, data, 4, 64, n, list, NULL));
    COMMAND(clEnqueueSVMMap(on, CL_TRUE, CL_MAP_READ, shared, 64, n, list, NULL));
    COMMAND(clEnqueueSVMUnmap(on, shared, n, list, NULL));
    COMMAND(clEnqueueSVMFree(on, 1, (void**)&shared, NULL, NULL, n, list, NULL));
    COMMAND(clEnqueueSVMMigrateMem(on, 1, (const void**)&shared, NULL, 0, n, list, NULL));
    clSVMFree(context, shared);
  }

  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clFlush(wrong));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clFinish(wrong));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clEnqueueUnmapMemObject(wrong, buffer, data, 0, NULL, NULL));
  return end_of_wrong_handles();
}
