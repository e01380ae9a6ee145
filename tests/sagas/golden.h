#pragma once

#include <string>

namespace skald {

/// Compares `actual` with the file at `path` (below the source tree). With SKALD_REWRITE=1 in the
/// environment the file is written instead: commit such a change only if you understand what caused
/// it.
void expect_golden(const std::string& path, const std::string& actual);

std::string read_file(const std::string& path);

}  // namespace skald
