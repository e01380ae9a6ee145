#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/commands.h"
#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/delivery_plans.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

class Process;

/// Those who make subscriptions and bridges; change and delete them, and make them again under the
/// same name; go back in a topic, or ahead; and deliver dead letters again, or throw them away.
/// What was not answered they ask for again.
class Stewards {
 public:
    using See = std::function<void(decltype(Seen::what))>;

    /// `topics`: that may be subscribed to. `pace`: so many times as slowly as they can.
    Stewards(Timeline& timeline, Random random, Counters& counters, History& history, See see,
             const std::vector<std::string>& topics, std::int64_t pace);

    /// Of all subscriptions that people ever make here.
    std::vector<std::string> names() const;
    std::vector<std::string> bridges() const;

    void begin_process(Process& process);
    void end_process() { process_ = nullptr; }
    /// From now on they only see to it that all is there, and can be delivered.
    void heal();
    /// All is there.
    bool is_satisfied() const;

 private:
    struct Subscription {
        std::string name;
        std::vector<std::string> topics;           ///< Of a new one: any; else the one that it has.
        std::optional<WantedSubscription> wanted;  ///< None: it is to be gone.
        bool is_done = false;                      ///< As it is wanted, or being asked for.
        std::uint64_t asked = 0;                   ///< The command that would do it.
    };
    struct Bridge {
        WantedBridge wanted;
        bool is_wanted = true;
        bool is_done = false;
        std::uint64_t asked = 0;
    };
    using What = ChangeAsked::What;

    void work_soon();
    void work();
    void change_mind();
    void change(Subscription& subscription);
    void change(Bridge& bridge);
    void rewind();
    void settle_letters();
    void put(Subscription& subscription);
    void remove(Subscription& subscription);
    void put(Bridge& bridge);
    void remove(Bridge& bridge);
    void remember(const std::vector<store::OwnedSubscription>& owned, const std::string& bridge);
    std::optional<store::Offset> draw_place(const std::string& topic);
    /// One of the store's, people's and others'.
    std::optional<store::SubscriptionRow> draw_row(
        const std::function<bool(const store::SubscriptionRow&)>& is_wanted);
    std::uint64_t ask(What what, std::string name, std::int64_t behind = 0,
                      std::vector<std::int64_t> letters = {});
    void answered(std::uint64_t number, ChangeAnswered::How how);

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    History& history_;
    const See see_;
    const std::vector<std::string> topics_;
    const std::int64_t pace_;
    Process* process_ = nullptr;
    bool is_healed_ = false;
    bool has_rewound_last_ = false;
    std::vector<Subscription> subscriptions_;
    std::vector<Bridge> bridges_;
    std::map<std::uint64_t, What> open_;
    std::uint64_t last_ = 0;
};

}  // namespace skald::simulation
