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
    history_.definitions.push_back({"order", std::move(steps), {}});
    history_.starts.push_back({1, 0, kSaga, true, "", {}});
    history_.integrity = "ok";
    start();
    see(StartAsked{1});
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

// ---- Calls -------------------------------------------------------------------------------------

CallName Story::name(std::size_t step, Phase phase, std::uint32_t attempt) {
    return {kSaga, step, phase, attempt};
}

Story& Story::sent(std::size_t step, Phase phase, std::uint32_t attempt) {
    const std::string key = std::to_string(step) + (phase == Phase::Action ? "/do" : "/undo");
    return see(Sent{name(step, phase, attempt), key});
}

Story& Story::handled(std::size_t step, Phase phase, Handled::Did did, int status,
                      std::uint32_t attempt) {
    return see(Handled{name(step, phase, attempt), did, status});
}

Story& Story::told(std::size_t step, Phase phase, int status, std::uint32_t attempt,
                   std::optional<milliseconds> retry_after) {
    return see(Told{name(step, phase, attempt), Told::What::Reply, status, retry_after});
}

Story& Story::lost(std::size_t step, Phase phase, std::uint32_t attempt) {
    return see(Told{name(step, phase, attempt), Told::What::Lost, 0, {}});
}

Story& Story::not_sent(std::size_t step, Phase phase, std::uint32_t attempt) {
    return see(Told{name(step, phase, attempt), Told::What::NotSent, 0, {}});
}

Story& Story::answer_row(std::size_t step, Phase phase, std::uint32_t attempt) {
    JournalRow& answered = row("answered");
    answered.step = step;
    answered.phase = phase;
    answered.attempt = attempt;
    return *this;
}

Story& Story::act(std::size_t step, std::uint32_t attempt) {
    sent(step, Phase::Action, attempt);
    handled(step, Phase::Action, Handled::Did::Effect, 200, attempt);
    told(step, Phase::Action, 200, attempt);
    return answer_row(step, Phase::Action, attempt);
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

// ---- Operators ---------------------------------------------------------------------------------

Story& Story::ask(std::uint64_t number, Verb verb, std::optional<std::size_t> step,
                  std::string as) {
    return see(Asked{number, verb, kSaga, step, std::move(as), "key-" + std::to_string(number)});
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
Story& Story::rest(std::string status) { return see(RestTold{kSaga, std::move(status)}); }

History Story::end(std::string status, std::vector<std::string> steps) {
    history_.journals = store_;
    history_.counts = {{status, 1}};
    history_.sagas[kSaga] = {std::move(status), std::move(steps)};
    return history_;
}

JournalRow& Story::row(std::string type) {
    JournalRow row;
    row.seq = static_cast<std::uint32_t>(rows().size() + 1);
    row.at = 1'000'000 + now_;
    row.bytes = std::to_string(row.seq) + type;
    row.type = std::move(type);
    return rows().emplace_back(std::move(row));
}

std::string broken_rules(const History& history) {
    std::set<std::string> rules;
    for (const Breach& breach : find_breaches(history)) rules.insert(breach.rule);
    std::string text;
    for (const std::string& rule : rules) text += (text.empty() ? "" : " ") + rule;
    return text;
}

}  // namespace skald::simulation
