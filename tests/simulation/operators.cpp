#include "tests/simulation/operators.h"

#include <utility>
#include <variant>

#include "tests/simulation/plans.h"

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
        const sagas::StepIndex index{static_cast<std::uint32_t>(*asked.step)};
        return asked.item ? sagas::element_of(index, *asked.item) : index;
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
                     const Clients& clients, See see, std::int64_t pace)
    : timeline_(timeline),
      random_(random),
      counters_(counters),
      history_(history),
      clients_(clients),
      see_(std::move(see)),
      pace_(pace) {}

void Operators::begin_process(Process& process) {
    process_ = &process;
    work_soon(Time{random_.between(10, 1'000)});
}

void Operators::work_soon(Time delay) {
    timeline_.after(delay, Owner::Process, [this] {
        if (are_gone_) return;
        is_healing_ ? mend() : meddle();
        work_soon(is_healing_ ? Time{60'000} : pace_ * Time{random_.between(50, 3'000)});
    });
}

void Operators::meddle() {
    repeat_some();
    if (history_.starts.empty() || random_.one_in(2)) return;
    const auto target = draw_target();
    if (!target) return;
    ask(draw(*target));
    if (random_.one_in(8)) ask(draw(*target));  // Somebody else, at the same moment.
}

/// Of the last commands, those without an answer, and some that have one.
void Operators::repeat_some() {
    const std::size_t from = commands_.size() > 4 ? commands_.size() - 4 : 0;
    for (std::size_t i = from; i < commands_.size(); ++i) {
        if (random_.one_in(commands_[i].is_answered ? 12 : 2)) post(i);
    }
}

/// One that a client started, over or not; or any that lives, children too.
std::optional<Operators::Target> Operators::draw_target() {
    if (random_.one_in(4)) {
        const StartPlan& start = history_.starts[random_.below(history_.starts.size())];
        const auto saga = clients_.saga(start);
        if (!saga) return std::nullopt;
        return Target{
            *saga, &start, &history_.definitions[start.definition], sagas::Status::Running, {}};
    }
    std::vector<Target> targets = live(12);
    if (targets.empty()) return std::nullopt;
    return std::move(targets[random_.below(targets.size())]);
}

std::vector<Operators::Target> Operators::live(std::uint32_t most) const {
    store::SagaFilter filter;
    filter.statuses = {sagas::Status::Running, sagas::Status::Compensating, sagas::Status::Stuck};
    std::vector<Target> targets;
    const auto list = process_->reader().list(filter, {std::nullopt, most, 1'000});
    if (!list) return targets;
    for (const store::SagaRow& row : list->rows) {
        Target target{row.id,
                      start_of(history_.starts, row.id),
                      plan_of(history_.definitions, row.definition, row.version),
                      row.summary.status,
                      {}};
        if (target.start == nullptr || target.plan == nullptr) continue;
        for (std::size_t step = 0; step < target.plan->steps.size(); ++step) {
            if (target.plan->steps[step].name == row.summary.last_step) target.last_step = step;
        }
        targets.push_back(std::move(target));
    }
    return targets;
}

Asked Operators::draw(const Target& target) {
    static constexpr Verb kDrawn[] = {Verb::Cancel,  Verb::Retry,   Verb::Retry,   Verb::Resolve,
                                      Verb::Resolve, Verb::Resolve, Verb::Abandon, Verb::Suspend,
                                      Verb::Resume,  Verb::Resume};
    Asked asked{0, kDrawn[random_.below(std::size(kDrawn))], target.saga, {}, {}, {}};
    if (asked.verb == Verb::Abandon && !random_.one_in(4)) asked.verb = Verb::Cancel;
    if (asked.verb == Verb::Resolve || (asked.verb == Verb::Retry && random_.one_in(2))) {
        asked.step = random_.below(target.plan->steps.size());
        if (target.last_step && random_.one_in(2)) asked.step = target.last_step;
        const auto items = items_of(target.plan->steps[*asked.step], *target.start);
        if (items && !random_.one_in(4)) {
            asked.item = static_cast<std::uint32_t>(random_.below(*items + 1));
        }
    }
    if (asked.verb == Verb::Resolve) asked.as = kResolutions[random_.below(3)];
    return asked;
}

void Operators::mend() {
    for (const Target& target : live(200)) mend(target);
}

void Operators::mend(const Target& target) {
    if (suspended_.contains(target.saga)) ask({0, Verb::Resume, target.saga, {}, {}, {}});
    // Every third is left in front of the operator, for good.
    if (target.status != sagas::Status::Stuck || target.start->number % 3 == 0) return;
    if (random_.one_in(3)) {
        ask({0, Verb::Retry, target.saga, {}, {}, {}});
        return;
    }
    const Verb verb = random_.one_in(4) ? Verb::Retry : Verb::Resolve;
    for (std::size_t step = 0; step < target.plan->steps.size(); ++step) {
        const auto items = items_of(target.plan->steps[step], *target.start);
        // To try the step again is to try all its elements.
        if (verb == Verb::Resolve || !items) mend(target, verb, {step});
        for (std::uint32_t item = 0; item < items.value_or(0); ++item) {
            mend(target, verb, {step, item});
        }
    }
    if (random_.one_in(20)) ask({0, Verb::Abandon, target.saga, {}, {}, {}});
}

/// In case it is stuck.
void Operators::mend(const Target& target, Verb verb, Place place) {
    const char* as = verb == Verb::Resolve ? kResolutions[random_.below(3)] : "";
    ask({0, verb, target.saga, place.step, as, {}, place.item});
}

void Operators::ask(Asked asked) {
    asked.number = commands_.size();
    asked.key = "command-" + std::to_string(asked.number);
    if (asked.verb == Verb::Suspend) suspended_.insert(asked.saga);
    commands_.push_back({std::move(asked)});
    post(commands_.size() - 1);
}

void Operators::post(std::size_t index) {
    const Asked& asked = commands_[index].asked;
    see_(asked);
    process_->note_said(asked.saga, SlowLoader::Cause::Operator);
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
        if (asked.item) counters_.count(name(asked.verb) + " of an element applied");
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
    const bool is_surely_resumed =
        is_healing_ && asked.verb == Verb::Resume && seen.how != How::Busy;
    if (is_surely_resumed) suspended_.erase(asked.saga);
}

}  // namespace skald::simulation
