#include "tests/simulation/oracle_story.h"

#include <set>
#include <utility>

#include "tests/simulation/oracle.h"

namespace skald::simulation {

using std::chrono::milliseconds;

StepPlan plain_step(std::string name, std::vector<std::size_t> after) {
    StepPlan step;
    step.name = std::move(name);
    step.after = std::move(after);
    step.tries_max = 5;
    step.first_wait = milliseconds{100};
    step.longest_wait = milliseconds{1'000};
    return step;
}

std::vector<StepPlan> plain_steps(std::size_t count) {
    std::vector<StepPlan> steps;
    for (std::size_t i = 0; i < count; ++i) {
        steps.push_back(plain_step("s" + std::to_string(i)));
        if (i > 0) steps[i].after = {i - 1};
    }
    return steps;
}

Story::Story(std::vector<StepPlan> steps) {
    define("order", std::move(steps));
    history_.starts.push_back({1, 0, kSaga, true, "", {}, {{"i0", 2}}});
    history_.integrity = "ok";
    start();
    see(StartAsked{1, {{"child", 1}}});
    row("begun");
    see(StartAnswered{1, StartAnswered::How::Started, kSaga});
}

Story& Story::see(decltype(Seen::what) what) {
    ++now_;
    history_.seen.push_back({Time{now_}, 1'000'000 + now_, std::move(what)});
    return *this;
}

Story& Story::wait(std::int64_t ms) {
    now_ += ms;
    return *this;
}

Story& Story::of(std::string saga) {
    saga_ = std::move(saga);
    return *this;
}

Story& Story::of_item(Item item) {
    item_ = item;
    return *this;
}

// ---- Calls -------------------------------------------------------------------------------------

CallName Story::name(std::size_t step, Phase phase, std::uint32_t attempt) {
    return {kSaga, step, phase, attempt};
}

CallName Story::call(std::size_t step, Phase phase, std::uint32_t attempt) const {
    return {saga_, step, phase, attempt, item_};
}

Story& Story::sent(std::size_t step, Phase phase, std::uint32_t attempt) {
    std::string key = saga_ == kSaga ? std::to_string(step) : saga_ + "/" + std::to_string(step);
    if (item_) key += "/" + std::to_string(*item_);
    key += phase == Phase::Action ? "/do" : "/undo";
    std::string callback;
    const auto begun = store_.find(saga_);
    const bool is_child = begun != store_.end() && begun->second[0].parent;
    const auto& steps = history_.definitions[is_child ? 1 : 0].steps;
    if (step < steps.size()) {
        const bool calls_back =
            phase == Phase::Action ? steps[step].calls_back : steps[step].undo_calls_back;
        if (calls_back) callback = "to " + key;
    }
    return see(Sent{call(step, phase, attempt), key, callback});
}

Story& Story::handled(std::size_t step, Phase phase, Handled::Did did, int status,
                      std::uint32_t attempt) {
    return see(Handled{call(step, phase, attempt), did, status});
}

Story& Story::told(std::size_t step, Phase phase, int status, std::uint32_t attempt,
                   std::optional<milliseconds> retry_after) {
    return see(Told{call(step, phase, attempt), Told::What::Reply, status, retry_after});
}

Story& Story::lost(std::size_t step, Phase phase, std::uint32_t attempt) {
    return see(Told{call(step, phase, attempt), Told::What::Lost, 0, {}});
}

Story& Story::not_sent(std::size_t step, Phase phase, std::uint32_t attempt) {
    return see(Told{call(step, phase, attempt), Told::What::NotSent, 0, {}});
}

Story& Story::answer_row(std::size_t step, Phase phase, std::uint32_t attempt) {
    row_of("answered", step, phase, attempt);
    return *this;
}

Story& Story::act(std::size_t step, std::uint32_t attempt) {
    sent(step, Phase::Action, attempt);
    handled(step, Phase::Action, Handled::Did::Effect, 200, attempt);
    told(step, Phase::Action, 200, attempt);
    row_of("answered", step, Phase::Action, attempt).word = Word::Success;
    return *this;
}

Story& Story::undo(std::size_t step, std::uint32_t attempt) {
    sent(step, Phase::Undo, attempt);
    handled(step, Phase::Undo, Handled::Did::Effect, 200, attempt);
    told(step, Phase::Undo, 200, attempt);
    return answer_row(step, Phase::Undo, attempt);
}

Story& Story::refuse(std::size_t step, Phase phase, int status, std::uint32_t attempt) {
    sent(step, phase, attempt);
    handled(step, phase, Handled::Did::Nothing, status, attempt);
    told(step, phase, status, attempt);
    return answer_row(step, phase, attempt);
}

// ---- Callbacks ---------------------------------------------------------------------------------

Story& Story::put_off(std::size_t step, Phase phase, std::uint32_t attempt) {
    sent(step, phase, attempt);
    handled(step, phase, Handled::Did::Nothing, 202, attempt);
    told(step, phase, 202, attempt);
    JournalRow& answered = row_of("answered", step, phase, attempt);
    answered.word = Word::Success;
    answered.status = 202;
    return *this;
}

Story& Story::post(std::uint64_t number, std::size_t step, Phase phase, Word word) {
    return see(CallbackPosted{number, call(step, phase, 0), word, Time{now_}});
}

Story& Story::answer_post(std::uint64_t number, CallbackAnswered::How how) {
    return see(CallbackAnswered{number, how});
}

Story& Story::callback_row(std::size_t step, Phase phase, Word word, std::uint32_t attempt) {
    row_of("called_back", step, phase, attempt).word = word;
    return *this;
}

Story& Story::call_back(std::uint64_t number, std::size_t step, Phase phase, Word word) {
    if (word == Word::Success) handled(step, phase, Handled::Did::Effect, 0);
    post(number, step, phase, word);
    callback_row(step, phase, word);
    return answer_post(number, CallbackAnswered::How::Taken);
}

Story& Story::due_row(std::size_t step, Phase phase, std::uint32_t attempt) {
    row_of("due", step, phase, attempt);
    return *this;
}

// ---- Operators ---------------------------------------------------------------------------------

Story& Story::ask(std::uint64_t number, Verb verb, std::optional<std::size_t> step,
                  std::string as) {
    return see(
        Asked{number, verb, saga_, step, std::move(as), "key-" + std::to_string(number), item_});
}

Story& Story::answer(std::uint64_t number, Answered::How how) { return see(Answered{number, how}); }

Story& Story::command_row(std::uint64_t number, std::string type) {
    row(std::move(type)).request_key = "key-" + std::to_string(number);
    return *this;
}

Story& Story::command(std::uint64_t number, Verb verb, std::string type,
                      std::optional<std::size_t> step, std::string as) {
    ask(number, verb, step, std::move(as));
    command_row(number, std::move(type));
    return answer(number, Answered::How::Applied);
}

// ---- Lives -------------------------------------------------------------------------------------

Story& Story::crash() { return see(Crashed{Crashed::How::Killed}); }
Story& Story::start() { return see(Started{store_}); }
Story& Story::rest(std::string status) { return see(RestTold{saga_, std::move(status)}); }

Story& Story::end_row(std::string status, std::string type) {
    row(std::move(type)).ends_as = std::move(status);
    return *this;
}

Story& Story::turn_row() {
    row("answered").turns = true;
    return *this;
}

Story& Story::leave(const std::string& saga, std::string status, std::vector<std::string> steps) {
    FinalSaga& end = history_.sagas[saga];
    end.status = std::move(status);
    end.steps = std::move(steps);
    return *this;
}

History Story::end(std::string status, std::vector<std::string> steps) {
    history_.journals = store_;
    leave(kSaga, std::move(status), std::move(steps));
    history_.counts.clear();
    for (const auto& [id, saga] : history_.sagas) ++history_.counts[saga.status];
    return history_;
}

// ---- Other sagas -------------------------------------------------------------------------------

std::size_t Story::define(std::string name, std::vector<StepPlan> steps) {
    history_.definitions.push_back({std::move(name), std::move(steps), {}});
    return history_.definitions.size() - 1;
}

Story& Story::begin_child(const std::string& id, std::size_t definition, std::size_t step,
                          Phase phase, std::uint32_t attempt) {
    const ParentCall parent = call(step, phase, attempt);
    const std::string told_of = std::exchange(saga_, id);
    row("begun").parent = parent;
    saga_ = told_of;
    history_.sagas[id].definition = definition;
    return *this;
}

Story& Story::begin_another(std::uint64_t number, const std::string& id) {
    history_.starts.push_back(history_.starts[0]);
    history_.starts.back().number = number;
    history_.starts.back().id = id;
    const std::string told_of = std::exchange(saga_, id);
    row("begun").lock = history_.starts[0].lock;
    saga_ = told_of;
    return *this;
}

JournalRow& Story::row(std::string type) {
    JournalRow row;
    row.seq = static_cast<std::uint32_t>(rows().size() + 1);
    row.at = 1'000'000 + now_;
    row.bytes = std::to_string(row.seq) + type;
    row.position = ++position_;
    if (type == "abandoned") row.ends_as = type;
    row.type = std::move(type);
    return rows().emplace_back(std::move(row));
}

JournalRow& Story::row_of(std::string type, std::size_t step, Phase phase, std::uint32_t attempt) {
    JournalRow& told = row(std::move(type));
    told.step = step;
    told.item = item_;
    told.phase = phase;
    told.attempt = attempt;
    return told;
}

std::string broken_rules(const History& history) {
    std::set<std::string> rules;
    for (const Breach& breach : find_breaches(history)) rules.insert(breach.rule);
    std::string text;
    for (const std::string& rule : rules) text += (text.empty() ? "" : " ") + rule;
    return text;
}

std::vector<StepPlan> steps_with_pivot() {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[1].is_pivot = true;
    steps[1].undo = StepPlan::Undo::NotSaid;
    steps[2].undo = StepPlan::Undo::NotSaid;
    steps[2].tries_max.reset();
    return steps;
}

std::vector<StepPlan> diamond() {
    return {plain_step("s0"), plain_step("s1", {0}), plain_step("s2", {0}),
            plain_step("s3", {1, 2})};
}

std::vector<std::string> all(const char* status, std::size_t count) {
    return std::vector<std::string>(count, status);
}

History completed(Story& story, std::size_t count) {
    return story.rest("completed").end("completed", all("succeeded", count));
}

History compensated(Story& story, std::size_t count) {
    return story.rest("compensated").end("compensated", all("compensated", count));
}

}  // namespace skald::simulation
