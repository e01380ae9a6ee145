#include "api/plan_view.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/plan_entries.h"
#include "api/waiting_for.h"
#include "sagas/event_match.h"
#include "sagas/machine.h"

namespace skald::api {
namespace {

using sagas::Phase;
using sagas::StepIndex;

bool is_to_come(const sagas::StepState& state) {
    return std::holds_alternative<sagas::Pending>(state) ||
           std::holds_alternative<sagas::Calling>(state) ||
           std::holds_alternative<sagas::BackingOff>(state) ||
           std::holds_alternative<sagas::Waiting>(state) ||
           std::holds_alternative<sagas::AwaitingCallback>(state) ||
           std::holds_alternative<sagas::Iterating>(state) ||
           std::holds_alternative<sagas::StuckAction>(state);
}

Document forward_of(const sagas::Definition& definition, const sagas::Saga& saga,
                    const SagaSurroundings& around) {
    Document forward = Document::array();
    if (saga.end || saga.direction == sagas::Direction::Backward) return forward;
    const PlanEntries entries(definition, saga, around);
    for (const StepIndex index : definition.order) {
        const sagas::StepRun& run = saga.step(index);
        if (!is_to_come(run.state)) continue;
        if (definition.step(index).for_each && run.elements.empty()) {
            forward.push_back(entries.all_elements(index));
        } else if (run.elements.empty()) {
            forward.push_back(entries.entry(index, Phase::Action, run.state));
        }
        for (std::size_t item = 0; item < run.elements.size(); ++item) {
            if (!is_to_come(run.elements[item].state)) continue;
            forward.push_back(entries.entry(sagas::element_of(index, item), Phase::Action,
                                            run.elements[item].state));
        }
    }
    return forward;
}

/// Plays a saga's way back on the machine, where everybody does what is asked.
class WayBack {
 public:
    WayBack(const sagas::Definition& definition, const sagas::Saga& saga,
            const SagaSurroundings& around, sagas::Timestamp now)
        : definition_(definition), before_(saga), around_(around), saga_(saga), now_(now) {}

    /// Sets `undo` and, where it can't turn, `no_undo`.
    void play(Document& plan) {
        if (!before_.end) turn();
        for (std::size_t round = 0; round < kRoundsMax && !saga_.end; ++round) {
            if (!play_round() && !unstick()) break;
        }
        plan["undo"] = std::move(entries_);
        set_text(plan, "no_undo", why_not_);
    }

 private:
    /// Each settles something; steps and elements are settled a few times each.
    static constexpr std::size_t kRoundsMax = 10'000;

    static sagas::Operator planner() { return {"plan", "", std::nullopt}; }

    void apply(const sagas::Event& event) {
        sagas::Transition next = sagas::apply(definition_, std::move(saga_), event, now_);
        saga_ = std::move(next.saga);
        // An event is published by the transition itself: there is no effect for it.
        for (const sagas::Publication& publication : next.publications) {
            const bool is_undo = publication.phase == Phase::Compensation;
            if (is_undo && noted_.insert(publication.step).second) {
                note_compensation(publication.step);
            }
        }
        if (next.refusal && next.refusal->code != sagas::RefusalCode::AlreadySo) {
            why_not_ = next.refusal->detail;
        }
    }

    void turn() {
        if (saga_.suspension == sagas::Suspension::Suspended) apply(sagas::Resume{planner()});
        if (saga_.direction == sagas::Direction::Forward) apply(sagas::Cancel{planner()});
    }

    bool is_on_its_way() const {
        return saga_.direction == sagas::Direction::Backward || saga_.turn_wanted.has_value();
    }

    /// False: nothing is owed that this can do.
    bool play_round() {
        if (!is_on_its_way()) return false;
        bool did_some = false;
        // Of what may be undone at the same time, what was done last comes first.
        std::vector<sagas::Effect> effects = sagas::owed(definition_, saga_);
        std::reverse(effects.begin(), effects.end());
        for (const sagas::Effect& effect : effects) {
            if (!sagas::is_owed(definition_, saga_, effect)) continue;
            did_some |=
                std::visit([this](const auto& each) { return this->perform(each); }, effect);
        }
        return did_some;
    }

    /// What is stuck on the way back is tried again, as an operator would; once.
    bool unstick() {
        if (is_unstuck_ || sagas::status(saga_) != sagas::Status::Stuck || !is_on_its_way()) {
            return false;
        }
        is_unstuck_ = true;
        apply(sagas::Retry{std::nullopt, planner()});
        return true;
    }

    /// The way back makes no new elements.
    const sagas::StepState& state_before(StepIndex place) const {
        return before_.step(place).state;
    }
    PlanEntries entries() const { return {definition_, saga_, around_}; }
    void note_compensation(StepIndex place) {
        entries_.push_back(entries().entry(place, Phase::Compensation, state_before(place)));
    }
    void answer(StepIndex step, Phase phase, std::uint32_t attempt, sagas::Answer answer) {
        apply(sagas::Answered{step, phase, attempt, std::move(answer)});
    }
    static sagas::Answer reply(int status) {
        return sagas::Reply{status, {}, sagas::make_value(nullptr), std::nullopt};
    }
    static sagas::Answer ended(sagas::ChildEnd::How how) {
        return sagas::ChildEnd{how, sagas::make_value(nullptr), ""};
    }

    bool perform(const sagas::Call& call) {
        if (call.phase == Phase::Compensation) {
            note_compensation(call.step);
            answer(call.step, call.phase, call.attempt, reply(200));
        } else {
            // The pivot, which must not succeed for the saga to turn.
            answer(call.step, call.phase, call.attempt, sagas::NotSent{"plan"});
        }
        return true;
    }
    static bool awaits_reply(const sagas::StepState& state) {
        return std::holds_alternative<sagas::AwaitingCallback>(state) ||
               std::holds_alternative<sagas::CompensationAwaitingCallback>(state);
    }
    /// By the event that it waits for: the compensation succeeds, and the pivot must not.
    void reply_to(const sagas::WakeStep& wake) {
        const bool is_undo = wake.phase == Phase::Compensation;
        if (is_undo && noted_.insert(wake.step).second) note_compensation(wake.step);
        apply(sagas::CalledBack{wake.step, wake.phase,
                                is_undo ? sagas::Outcome::Success : sagas::Outcome::Failure,
                                nullptr, is_undo ? "" : "plan", sagas::EventRef{}});
    }

    bool perform(const sagas::Settle& settle) {
        answer(settle.step, Phase::Action, settle.attempt, sagas::Lost{"plan"});
        return true;
    }
    bool perform(const sagas::Child& child) {
        using How = sagas::ChildEnd::How;
        const bool is_wanted = child.wish == sagas::Child::Wish::Run;
        const bool is_compensation = is_wanted && child.phase == Phase::Compensation;
        if (is_compensation) {
            note_compensation(child.step);
        } else if (!is_wanted) {
            entries_.push_back(entries().turn_of_child(child.step, state_before(child.step)));
        }  // Else it is the pivot, as above.
        answer(child.step, child.phase, child.attempt,
               ended(is_compensation ? How::Completed : How::Compensated));
        return true;
    }
    bool perform(const sagas::WakeStep& wake) {
        if (sagas::awaited_event(definition_.step(wake.step), wake.phase) != nullptr &&
            awaits_reply(saga_.step(wake.step).state)) {
            reply_to(wake);
            return true;
        }
        now_ = std::max(now_, wake.at);  // Before its time it is none.
        apply(sagas::Due{wake.step, wake.phase, wake.attempt});
        return true;
    }
    static bool perform(const sagas::WakeDeadline&) { return false; }
    static bool perform(const sagas::HoldLock&) { return false; }

    const sagas::Definition& definition_;
    const sagas::Saga& before_;
    const SagaSurroundings& around_;
    sagas::Saga saga_;
    sagas::Timestamp now_;
    Document entries_ = Document::array();
    std::set<StepIndex> noted_;  ///< Of compensations by event.
    std::string why_not_;
    bool is_unstuck_ = false;
};

}  // namespace

Document plan_document(const engine::Version& version, const sagas::Saga& saga,
                       const SagaSurroundings& around, sagas::Timestamp now) {
    const sagas::Definition& definition = version.definition;
    Document plan;
    plan["saga"] = saga.id;
    plan["status"] = sagas::to_text(sagas::status(saga));
    if (auto what = waiting_for(definition, saga, around); !what.empty()) {
        plan["waiting_for"] = std::move(what);
    }
    plan["forward"] = forward_of(definition, saga, around);
    WayBack(definition, saga, around, now).play(plan);
    return plan;
}

}  // namespace skald::api
