#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/commands.h"
#include "engine/loader.h"
#include "sagas/event.h"
#include "sagas/machine.h"
#include "store/store.h"

namespace skald::engine {

/// Something that must reach its saga, wherever that is.
struct Tell {
    sagas::Event event;
};
/// The time of a parked saga comes.
struct WakeUp {};
/// A step of `parent` wants something of the saga, its child.
struct Meet {
    store::SagaKey parent;
    sagas::Child wish;
};
/// An event reached a step that waits, or waited, for it.
struct Deliver {
    store::EventHit hit;
};
/// An event that names the saga, and reached no step of it: it comes late, if it means one at all.
struct DeliverLate {
    std::string topic;
    store::Offset offset;
    std::string event;
};
/// What is done with a saga once it is in memory, or is known not to be there.
using Errand = std::variant<Tell, WakeUp, Meet, Operate, CallBack, Deliver, DeliverLate>;

/// The loads that are out, each with the errands that wait for it, in order.
///
/// A saga that comes to memory takes over all errands that wait for it, by its key and by its id:
/// then the answers of those loads are void. So a saga is never taken up from what the store said
/// before it was last in memory.
///
/// Threads: used by one.
class Loads {
 public:
    struct Ticket {
        Loader::Name name;
        std::uint64_t number;
    };

    /// None: it is being loaded already.
    std::optional<Ticket> add(const Loader::Name& name, Errand errand);
    /// False: the load's answer is void.
    bool is_open(const Ticket& ticket) const;
    /// Ends the loads of `name`.
    std::vector<Errand> take(const Loader::Name& name);
    /// Ends the loads of the saga by either name.
    std::vector<Errand> take(store::SagaKey key, const std::string& id);
    /// Answers the commands that wait, and leaves the rest.
    void refuse_commands(const Busy& busy);

    bool empty() const { return open_.empty(); }
    /// How many of the errands are commands.
    std::size_t commands() const { return commands_; }

 private:
    struct Load {
        std::uint64_t number;
        std::vector<Errand> errands;
    };
    std::map<Loader::Name, Load> open_;
    std::uint64_t last_number_ = 0;
    std::size_t commands_ = 0;
};

}  // namespace skald::engine
