#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/events/ledger.h"

namespace skald::events {

/// The CloudEvent of that name: with the same source and id each time, so that whoever gets no
/// answer sends it again.
nlohmann::json published_event(const EventName& name, const std::string& source);

/// Of which event this is; none: of no such event, or it is not whole.
std::optional<EventName> name_of(const nlohmann::json& event);

}  // namespace skald::events
