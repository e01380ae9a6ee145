#include "engine/rehearsal/network.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sagas/check.h"

namespace skald::rehearsal {
namespace {

using Owner = Timeline::Owner;
using Manner = Ledger::Manner;

constexpr Milliseconds kLong = std::chrono::hours{1};

std::string_view header(const sagas::Request& request, std::string_view name) {
    const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                    [name](const auto& header) { return header.first == name; });
    return found == request.headers.end() ? std::string_view() : found->second;
}

std::size_t place_of(StepIndex step, Phase phase) {
    return 2 * to_size(step) + (phase == Phase::Compensation ? 1 : 0);
}

/// Each step's participant has a way of its own, so that no two answers come at the same time.
Milliseconds way_to(StepIndex step) {
    return Milliseconds{10 + static_cast<std::int64_t>(to_size(step))};
}

const char* text_of(Ledger::Did did, Phase phase) {
    switch (did) {
        case Ledger::Did::Effect:
            return phase == Phase::Action ? "done" : "undone";
        case Ledger::Did::Remembered:
            return "knows the key, and does nothing more";
        case Ledger::Did::NothingToUndo:
            return "there is nothing to undo, and it will turn the action away";
        case Ledger::Did::Refused:
            return "refuses";
        case Ledger::Did::Barred:
            return "refuses, for its compensation was here first";
    }
    return "";
}

}  // namespace

Network::Network(const Stage& stage, const Schedule& schedule, Timeline& timeline,
                 std::function<void(std::string)> tell)
    : stage_(stage),
      schedule_(schedule),
      timeline_(timeline),
      tell_(std::move(tell)),
      ledger_(stage.definition().steps.size()),
      called_(2 * stage.definition().steps.size()),
      tries_(2 * stage.definition().steps.size()) {}

void Network::begin_process(Answered answered) {
    ++process_;
    answered_ = std::move(answered);
}

void Network::end_process() {
    open_.clear();
    answered_ = nullptr;
}

const Fault* Network::fault_of(const Try& attempt) const {
    const auto found = std::find_if(schedule_.begin(), schedule_.end(), [&](const Fault& fault) {
        return is_of_call(fault) && fault.step == attempt.step && fault.phase == attempt.phase;
    });
    return found == schedule_.end() ? nullptr : &*found;
}

void Network::call(engine::CallId id, sagas::Request request, std::uint32_t attempt) {
    const auto step = stage_.find_step(header(request, "Skald-Step"));
    SKALD_CHECK(step);
    const Phase phase =
        header(request, "Skald-Phase") == "action" ? Phase::Action : Phase::Compensation;
    const Try made{id, process_, *step, phase, attempt, request.timeout};
    open_.emplace(id, made);
    const std::size_t place = place_of(*step, phase);
    called_[place] = true;
    const std::uint32_t tries = ++tries_[place];
    const Fault* fault = fault_of(made);
    const bool is_for_ever =
        fault != nullptr &&
        (fault->kind == FaultKind::Gone || fault->kind == FaultKind::Failing ||
         fault->kind == FaultKind::FailingAfter || fault->kind == FaultKind::Refused);
    if (fault != nullptr && tries <= (is_for_ever ? kForEver : 1)) {
        send(made, *fault);
    } else {
        deliver(made, way_to(*step), Milliseconds{0});
    }
}

void Network::send(const Try& attempt, const Fault& fault) {
    const Milliseconds way = way_to(attempt.step);
    switch (fault.kind) {
        case FaultKind::Refused:
            timeline_.after(way, Owner::World, [this, attempt] {
                answer(attempt, {}, arrive(attempt, Manner::Refuses, ""));
            });
            return;
        case FaultKind::LostBefore:
            tell(attempt, "the request is lost on its way");
            time_out(attempt);
            return;
        case FaultKind::LostAfter:
            timeline_.after(way, Owner::World, [this, attempt] {
                arrive(attempt, Manner::Agrees, "; the answer is lost");
            });
            time_out(attempt);
            return;
        case FaultKind::Late:
            timeline_.after(attempt.timeout + kLong, Owner::World,
                            [this, attempt] { arrive(attempt, Manner::Agrees, ", too late"); });
            time_out(attempt);
            return;
        case FaultKind::Twice:
            deliver(attempt, way, {});
            timeline_.after(kLong, Owner::World,
                            [this, attempt] { arrive(attempt, Manner::Agrees, ", once more"); });
            return;
        case FaultKind::Unreachable:
        case FaultKind::Gone:
            answer(attempt, way, sagas::NotSent{"connection refused"});
            return;
        case FaultKind::Failing:
            answer(attempt, way, sagas::Reply{500, {}, sagas::make_value(nullptr), std::nullopt});
            return;
        case FaultKind::FailingAfter:
            timeline_.after(way, Owner::World, [this, attempt] {
                arrive(attempt, Manner::Agrees, "; but answers 500");
                answer(attempt, {},
                       sagas::Reply{500, {}, sagas::make_value(nullptr), std::nullopt});
            });
            return;
        case FaultKind::Slow:
            deliver(attempt, way, attempt.timeout / 2);
            return;
        default:
            deliver(attempt, way, {});  // Not a fault of calls.
    }
}

void Network::deliver(const Try& attempt, Milliseconds after, Milliseconds reply_after) {
    timeline_.after(after, Owner::World, [this, attempt, reply_after] {
        answer(attempt, reply_after, arrive(attempt, Manner::Agrees, ""));
    });
}

void Network::time_out(const Try& attempt) {
    answer(attempt, attempt.timeout, sagas::Lost{"no reply in time"});
}

/// The connection was the process's: the next one is told nothing.
void Network::answer(const Try& attempt, Milliseconds after, sagas::Answer what) {
    timeline_.after(after, Owner::World, [this, attempt, what = std::move(what)] {
        if (attempt.process != process_ || open_.erase(attempt.id) == 0) return;
        if (const auto* reply = std::get_if<sagas::Reply>(&what)) {
            if (tell_) tell(attempt, "answered " + std::to_string(reply->status));
        } else if (const auto* unsent = std::get_if<sagas::NotSent>(&what)) {
            tell(attempt, unsent->reason);
        } else {
            tell(attempt, std::get<sagas::Lost>(what).reason);
        }
        answered_(attempt.id, what);
    });
}

sagas::Reply Network::arrive(const Try& attempt, Manner manner, const char* remark) {
    const bool is_action = attempt.phase == Phase::Action;
    const Ledger::Did did =
        is_action ? ledger_.act(attempt.step, manner) : ledger_.undo(attempt.step, manner);
    if (tell_) tell(attempt, std::string(text_of(did, attempt.phase)) + remark);
    if (is_agreed(did)) {
        return is_action ? stage_.agreement(attempt.step)
                         : sagas::Reply{200, {}, sagas::make_value(nullptr), std::nullopt};
    }
    return is_action ? stage_.refusal(attempt.step)
                     : sagas::Reply{409, {}, sagas::make_value(nullptr), std::nullopt};
}

void Network::tell(const Try& attempt, const std::string& text) {
    if (!tell_) return;
    const std::string& name = stage_.definition().step(attempt.step).name;
    tell_((attempt.phase == Phase::Action ? name : "undo of " + name) + ", try " +
          std::to_string(attempt.number) + ": " + text);
}

}  // namespace skald::rehearsal
