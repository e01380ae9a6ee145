#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "tests/sagas/random_sagas.h"

namespace skald::sagas {

/// The participants and children of one saga, which know what they really did, a network that loses
/// and delays what they say, and says callbacks twice, and a log of events, which loses nothing,
/// but is read late, and more than once.
///
/// They keep to what is asked of participants: one idempotency key is one operation; what was
/// undone is not done again; what was refused stays refused; and what they say is true when they
/// say it first.
class Participants {
 public:
    Participants(Random& random, Played& saga);

    /// Tells the saga, and does what it owes then.
    void tell(const Event& event);
    /// One thing happens, if there is any: a call arrives, a reply, a callback or an event, a child
    /// ends, a time has come. False: all wait for an operator.
    bool happen();
    /// Participants read what is left for them in the log.
    void read_to_end();
    /// The coordinator goes down and comes up: the replies to what was out are lost.
    void restart();

    /// Whether the action of the place stands.
    bool has_done(StepIndex place) const;

 private:
    struct Request {
        StepIndex step;
        Phase phase;
        std::uint32_t attempt;
    };
    /// What one idempotency key stands for.
    struct Operation {
        bool is_done = false;
        bool is_at_work = false;  ///< It answered with 202 and will call back.
        bool is_refused = false;
        bool is_undone = false;
        bool is_undoing = false;  ///< The same of its compensation.
    };
    /// By step, phase and attempt. None: it runs.
    using Children =
        std::map<std::tuple<StepIndex, Phase, std::uint32_t>, std::optional<ChildEnd::How>>;

    void perform(const Effect& effect);
    void perform(const Child& child);
    void settle(const Settle& settle);

    bool let_call_arrive();
    bool let_reply_arrive();
    bool let_callback_arrive();
    bool let_work_end();
    bool let_child_end();
    bool let_time_come();
    bool let_event_arrive();
    bool let_reply_event_arrive();
    bool let_signal_come();

    void handle_event(const Request& request, Operation& operation);
    Outcome act_on_event(const Request& request, Operation& operation);
    void say_by_event(StepIndex step, Phase phase, Outcome outcome);
    void handle_action(const Request& request, Operation& operation);
    void handle_compensation(const Request& request, Operation& operation);
    void do_or_not(const Request& request, Operation& operation);
    void answer(const Request& request, Answer answer);
    /// Or it is lost on the way.
    void answer_or_lose(const Request& request, int status);
    void call_back(StepIndex step, Phase phase, Outcome outcome);
    void end_work(StepIndex step, Operation& operation);
    void end_undoing(StepIndex step, Operation& operation);
    void end_child(StepIndex step, Phase phase, std::uint32_t attempt,
                   std::optional<ChildEnd::How>& end);
    void tell_end(StepIndex step, Phase phase, std::uint32_t attempt, ChildEnd::How how);
    bool may_call_back(const Request& request) const;

    Random& random_;
    Played& saga_;
    std::vector<Request> on_the_way_;
    std::vector<Answered> replies_;
    std::vector<CalledBack> callbacks_;
    std::vector<Request> published_;        ///< And not read yet.
    std::vector<CalledBack> reply_events_;  ///< And not told yet.
    std::int64_t last_offset_ = 0;
    std::map<StepIndex, Operation> operations_;
    Children children_;
};

}  // namespace skald::sagas
