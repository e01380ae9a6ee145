#include "tests/simulation/oracle_event_story.h"

#include <utility>

namespace skald::simulation {

using std::chrono::milliseconds;
using To = Change::To;

std::vector<StepPlan> steps_by_event() {
    std::vector<StepPlan> steps = plain_steps(2);
    for (StepPlan& step : steps) {
        const AwaitedPlan reply{kReplies, {"done"}, {"refused"}, MatchBy::Saga};
        step.event = EventPlan{kCommands, "act", reply};
        step.undo_event = EventPlan{kCommands, "undo", reply};
        step.callback_timeout = step.undo_callback_timeout = milliseconds{2'000};
    }
    return steps;
}

std::vector<StepPlan> steps_with_signal(MatchBy by) {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[1].kind = StepPlan::Kind::Wait;
    steps[1].undo = StepPlan::Undo::NotSaid;
    steps[1].event = EventPlan{"", "", AwaitedPlan{kSignals, {"go"}, {"stop"}, by}};
    steps[1].callback_timeout = milliseconds{20'000};
    return steps;
}

// ---- Tries -------------------------------------------------------------------------------------

CallName EventStory::call(std::size_t step, Phase phase, std::uint32_t attempt) const {
    return {told_of(), step, phase, attempt, told_item()};
}

std::string EventStory::key(std::size_t step, Phase phase) const {
    return told_of() + "/s" + std::to_string(step) +
           (told_item() ? "/" + std::to_string(*told_item()) : "") +
           (phase == Phase::Action ? "/action" : "/compensation");
}

EventStory& EventStory::publish(std::size_t step, Phase phase, std::uint32_t attempt) {
    log_try(step, phase, attempt);
    return begin(step, phase, attempt);
}

EventStory& EventStory::begin(std::size_t step, Phase phase, std::uint32_t attempt) {
    attempt > 1 ? row_of("due", step, phase, attempt) : row("answered");
    return changes(step, phase == Phase::Action ? To::Waits : To::UndoWaits, attempt).follow();
}

EventStory& EventStory::begin_alone(std::size_t step, Phase phase) {
    row("answered");
    return changes(step, phase == Phase::Action ? To::Done : To::Undone, 0).follow();
}

EventStory& EventStory::log_try(std::size_t step, Phase phase, std::uint32_t attempt) {
    LogEvent event;
    event.source = "/v1/sagas/" + told_of();
    event.key = key(step, phase);
    event.id = event.key + "/" + std::to_string(attempt);
    event.type = phase == Phase::Action ? "act" : "undo";
    event.call = call(step, phase, attempt);
    event.time = engine_time();
    put(kCommands, std::move(event));
    return *this;
}

// ---- Rows --------------------------------------------------------------------------------------

EventStory& EventStory::hear(const EventName& name, std::size_t step, Phase phase, Word word,
                             std::uint32_t attempt) {
    JournalRow& heard = row_of("called_back", step, phase, attempt);
    heard.word = word;
    heard.event = name;
    To to = phase == Phase::Action ? To::Done : To::Undone;
    if (word != Word::Success) to = phase == Phase::Action ? To::Other : To::UndoStuck;
    return changes(step, to).follow();
}

EventStory& EventStory::hear_late(const EventName& name, std::size_t step, Phase phase, Word word) {
    JournalRow& late = row_of("late", step, phase, 1);
    late.word = word;
    late.event = name;
    return follow();
}

EventStory& EventStory::miss(std::size_t step, Phase phase, std::uint32_t attempt, To to) {
    row_of("due", step, phase, attempt);
    return changes(step, to, attempt + 1).follow();
}

EventStory& EventStory::changes(std::size_t step, To to, std::uint32_t attempt) {
    rows().back().changes.push_back({{step, told_item()}, to, attempt});
    return *this;
}

EventStory& EventStory::follow() {
    see(Journaled{told_of(), rows().back()});
    return *this;
}

// ---- What others publish -----------------------------------------------------------------------

LogEvent EventStory::from_service(std::size_t step, Phase phase, const std::string& type) {
    LogEvent event;
    event.source = "/services";
    event.id = "reply-" + std::to_string(++last_id_);
    event.type = type;
    event.call = call(step, phase, 0);
    return event;
}

EventName EventStory::reply(std::size_t step, Phase phase, const std::string& type,
                            const std::string& topic) {
    return publish(topic, from_service(step, phase, type));
}

EventName EventStory::signal(const std::string& type, const std::string& group) {
    LogEvent event = from_service(1, Phase::Action, type);
    if (!group.empty()) {
        event.call.reset();
        event.data["group"] = '"' + group + "/s1\"";
    }
    return publish(kSignals, std::move(event));
}

EventName EventStory::publish(const std::string& topic, LogEvent event) {
    const std::uint64_t number = post(topic, event);
    EventName name = put(topic, std::move(event));
    answer_post(number, name.offset);
    return name;
}

std::uint64_t EventStory::post(const std::string& topic, const LogEvent& event) {
    see(EventsPosted{++last_post_, topic, {{event.source, event.id, event.type, told_of()}}});
    return last_post_;
}

EventName EventStory::put(const std::string& topic, LogEvent event) {
    std::vector<LogEvent>& events = log_[topic];
    event.offset = static_cast<std::int64_t>(events.size() + 1);
    event.at = engine_time();
    events.push_back(std::move(event));
    return {topic, events.back().offset};
}

EventStory& EventStory::answer_post(std::uint64_t number, std::int64_t offset, bool is_repeat) {
    see(EventsAnswered{number, {{offset, is_repeat}}});
    return *this;
}

// ---- All of these ------------------------------------------------------------------------------

EventStory& EventStory::act_by_event(std::size_t step, std::uint32_t attempt) {
    publish(step, Phase::Action, attempt);
    handled(step, Phase::Action, Handled::Did::Effect, 0, attempt);
    return hear(reply(step, Phase::Action, "done"), step, Phase::Action, Word::Success, attempt);
}

EventStory& EventStory::undo_by_event(std::size_t step) {
    publish(step, Phase::Undo);
    handled(step, Phase::Undo, Handled::Did::Effect, 0);
    return hear(reply(step, Phase::Undo, "done"), step, Phase::Undo);
}

EventStory& EventStory::refuse_by_event(std::size_t step, Phase phase) {
    publish(step, phase);
    handled(step, phase, Handled::Did::Nothing, 0);
    return hear(reply(step, phase, "refused"), step, phase, Word::Failure);
}

EventStory& EventStory::restart() {
    crash();
    see(Started{store(), log_});
    return *this;
}

History EventStory::finish(std::string status, std::vector<std::string> steps) {
    history().log = log_;
    return end(std::move(status), std::move(steps));
}

}  // namespace skald::simulation
