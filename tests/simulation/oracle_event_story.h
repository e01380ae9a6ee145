#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/oracle_story.h"

namespace skald::simulation {

inline constexpr const char* kCommands = "commands";
inline constexpr const char* kReplies = "replies";
inline constexpr const char* kSignals = "signals";

/// Both steps are events, forward and back, whose replies ("done", "refused") come within 2 s.
std::vector<StepPlan> steps_by_event();
/// s0, then a wait of 2 s for a signal ("go", "stop"), then s2.
std::vector<StepPlan> steps_with_signal(MatchBy by = MatchBy::Saga);

/// A told history with an event log. Rows that it tells are seen by who follows the journal.
class EventStory : public Story {
 public:
    using Story::Story;

    // ---- Tries, each with its row and its event
    EventStory& publish(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    /// The row alone; the event alone.
    EventStory& begin(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    EventStory& log_try(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1);
    /// As `begin`, of a step that expects no reply.
    EventStory& begin_alone(std::size_t step, Phase phase = Phase::Action);

    // ---- Rows about what was waited for
    EventStory& hear(const EventName& name, std::size_t step, Phase phase = Phase::Action,
                     Word word = Word::Success, std::uint32_t attempt = 1);
    EventStory& hear_late(const EventName& name, std::size_t step, Phase phase = Phase::Action,
                          Word word = Word::Success);
    /// No event came in time.
    EventStory& miss(std::size_t step, Phase phase = Phase::Action, std::uint32_t attempt = 1,
                     Change::To to = Change::To::BacksOff);
    /// The row that was told last changes this too, and is seen by who follows the journal.
    EventStory& changes(std::size_t step, Change::To to, std::uint32_t attempt = 1);
    EventStory& follow();

    // ---- What others publish: posted, in the log, and answered. They give its name
    EventName reply(std::size_t step, Phase phase, const std::string& type,
                    const std::string& topic = kReplies);
    EventName signal(const std::string& type, const std::string& group = {});
    EventName publish(const std::string& topic, LogEvent event);
    /// Each of these alone.
    std::uint64_t post(const std::string& topic, const LogEvent& event);
    EventName put(const std::string& topic, LogEvent event);
    EventStory& answer_post(std::uint64_t number, std::int64_t offset, bool is_repeat = false);
    LogEvent from_service(std::size_t step, Phase phase, const std::string& type);

    // ---- All of these
    /// Published, done, and told so.
    EventStory& act_by_event(std::size_t step, std::uint32_t attempt = 1);
    EventStory& undo_by_event(std::size_t step);
    EventStory& refuse_by_event(std::size_t step, Phase phase = Phase::Action);

    EventStory& restart();
    History finish(std::string status, std::vector<std::string> steps);
    Log& log() { return log_; }

 private:
    CallName call(std::size_t step, Phase phase, std::uint32_t attempt) const;
    std::string key(std::size_t step, Phase phase) const;

    Log log_;
    std::uint64_t last_post_ = 0;
    std::uint64_t last_id_ = 0;
};

}  // namespace skald::simulation
