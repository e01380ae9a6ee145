#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/route.h"
#include "api/services.h"

namespace skald::api {

/// Posts `command`, and answers with what `answer` makes of its result, once that is durable; where
/// nothing was done for the engine is Busy, and where no result comes in time, with a problem.
template <typename Command>
Later ask_engine(const Services& services, Command command,
                 std::function<Answer(const typename Command::Result&)> answer) {
    using Result = typename Command::Result;
    auto outcome = std::make_shared<Awaited<Result>>();
    command.done = [outcome](Result result) { outcome->set(std::move(result)); };
    services.post(std::move(command));
    Later later;
    later.time = kCommitTime;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [outcome, answer = std::move(answer)]() -> Answer {
        const Result* result = outcome->get();
        if (result == nullptr) return change_unconfirmed();
        if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
        return answer(*result);
    };
    return later;
}

}  // namespace skald::api
