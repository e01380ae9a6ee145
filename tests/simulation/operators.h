#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/commands.h"
#include "tests/simulation/clients.h"

namespace skald::simulation {

/// People who cancel, retry, resolve, abandon, suspend and resume sagas: at random, and with a plan
/// once the faults are over. They repeat what they got no answer to, with the same key.
class Operators {
 public:
    /// `pace`: so many times as slowly as they can.
    Operators(Timeline& timeline, Random random, Counters& counters, const History& history,
              const Clients& clients, See see, std::int64_t pace);

    void begin_process(Process& process);
    void end_process() { process_ = nullptr; }
    /// From now on: resume what is suspended, and bring most of what is stuck to an end.
    void heal() { is_healing_ = true; }
    /// They do nothing more.
    void leave() { are_gone_ = true; }

 private:
    struct Command {
        Asked asked;
        bool is_answered = false;
    };

    /// A saga that somebody may do something about.
    struct Target {
        std::string saga;
        const StartPlan* start;  ///< Of the topmost of its parents.
        const DefinitionPlan* plan;
        sagas::Status status;
        std::optional<std::size_t> last_step;  ///< The last one that erred.
    };

    void work_soon(Time delay);
    void repeat_some();
    void meddle();
    void mend();
    void mend(const Target& target);
    void mend(const Target& target, Verb verb, Place place);
    /// Sagas that are not over, the newest first: at most so many.
    std::vector<Target> live(std::uint32_t most) const;
    std::optional<Target> draw_target();
    Asked draw(const Target& target);
    void ask(Asked asked);
    void post(std::size_t index);
    void answered(std::size_t index, const engine::Operate::Result& result);

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    const History& history_;
    const Clients& clients_;
    const See see_;
    const std::int64_t pace_;
    Process* process_ = nullptr;
    bool is_healing_ = false;
    bool are_gone_ = false;
    std::vector<Command> commands_;
    std::set<std::string> suspended_;  ///< Sagas that may be, as far as the operators know.
};

}  // namespace skald::simulation
