#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "sagas/result.h"
#include "store/store.h"
#include "tests/simulation/history.h"

namespace skald::simulation {

/// Ids of events by their texts, so that none is parsed each time.
using EventIds = std::map<std::string, std::string>;

/// All subscriptions of the store, with their dead letters, as they are now. Errors: as
/// store::Reader; Corruption: what stands there cannot be read.
sagas::Result<Stands> read_stands(const store::Reader& reader, EventIds& ids);

/// Somebody who looks at all subscriptions after each commit that is about any, and before each
/// process takes up its work.
class Onlooker {
 public:
    using See = std::function<void(decltype(Seen::what))>;
    explicit Onlooker(See see) : see_(std::move(see)) {}

    /// What cannot be read now (the disk went down) is read later.
    void look(const store::Reader& reader);

 private:
    const See see_;
    Stands last_;
    EventIds ids_;
};

}  // namespace skald::simulation
