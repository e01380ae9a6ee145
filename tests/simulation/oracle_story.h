#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/history.h"

namespace skald::simulation {

inline constexpr Phase kAction = Phase::Action;
inline constexpr Phase kUndo = Phase::Undo;

/// Steps of a definition for a told history: one after the other, undone by a call, five tries,
/// waits from 100 ms to 1 s.
StepPlan plain_step(std::string name, std::vector<std::size_t> after = {});
std::vector<StepPlan> plain_steps(std::size_t count);
/// Three, of which the second one is the pivot.
std::vector<StepPlan> steps_with_pivot();
/// 0, then 1 and 2 side by side, then 3.
std::vector<StepPlan> diamond();
/// So many steps of one status.
std::vector<std::string> all(const char* status, std::size_t count);

/// Tells a history by hand. A saga, "order-1", and others that are begun meanwhile; each thing that
/// is seen takes 1 ms. What is journaled is durable at once: to lose it in a crash, leave it out.
class Story {
 public:
    static constexpr const char* kSaga = "order-1";

    /// A first process that knows nothing, and the start. The input's lists have two items each.
    explicit Story(std::vector<StepPlan> steps);

    Story& see(decltype(Seen::what) what);
    Story& wait(std::int64_t ms);

    // ---- Of what is told from now on: first of "order-1", and of its steps
    Story& of(std::string saga);
    Story& of_item(Item item);

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

    // ---- Callbacks
    /// A try is answered with 202, which is journaled.
    Story& put_off(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    Story& post(std::uint64_t number, std::size_t step, Phase phase, Word word);
    Story& answer_post(std::uint64_t number, CallbackAnswered::How how);
    Story& callback_row(std::size_t step, Phase phase, Word word, std::uint32_t attempt = 1);
    /// All of these, taken.
    Story& call_back(std::uint64_t number, std::size_t step, Phase phase, Word word);
    Story& due_row(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);

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
    /// A row that says how the saga ended.
    Story& end_row(std::string status, std::string type = "answered");
    Story& turn_row();
    /// How one of the others stands at the end.
    Story& leave(const std::string& saga, std::string status, std::vector<std::string> steps);
    /// How "order-1" does; the store agrees.
    History end(std::string status, std::vector<std::string> steps);

    // ---- Other sagas
    /// Another definition; its steps are all that its sagas have. Gives its index.
    std::size_t define(std::string name, std::vector<StepPlan> steps);
    /// The child `id` of a call of the saga that is told of.
    Story& begin_child(const std::string& id, std::size_t definition, std::size_t step,
                       Phase phase = Phase::Action, std::uint32_t attempt = 1);
    /// Another start of the same definition, whose id is `id`.
    Story& begin_another(std::uint64_t number, const std::string& id);

    const std::string& told_of() const { return saga_; }
    Item told_item() const { return item_; }
    std::int64_t engine_time() const { return 1'000'000 + now_; }
    JournalRow& row(std::string type);
    JournalRow& row_of(std::string type, std::size_t step, Phase phase, std::uint32_t attempt);
    std::vector<JournalRow>& rows() { return store_[saga_]; }
    Journals& store() { return store_; }
    History& history() { return history_; }

 private:
    CallName call(std::size_t step, Phase phase, std::uint32_t attempt) const;

    History history_;
    Journals store_;
    std::string saga_ = kSaga;
    Item item_;
    std::int64_t now_ = 0;
    std::uint64_t position_ = 0;
};

/// The rules that `history` breaks, each once, in order.
std::string broken_rules(const History& history);

/// The story's end: it came to rest with all `count` steps done, or undone.
History completed(Story& story, std::size_t count);
History compensated(Story& story, std::size_t count);

}  // namespace skald::simulation
