// Several threads share queues and objects: chains behind user events that other threads set, some to a failure, with
// callbacks, status queries and releases at any moment.
#include <pthread.h>
#include <stdatomic.h>

#include "program.h"

enum { THREADS = 4, SETTERS = 2, ROUNDS = 60, WAITING = 64 };

static cl_command_queue queues[2];
static atomic_int called, failed_calls, wrong;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  cl_event events[WAITING];
  cl_int statuses[WAITING];
  int count, ended;
} to_set = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_later(cl_event event, cl_int status) {
  CHECK(clRetainEvent(event));
  pthread_mutex_lock(&to_set.lock);
  to_set.events[to_set.count] = event;
  to_set.statuses[to_set.count++] = status;
  pthread_cond_signal(&to_set.changed);
  pthread_mutex_unlock(&to_set.lock);
}

static void* setter(void* unused) {
  pthread_mutex_lock(&to_set.lock);
  for (;;) {
    while (to_set.count == 0 && !to_set.ended) pthread_cond_wait(&to_set.changed, &to_set.lock);
    if (to_set.count == 0) break;
    cl_event event = to_set.events[--to_set.count];
    cl_int status = to_set.statuses[to_set.count];
    pthread_mutex_unlock(&to_set.lock);
    CHECK(clSetUserEventStatus(event, status));
    CHECK(clReleaseEvent(event));
    pthread_mutex_lock(&to_set.lock);
  }
  pthread_mutex_unlock(&to_set.lock);
  return unused;
}

static void CL_CALLBACK on_end(cl_event event, cl_int status, void* data) {
  (void)event;
  (void)data;
  atomic_fetch_add(status < 0 ? &failed_calls : &called, 1);
}

static void round_of(int thread, int round) {
  cl_command_queue q = queues[(thread + round) % 2];
  cl_mem memory = new_buffer(CL_MEM_READ_WRITE, 4096, NULL);
  cl_int status = round % 8 == 7 ? -1 : CL_COMPLETE;
  uint32_t sent = (uint32_t)(thread * ROUNDS + round), got = 0;
  cl_event start = user_event(), written, read, end;
  CHECK(clEnqueueWriteBuffer(q, memory, CL_FALSE, 0, sizeof sent, &sent, 1, &start, &written));
  CHECK(clEnqueueReadBuffer(q, memory, CL_FALSE, 0, sizeof got, &got, 1, &written, &read));
  CHECK(clEnqueueMarkerWithWaitList(q, 1, &read, &end));
  CHECK(clSetEventCallback(start, CL_COMPLETE, on_end, NULL));
  CHECK(clFlush(q));
  set_later(start, status);
  CHECK(clReleaseEvent(start));
  CHECK(clReleaseEvent(written));
  status_of(end);
  cl_int ended = clWaitForEvents(1, &end);
  if (status < 0 ? ended != CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : ended != CL_SUCCESS || got != sent) {
    atomic_fetch_add(&wrong, 1);
  }
  CHECK(clReleaseEvent(end));
  CHECK(clReleaseEvent(read));
  CHECK(clReleaseMemObject(memory));
}

static void* worker(void* number) {
  for (int round = 0; round < ROUNDS; ++round) round_of((int)(intptr_t)number, round);
  return NULL;
}

int main(void) {
  open_device();
  queues[0] = queue;
  queues[1] = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  pthread_t workers[THREADS], setters[SETTERS];
  for (int i = 0; i < SETTERS; ++i) pthread_create(&setters[i], NULL, setter, NULL);
  for (int i = 0; i < THREADS; ++i) pthread_create(&workers[i], NULL, worker, (void*)(intptr_t)i);
  for (int i = 0; i < THREADS; ++i) pthread_join(workers[i], NULL);
  pthread_mutex_lock(&to_set.lock);
  to_set.ended = 1;
  pthread_cond_broadcast(&to_set.changed);
  pthread_mutex_unlock(&to_set.lock);
  for (int i = 0; i < SETTERS; ++i) pthread_join(setters[i], NULL);
  for (int i = 0; i < 1000 && atomic_load(&called) + atomic_load(&failed_calls) < THREADS * ROUNDS; ++i) usleep(10000);
  printf("%d ended well, %d failed, %d wrong\n", atomic_load(&called), atomic_load(&failed_calls), atomic_load(&wrong));
  return 0;
}
