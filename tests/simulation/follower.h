#pragma once

#include <functional>
#include <utility>

#include "store/store.h"
#include "tests/simulation/history.h"

namespace skald::simulation {

/// Somebody who follows the journal of all sagas, as the stream of GET /v1/events gives it, and
/// sees each row as soon as it is durable: after each commit, and after each start.
class Follower {
 public:
    using See = std::function<void(decltype(Seen::what))>;
    explicit Follower(See see) : see_(std::move(see)) {}

    /// Skald is about to hear of the commit that was read last.
    void told() { see_(CommitTold{}); }
    /// What cannot be read now (the disk went down) is read later.
    void read(const store::Reader& reader);

 private:
    const See see_;
    store::Position last_{0};
};

}  // namespace skald::simulation
