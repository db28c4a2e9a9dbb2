#include "shim/opencl/objects.hpp"

#include "shim/callbacks.hpp"
#include "shim/opencl/kernel_info.hpp"
#include "shim/opencl/mem_state.hpp"
#include "shim/opencl/program_info.hpp"
#include "shim/opencl/server.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl/svm.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

Mem::Mem() = default;
Mem::~Mem() = default;
Program::Program() = default;
Program::~Program() = default;
Kernel::Kernel() = default;
Kernel::~Kernel() = default;

const void* dispatch_table() { return &kDispatchTable; }

bool Device::at_least(unsigned major, unsigned minor) const {
  // "OpenCL 3.0 …"
  std::string_view version = properties.text(CL_DEVICE_VERSION);
  if (version.size() < 10) return false;
  auto digit = [&](size_t at) { return static_cast<unsigned>(version[at] - '0'); };
  return std::pair(digit(7), digit(9)) >= std::pair(major, minor);
}

bool Context::has(const Device* device) const {
  return std::find(devices.begin(), devices.end(), device) != devices.end();
}

namespace {

/// Tells the server, then frees the slot. `then` runs on the callback thread when the server has really freed it.
template <class T>
void end(T* object, std::function<void()> then = {}) {
  Session* session = object->session;
  msg::Destroy m;
  m.object = object->id;
  if (object->id != 0 && then) {
    session->post_expecting(m, wire::kWantsReply, [&](uint64_t sequence) {
      session->begin_async();
      session->expect_reply(sequence, [session, then](int32_t, wire::Reader&) {
        session->end_async();
        shim::run_callback(then);
      });
    });
    session->flush_soon();
  } else if (object->id != 0) {
    session->post(m);
  }
  shim::destroy(object);
}

void end_context(Context* context) {
  auto destructors = std::move(context->destructors);
  auto devices = std::move(context->devices);
  for (auto at = destructors.rbegin(); at != destructors.rend(); ++at) at->function(context, at->data);
  forget_shared(context);
  end(context);
  for (Device* device : devices) {
    if (device->parent != nullptr) drop_reference(device);
  }
}

void end_mem(Mem* mem) {
  Context* context = mem->context;
  Mem* parent = mem->parent;
  if (mem->granted) mem->session->return_grant(mem->size);
  std::shared_ptr<MemState> state(std::move(mem->state));
  if (state != nullptr && !state->destructors.empty()) {
    void* handle = mem;
    end(mem, [state, handle] {
      for (auto at = state->destructors.rbegin(); at != state->destructors.rend(); ++at) {
        at->function(handle, at->data);
      }
    });
  } else {
    end(mem);
  }
  if (parent != nullptr) drop_reference(parent);
  drop_reference(context);
}

void end_event(Event* event) {
  Context* context = event->context;
  Queue* queue = event->queue;
  {
    std::lock_guard state(event->session->state_mutex());
    server_of(event->session).untrack(event->id);
  }
  end(event);
  if (queue != nullptr) drop_reference(queue);
  drop_reference(context);
}

}  // namespace

void drop_reference(Object* object) {
  if (object->references.fetch_sub(1) != 1) return;
  switch (static_cast<Type>(object->type.load())) {
    case Type::kPlatform:
      break;
    case Type::kDevice: {
      auto* device = static_cast<Device*>(object);
      Device* parent = device->parent;
      end(device);
      if (parent != nullptr && parent->parent != nullptr) drop_reference(parent);
      break;
    }
    case Type::kContext:
      end_context(static_cast<Context*>(object));
      break;
    case Type::kQueue: {
      auto* queue = static_cast<Queue*>(object);
      Context* context = queue->context;
      Session* session = queue->session;
      session->update([&] { server_of(session).untrack(queue); });
      end(queue);
      session->flush();
      drop_reference(context);
      break;
    }
    case Type::kMem:
      end_mem(static_cast<Mem*>(object));
      break;
    case Type::kSampler: {
      auto* sampler = static_cast<Sampler*>(object);
      Context* context = sampler->context;
      end(sampler);
      drop_reference(context);
      break;
    }
    case Type::kProgram: {
      auto* program = static_cast<Program*>(object);
      Context* context = program->context;
      end(program);
      drop_reference(context);
      break;
    }
    case Type::kKernel: {
      auto* kernel = static_cast<Kernel*>(object);
      Program* program = kernel->program;
      end(kernel);
      drop_reference(program);
      break;
    }
    case Type::kEvent:
      end_event(static_cast<Event*>(object));
      break;
    case Type::kCommandBuffer: {
      auto* buffer = static_cast<CommandBuffer*>(object);
      auto queues = std::move(buffer->queues);
      end(buffer);
      for (Queue* queue : queues) drop_reference(queue);
      break;
    }
  }
}

}  // namespace cenote::opencl
