#pragma once

#include <string>

#include "sagas/expression.h"

namespace skald::cli {

/// The route of one saga, or of one of its parts: saga_target("a", "/history").
inline std::string saga_target(const std::string& id, const std::string& part = "") {
    return "/v1/sagas/" + sagas::percent_encode(id) + part;
}

}  // namespace skald::cli
