#pragma once

#include <pthread.h>

namespace skald::engine {

/// Names the calling thread, as `top -H` and debuggers show it. At most 15 characters.
inline void name_this_thread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace skald::engine
