#include "worker/opencl/worker.hpp"
#include "worker/opencl_handlers.hpp"
namespace cenote::opencl {
void handle(Worker& w, Call& call, const msg::clSVMAlloc&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clSVMFree&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueSVMMemcpy&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueSVMMemFill&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueSVMMap&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueSVMUnmap&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueSVMMigrateMem&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clMemFreeINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clMemBlockingFreeINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueMemsetINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueMemFillINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueMemcpyINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueMigrateMemINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueMemAdviseINTEL&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCreateCommandBufferKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clFinalizeCommandBufferKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clEnqueueCommandBufferKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandBarrierWithWaitListKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandCopyBufferKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandCopyBufferRectKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandCopyBufferToImageKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandCopyImageKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandCopyImageToBufferKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandFillBufferKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandFillImageKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandNDRangeKernelKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandSVMMemcpyKHR&) { w.broken("not carried yet", call); }
void handle(Worker& w, Call& call, const msg::clCommandSVMMemFillKHR&) { w.broken("not carried yet", call); }
}
