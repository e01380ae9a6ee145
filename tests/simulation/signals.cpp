#include "tests/simulation/signals.h"

#include <utility>

#include "tests/simulation/plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;
using sagas::Json;

constexpr const char* kPeople = "/people";
constexpr std::uint32_t kLookedAt = 20;

}  // namespace

Signals::Signals(Timeline& timeline, Publishers& publishers, Random random, Counters& counters,
                 const History& history, std::int64_t pace)
    : timeline_(timeline),
      publishers_(publishers),
      random_(random),
      counters_(counters),
      history_(history),
      pace_(pace) {
    for (const DefinitionPlan& plan : history.definitions) {
        for (const StepPlan& step : plan.steps) {
            const bool is_wait = step.kind == StepPlan::Kind::Wait && step.event;
            if (is_wait) targets_.push_back({&plan, &step});
        }
    }
}

void Signals::begin() {
    if (!targets_.empty()) signal_later();
}

void Signals::signal_later() {
    timeline_.after(pace_ * Time{random_.between(50, 3'000)}, Owner::World, [this] {
        if (is_over_) return;
        signal();
        signal_later();
    });
}

void Signals::signal() {
    const Target& target = targets_[random_.below(targets_.size())];
    const AwaitedPlan& awaited = *target.step->event->reply;
    Json event = {{"source", kPeople},
                  {"id", "signal-" + std::to_string(++last_)},
                  {"type", draw_type(awaited)},
                  {"data", {{"n", last_}, {"reason", "so it is"}}}};
    if (awaited.by == MatchBy::Group) {
        event["data"]["group"] = (random_.one_in(3) ? "g1/" : "g0/") + target.step->name;
    } else {
        const std::vector<std::string> sagas = sagas_of(*target.plan);
        if (sagas.empty()) return;
        event["sagaid"] = sagas[random_.below(sagas.size())];
        event["sagastep"] = target.step->name;
    }
    counters_.count("a signal");
    publishers_.publish(awaited.topic, {std::move(event)});
}

std::string Signals::draw_type(const AwaitedPlan& awaited) {
    if (random_.one_in(8)) return "by-the-way";
    const bool is_bad = !awaited.failure.empty() && random_.one_in(4);
    const auto& types = is_bad ? awaited.failure : awaited.success;
    return types[random_.below(types.size())];
}

std::vector<std::string> Signals::sagas_of(const DefinitionPlan& plan) const {
    std::vector<std::string> ids;
    for (const StartPlan& start : history_.starts) {
        const bool is_known =
            start.is_id_of_client && history_.definitions[start.definition].name == plan.name;
        if (is_known) ids.push_back(start.id);
    }
    if (process_ == nullptr || process_->is_dying()) return ids;
    const auto list = process_->reader().list({}, {std::nullopt, kLookedAt, kLookedAt});
    if (!list) return ids;
    for (const store::SagaRow& row : list->rows) {
        if (row.definition == plan.name) ids.push_back(row.id);
    }
    return ids;
}

}  // namespace skald::simulation
