#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/commands.h"
#include "tests/simulation/clients.h"

namespace skald::simulation {

/// People who cancel, retry, resolve, abandon, suspend and resume sagas: at random, and with a plan
/// once the faults are over. They repeat what they got no answer to, with the same key.
class Operators {
 public:
    Operators(Timeline& timeline, Random random, Counters& counters, const History& history,
              const Clients& clients, See see);

    void begin_process(Process& process);
    void end_process() { process_ = nullptr; }
    /// From now on: resume what is suspended, and bring most of what is stuck to an end.
    void heal() { is_healing_ = true; }

 private:
    struct Command {
        Asked asked;
        bool is_answered = false;
    };

    void work_soon(Time delay);
    void meddle();
    void mend();
    void mend(const StartPlan& start, const std::string& saga);
    Asked draw(const StartPlan& start, std::string saga);
    void ask(Asked asked);
    void post(std::size_t index);
    void answered(std::size_t index, const engine::Operate::Result& result);

    Timeline& timeline_;
    Random random_;
    Counters& counters_;
    const History& history_;
    const Clients& clients_;
    const See see_;
    Process* process_ = nullptr;
    bool is_healing_ = false;
    std::vector<Command> commands_;
};

}  // namespace skald::simulation
