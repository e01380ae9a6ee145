#include "sagas/check.h"

#include <cstdio>
#include <cstdlib>

namespace skald::sagas {

void check_failed(const char* file, int line, const char* condition) {
    std::fprintf(stderr, "skald: %s:%d: broken assumption: %s\n", file, line, condition);
    std::abort();
}

}  // namespace skald::sagas
