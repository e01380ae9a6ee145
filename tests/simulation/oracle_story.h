#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/history.h"

namespace skald::simulation {

/// Steps of a definition for a told history: one after the other, undone by a call, five tries,
/// waits from 100 ms to 1 s.
StepPlan plain_step(std::string name, std::vector<std::size_t> after = {});
std::vector<StepPlan> plain_steps(std::size_t count);

/// Tells a history by hand. One saga, "order-1"; each thing that is seen takes 1 ms. What is
/// journaled is durable at once: to lose it in a crash, leave it out.
class Story {
 public:
    static constexpr const char* kSaga = "order-1";

    /// A first process that knows nothing, and the start.
    explicit Story(std::vector<StepPlan> steps);

    Story& see(decltype(Seen::what) what);
    Story& wait(std::int64_t ms);

    // ---- Calls
    static CallName name(std::size_t step, Phase phase, std::uint32_t attempt);
    Story& sent(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    Story& handled(std::size_t step, Phase phase, Handled::Did did, int status,
                   std::uint32_t attempt = 1);
    Story& told(std::size_t step, Phase phase, int status, std::uint32_t attempt = 1,
                std::optional<std::chrono::milliseconds> retry_after = {});
    Story& lost(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    Story& not_sent(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    Story& answer_row(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    /// All of these, with an effect; with a status and no effect.
    Story& act(std::size_t step, std::uint32_t attempt = 1);
    Story& undo(std::size_t step, std::uint32_t attempt = 1);
    Story& refuse(std::size_t step, Phase phase, int status, std::uint32_t attempt = 1);

    // ---- Operators
    /// Posts a command; its key is "key-NUMBER".
    Story& ask(std::uint64_t number, Verb verb, std::optional<std::size_t> step = {},
               std::string as = {});
    Story& answer(std::uint64_t number, Answered::How how);
    Story& command_row(std::uint64_t number, std::string type);
    /// All of these, applied.
    Story& command(std::uint64_t number, Verb verb, std::string type,
                   std::optional<std::size_t> step = {}, std::string as = {});

    // ---- Lives
    Story& crash();
    Story& start();
    Story& rest(std::string status);
    /// The saga's statuses; the store agrees.
    History end(std::string status, std::vector<std::string> steps);

    JournalRow& row(std::string type);
    std::vector<JournalRow>& rows() { return store_[kSaga]; }
    Journals& store() { return store_; }
    History& history() { return history_; }

 private:
    History history_;
    Journals store_;
    std::int64_t now_ = 0;
};

/// The rules that `history` breaks, each once, in order.
std::string broken_rules(const History& history);

}  // namespace skald::simulation
