#include "engine/live_saga.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace skald::engine {

namespace {

/// A summary without its copies of text.
struct Glance {
    sagas::Status status;
    std::optional<sagas::Timestamp> ended_at;
    std::optional<sagas::Timestamp> failing_since;
    std::string_view last_error;
    std::string_view last_step;
};

Glance glance(const LiveSaga& live) {
    const sagas::Saga& saga = live.saga;
    Glance now{sagas::status(saga), std::nullopt, std::nullopt, {}, {}};
    if (saga.end) now.ended_at = saga.end->at;
    const sagas::StepRun* last = nullptr;
    const auto look_at = [&](const sagas::StepRun& run, std::size_t step) {
        if (run.failing_since && (!now.failing_since || *run.failing_since < *now.failing_since)) {
            now.failing_since = run.failing_since;
        }
        if (run.error.empty() || (last != nullptr && run.error_at <= last->error_at)) return;
        last = &run;
        now.last_error = run.error;
        now.last_step = live.definition().steps[step].name;  // Of an element too.
    };
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        look_at(saga.steps[i], i);
        for (const sagas::StepRun& element : saga.steps[i].elements) look_at(element, i);
    }
    return now;
}

bool is_same_call(const sagas::Child& one, const sagas::Child& other) {
    return one.step == other.step && one.phase == other.phase && one.attempt == other.attempt;
}

}  // namespace

OpenCall* LiveSaga::find_call(sagas::StepIndex step, sagas::Phase phase, std::uint32_t attempt) {
    const auto found = std::find_if(calls.begin(), calls.end(), [&](const OpenCall& call) {
        return call.step == step && call.phase == phase && call.attempt == attempt;
    });
    return found == calls.end() ? nullptr : &*found;
}

const ChildLink* LiveSaga::find_link(const sagas::Child& wish) const {
    const auto found = std::find_if(links.begin(), links.end(), [&wish](const ChildLink& link) {
        return is_same_call(link.wish, wish);
    });
    return found == links.end() ? nullptr : &*found;
}

ChildLink* LiveSaga::find_link(const sagas::Child& wish) {
    return const_cast<ChildLink*>(std::as_const(*this).find_link(wish));
}

std::optional<store::Summary> changed_summary(const LiveSaga& live) {
    const Glance now = glance(live);
    const store::Summary& last = live.summary;
    const bool is_same = now.status == last.status && now.ended_at == last.ended_at &&
                         now.failing_since == last.failing_since &&
                         now.last_error == last.last_error && now.last_step == last.last_step;
    if (is_same) return std::nullopt;
    return store::Summary{live.key,
                          now.status,
                          now.ended_at,
                          now.failing_since,
                          std::string(now.last_error),
                          std::string(now.last_step)};
}

}  // namespace skald::engine
