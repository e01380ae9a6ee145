#pragma once

#include <string_view>

#include "api/cli/console.h"

namespace skald::cli {

/// How the status of a saga or step is shown; unknown ones plainly.
struct Look {
    std::string_view status;
    std::string_view symbol;
    Style style;
    /// It is worked at, or waits for somebody.
    enum class Weight : std::uint8_t { Quiet, AtWork } weight;
};
const Look& look_of(std::string_view status);

inline Style style_of(std::string_view status) { return look_of(status).style; }

}  // namespace skald::cli
