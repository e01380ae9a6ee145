#include "tests/simulation/operators.h"

#include <utility>
#include <variant>

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr const char* kResolutions[] = {"succeeded", "compensated", "skipped"};

sagas::ResolveAs resolution(const std::string& as) {
    if (as == kResolutions[0]) return sagas::ResolveAs::Succeeded;
    return as == kResolutions[1] ? sagas::ResolveAs::Compensated : sagas::ResolveAs::Skipped;
}

decltype(engine::Operate::event) event(const Asked& asked) {
    sagas::Operator who{"on-call", "simulated", sagas::RequestKey{asked.key, "hash"}};
    const auto step = [&asked] {
        return sagas::StepIndex{static_cast<std::uint32_t>(*asked.step)};
    };
    switch (asked.verb) {
        case Verb::Cancel:
            return sagas::Cancel{std::move(who)};
        case Verb::Retry:
            return sagas::Retry{asked.step ? std::optional(step()) : std::nullopt, std::move(who)};
        case Verb::Resolve: {
            const sagas::ResolveAs as = resolution(asked.as);
            sagas::Value output =
                as == sagas::ResolveAs::Succeeded ? sagas::make_value({{"n", "by hand"}}) : nullptr;
            return sagas::Resolve{step(), as, std::move(output), std::move(who)};
        }
        case Verb::Abandon:
            return sagas::Abandon{std::move(who)};
        case Verb::Suspend:
            return sagas::Suspend{std::move(who)};
        case Verb::Resume:
            break;
    }
    return sagas::Resume{std::move(who)};
}

std::string name(Verb verb) {
    switch (verb) {
        case Verb::Cancel:
            return "cancel";
        case Verb::Retry:
            return "retry";
        case Verb::Resolve:
            return "resolve";
        case Verb::Abandon:
            return "abandon";
        case Verb::Suspend:
            return "suspend";
        case Verb::Resume:
            break;
    }
    return "resume";
}

}  // namespace

Operators::Operators(Timeline& timeline, Random random, Counters& counters, const History& history,
                     const Clients& clients, See see)
    : timeline_(timeline),
      random_(random),
      counters_(counters),
      history_(history),
      clients_(clients),
      see_(std::move(see)) {}

void Operators::begin_process(Process& process) {
    process_ = &process;
    work_soon(Time{random_.between(10, 1'000)});
}

void Operators::work_soon(Time delay) {
    timeline_.after(delay, Owner::Process, [this] {
        is_healing_ ? mend() : meddle();
        work_soon(is_healing_ ? Time{60'000} : Time{random_.between(50, 3'000)});
    });
}

void Operators::meddle() {
    // Repeats first: of the last commands, those without an answer, and some that have one.
    const std::size_t from = commands_.size() > 4 ? commands_.size() - 4 : 0;
    for (std::size_t i = from; i < commands_.size(); ++i) {
        if (random_.one_in(commands_[i].is_answered ? 12 : 2)) post(i);
    }
    if (history_.starts.empty()) return;
    const StartPlan& start = history_.starts[random_.below(history_.starts.size())];
    const auto saga = clients_.saga(start);
    if (!saga || random_.one_in(2)) return;
    ask(draw(start, *saga));
    if (random_.one_in(8)) ask(draw(start, *saga));  // Somebody else, at the same moment.
}

Asked Operators::draw(const StartPlan& start, std::string saga) {
    static constexpr Verb kDrawn[] = {Verb::Cancel,  Verb::Retry,   Verb::Retry,   Verb::Resolve,
                                      Verb::Resolve, Verb::Resolve, Verb::Abandon, Verb::Suspend,
                                      Verb::Resume,  Verb::Resume};
    Asked asked{0, kDrawn[random_.below(std::size(kDrawn))], std::move(saga), {}, {}, {}};
    const std::size_t steps = history_.definitions[start.definition].steps.size();
    if (asked.verb == Verb::Abandon && !random_.one_in(4)) asked.verb = Verb::Cancel;
    if (asked.verb == Verb::Resolve || (asked.verb == Verb::Retry && random_.one_in(2))) {
        asked.step = random_.below(steps);
    }
    if (asked.verb == Verb::Resolve) asked.as = kResolutions[random_.below(3)];
    return asked;
}

void Operators::mend() {
    for (const StartPlan& start : history_.starts) {
        if (const auto saga = clients_.saga(start)) mend(start, *saga);
    }
}

void Operators::mend(const StartPlan& start, const std::string& saga) {
    const auto row = process_->reader().saga(saga);
    if (!row || sagas::is_terminal(row->summary.status)) return;
    ask({0, Verb::Resume, saga, {}, {}, {}});
    // Every third is left in front of the operator, for good.
    if (row->summary.status != sagas::Status::Stuck || start.number % 3 == 0) return;
    if (random_.one_in(3)) {
        ask({0, Verb::Retry, saga, {}, {}, {}});
        return;
    }
    const std::size_t steps = history_.definitions[start.definition].steps.size();
    for (std::size_t step = 0; step < steps; ++step) {
        ask({0, Verb::Resolve, saga, step, kResolutions[random_.below(3)], {}});
    }
    if (random_.one_in(20)) ask({0, Verb::Abandon, saga, {}, {}, {}});
}

void Operators::ask(Asked asked) {
    asked.number = commands_.size();
    asked.key = "command-" + std::to_string(asked.number);
    commands_.push_back({std::move(asked)});
    post(commands_.size() - 1);
}

void Operators::post(std::size_t index) {
    const Asked& asked = commands_[index].asked;
    see_(asked);
    process_->coordinator().post(engine::Operate{
        asked.saga, event(asked),
        [this, index](const engine::Operate::Result& result) { answered(index, result); }});
}

void Operators::answered(std::size_t index, const engine::Operate::Result& result) {
    using How = Answered::How;
    const Asked& asked = commands_[index].asked;
    commands_[index].is_answered = true;
    Answered seen{asked.number, How::Busy};
    if (const auto* done = std::get_if<engine::Operate::Done>(&result)) {
        const bool changed_nothing = done->how == engine::Operate::Done::How::AlreadySo;
        seen.how = changed_nothing ? How::AlreadySo : How::Applied;
        counters_.count(name(asked.verb) + " applied");
        if (done->how == engine::Operate::Done::How::WaitsForPivot) {
            counters_.count("a cancel waited for the pivot");
        }
    } else if (std::holds_alternative<sagas::Refusal>(result)) {
        seen.how = How::Refused;
        counters_.count(name(asked.verb) + " refused");
    } else if (std::holds_alternative<engine::Operate::KeyMismatch>(result)) {
        seen.how = How::KeyMismatch;
    } else if (std::holds_alternative<engine::Operate::NotLive>(result)) {
        seen.how = How::NotLive;
    }
    see_(seen);
}

}  // namespace skald::simulation
