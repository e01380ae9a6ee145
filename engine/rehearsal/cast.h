#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/catalog.h"
#include "sagas/saga.h"

namespace skald::rehearsal {

using sagas::Phase;
using sagas::StepIndex;

/// One saga of a rehearsal: 0 is the topmost; children count in the order in which any run first
/// started them.
enum class SagaNumber : std::uint32_t {};
inline constexpr SagaNumber kTopmost{0};

/// A step, or one element of it, of one saga.
struct Spot {
    SagaNumber saga{};
    StepIndex step{};
    auto operator<=>(const Spot&) const = default;
};

/// The calls of one phase of a spot.
struct Place {
    Spot spot;
    Phase phase{};
    auto operator<=>(const Place&) const = default;
};

/// The sagas of a rehearsal. The same one has the same id and number in every run.
class Cast {
 public:
    struct Role {
        std::string id;
        /// "" of the topmost; else the id without that of the topmost: "pay", "ship.0".
        std::string path;
        engine::VersionPtr version;
        std::optional<Place> caller;  ///< What it runs for.
        bool is_undoing = false;      ///< It, or a saga above it, runs as a compensation.

        const sagas::Definition& definition() const { return version->definition; }
    };

    explicit Cast(engine::VersionPtr topmost);

    /// The child that `caller` runs for its attempt `attempt`, whose id is `id`; once more, if it
    /// is known.
    SagaNumber add(const std::string& id, engine::VersionPtr version, Place caller,
                   std::uint32_t attempt);
    /// None: no run started such a saga.
    std::optional<SagaNumber> find(std::string_view id) const;
    const Role& role(SagaNumber saga) const { return roles_[static_cast<std::size_t>(saga)]; }
    std::size_t size() const { return roles_.size(); }

    const sagas::Step& step(Spot spot) const {
        return role(spot.saga).definition().step(spot.step);
    }
    /// As in idempotency keys, but without the topmost saga: "charge", "ship/0", "pay/charge",
    /// "ship.0/label".
    std::string name(Spot spot) const;
    /// The same, with "undo of" before it for a compensation.
    std::string name(Place place) const;

 private:
    std::deque<Role> roles_;
    std::unordered_map<std::string, SagaNumber> numbers_;  ///< By id.
};

/// How it becomes known how one phase of a step ended.
enum class Way : std::uint8_t {
    Reply,     ///< Of an HTTP call; also of a child, and of a wait for a time.
    Callback,  ///< Later than its 202.
    Event,     ///< One that answers the one that was published.
    NoEvent,   ///< It is enough to have published one.
    Signal,    ///< An event that nobody was asked for.
};
Way way_of(const sagas::Step& step, Phase phase);

/// What anything takes to that spot's participant: each has a way of its own, so that no two
/// answers come at the same time.
sagas::Milliseconds way_to(Spot spot);

/// Whether an event can say that it failed. Precondition: Way::Event or Signal.
bool can_refuse(const sagas::Step& step, Phase phase);

}  // namespace skald::rehearsal
