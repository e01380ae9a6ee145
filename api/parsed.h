#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "api/problem.h"

namespace skald::api {

/// What was read out of a request, or the problem document that refuses it.
template <typename T>
using Parsed = tl::expected<T, Problem>;

[[nodiscard]] inline tl::unexpected<Problem> refuse(ProblemType type, std::string detail) {
    return tl::unexpected<Problem>(Problem{type, std::move(detail), {}, nullptr});
}

}  // namespace skald::api
