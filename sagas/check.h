#pragma once

namespace skald::sagas {

/// Prints where and what to standard error, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace skald::sagas

/// Ends the process when a programmer's assumption is broken; on in release builds too. Going on
/// with a state that "can't happen" is how sagas get lost; a restart folds the journal instead.
#define SKALD_CHECK(condition)                                            \
    do {                                                                  \
        if (!(condition)) {                                               \
            ::skald::sagas::check_failed(__FILE__, __LINE__, #condition); \
        }                                                                 \
    } while (false)
