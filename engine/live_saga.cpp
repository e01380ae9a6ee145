#include "engine/live_saga.h"

#include <algorithm>
#include <string_view>

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
    for (const sagas::StepRun& run : saga.steps) {
        if (run.failing_since && (!now.failing_since || *run.failing_since < *now.failing_since)) {
            now.failing_since = run.failing_since;
        }
        const bool is_later =
            !run.error.empty() && (last == nullptr || run.error_at > last->error_at);
        if (is_later) last = &run;
    }
    if (last != nullptr) {
        const auto index = static_cast<std::size_t>(last - saga.steps.data());
        now.last_error = last->error;
        now.last_step = live.definition().steps[index].name;
    }
    return now;
}

}  // namespace

OpenCall* LiveSaga::find_call(sagas::StepIndex step, sagas::Phase phase, std::uint32_t attempt) {
    const auto found = std::find_if(calls.begin(), calls.end(), [&](const OpenCall& call) {
        return call.step == step && call.phase == phase && call.attempt == attempt;
    });
    return found == calls.end() ? nullptr : &*found;
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
