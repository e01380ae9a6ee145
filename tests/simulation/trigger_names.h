#pragma once

#include <functional>
#include <string>
#include <utility>

#include "api/trigger_starts.h"
#include "api/uuid.h"
#include "engine/trigger_starts.h"

namespace skald::simulation {

/// Starts of sagas by events, as skald makes them; but their ids are not drawn, so that equal seeds
/// give equal ones.
class NamedStarts : public engine::TriggerStarts {
 public:
    /// Called for each start that can be made; gives its id.
    using Name = std::function<std::string(const engine::Start&)>;

    NamedStarts(engine::Catalog& catalog, const engine::Clock& clock, Name name)
        : uuids_(clock), starts_({catalog, true}, uuids_), name_(std::move(name)) {}

    sagas::Result<engine::Start> make_start(const engine::TriggerOrder& order) const override {
        auto start = starts_.make_start(order);
        if (start) start->id = name_(*start);
        return start;
    }

 private:
    api::UuidSource uuids_;
    const api::StartsByEvents starts_;
    const Name name_;
};

}  // namespace skald::simulation
