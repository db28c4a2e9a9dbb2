// The thread that runs the program's callbacks: never the reader's, so a callback may call anything.
#pragma once

#include <functional>

namespace cenote::shim {

/// Runs `call` on the callback thread, in order. From any thread, without blocking.
void run_callback(std::function<void()> call);
/// In a forked child: forgets the parent's queue and thread.
void forget_callbacks();

}  // namespace cenote::shim
