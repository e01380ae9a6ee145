#include "tests/benchmark/finished_saga.h"

#include <cstddef>
#include <stdexcept>
#include <utility>
#include <variant>

#include "sagas/lint.h"

namespace skald::benchmark {
namespace {

using sagas::Json;

sagas::Reply reply_to(const sagas::Call& call, std::optional<sagas::StepIndex> refused) {
    static const sagas::Value done = sagas::make_value({{"id", "8d1c6f02"}});
    static const sagas::Value refusal = sagas::make_value({{"error", "refused"}});
    sagas::Reply reply;
    const bool is_refused = call.phase == sagas::Phase::Action && call.step == refused;
    reply.status = is_refused ? 409 : 200;
    reply.body = is_refused ? refusal : done;
    return reply;
}

}  // namespace

FinishedSaga run_saga(const sagas::Definition& definition, std::string id,
                      sagas::Timestamp started_at, sagas::Value input,
                      std::optional<sagas::StepIndex> refused) {
    FinishedSaga finished;
    finished.saga = sagas::make_saga(definition, std::move(id), started_at, std::move(input));
    std::vector<sagas::Call> calls;
    const auto tell = [&](const sagas::Event& event) {
        sagas::Transition transition =
            sagas::apply(definition, std::move(finished.saga), event, started_at);
        finished.saga = std::move(transition.saga);
        if (transition.record) finished.journal.push_back(std::move(*transition.record));
        for (const sagas::Effect& effect : transition.effects) {
            if (const auto* call = std::get_if<sagas::Call>(&effect)) calls.push_back(*call);
        }
    };
    tell(sagas::Begin{});
    for (std::size_t next = 0; next < calls.size(); ++next) {
        const sagas::Call call = calls[next];
        tell(sagas::Answered{call.step, call.phase, call.attempt, reply_to(call, refused)});
    }
    return finished;
}

std::shared_ptr<const sagas::Definition> checked_definition(const std::string& json) {
    sagas::Checked checked = sagas::check_definition(Json::parse(json), std::nullopt);
    if (!checked.definition) {
        throw std::runtime_error("the definition has an error: " + checked.errors.at(0).pointer +
                                 ": " + checked.errors.at(0).detail);
    }
    return std::move(checked.definition);
}

}  // namespace skald::benchmark
