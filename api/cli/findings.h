#pragma once

#include <string>
#include <vector>

#include "api/cli/console.h"
#include "sagas/lint.h"

namespace skald::cli {

/// [{code, pointer, detail, hint}]
Document findings_of(const std::vector<sagas::Problem>& problems);

/// Prints what was found in `file`, each as "FILE:POINTER: CODE: DETAIL" and, below, what to do.
void print_findings(Console& console, const std::string& file, Style style,
                    const Document& findings);

}  // namespace skald::cli
