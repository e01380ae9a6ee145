#pragma once

#include <string>

#include "sagas/expression.h"

namespace skald::cli {

/// The route of one topic, or of its events: topic_target("orders", "/events").
inline std::string topic_target(const std::string& name, const std::string& part = "") {
    return "/v1/topics/" + sagas::percent_encode(name) + part;
}

}  // namespace skald::cli
