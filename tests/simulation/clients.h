#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/rehearsal/timeline.h"
#include "engine/watchers.h"
#include "sagas/lint.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/process.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

using See = std::function<void(decltype(Seen::what))>;

/// Those who register definitions and start sagas. They repeat what they got no answer to, with the
/// same key or id, and some do so without need.
class Clients {
 public:
    /// `pace`: so many times as slowly as they can.
    Clients(Timeline& timeline, Random random, Counters& counters, History& history, See see,
            std::int64_t pace);

    void begin_process(Process& process);
    void end_process();
    /// They have all that they wanted.
    bool is_satisfied() const;
    /// The id of the saga that `start` made, where anybody can know it.
    std::optional<std::string> saga(const StartPlan& start) const;

 private:
    struct Registration {
        std::uint32_t version;  ///< Of the plan with the same index.
        bool is_done = false;
        sagas::Json document = {};
        std::optional<sagas::Checked> checked = std::nullopt;  ///< Once it was tried.
    };
    struct Client {
        std::uint32_t posts = 0;
        std::optional<std::string> saga;
    };

    void work_soon(Time delay);
    void work();
    void register_next();
    std::optional<std::vector<store::OwnedSubscription>> subscriptions_of(
        const sagas::Definition& definition);
    void post(const StartPlan& start);
    void answered(const StartPlan& start, const std::string& id,
                  const engine::Start::Result& result);
    void watch_children();
    void watch(const std::string& saga);

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    History& history_;
    const See see_;
    const std::int64_t pace_;
    Process* process_ = nullptr;
    std::vector<Registration> registrations_;
    std::vector<Client> clients_;  ///< By StartPlan::number.
    std::map<std::string, engine::Watchers::Watch> watches_;
};

}  // namespace skald::simulation
