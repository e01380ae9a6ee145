#include "store/restore.h"

#include <algorithm>
#include <string>
#include <utility>

namespace skald::store {

namespace {

using sagas::StepIndex;

std::optional<StepIndex> step_of(const sagas::Cause& cause) {
    return std::visit(
        [](const auto& what) -> std::optional<StepIndex> {
            if constexpr (requires { what.step; }) {
                return what.step;
            } else {
                return std::nullopt;
            }
        },
        cause);
}

/// Whether every step that `record` names is one of `steps`.
bool fits(const Record& record, std::size_t steps) {
    const auto is_known = [steps](StepIndex step) { return to_size(step) < steps; };
    const std::optional<StepIndex> cause = step_of(record.cause);
    const auto& decision = record.decision;
    return (!cause || is_known(*cause)) &&
           std::all_of(decision.steps.begin(), decision.steps.end(),
                       [&](const auto& change) { return is_known(change.step); }) &&
           std::all_of(decision.errors.begin(), decision.errors.end(),
                       [&](const auto& error) { return is_known(error.first); });
}

}  // namespace

Result<sagas::Saga> restore(const sagas::Definition& definition, SagaRow& row,
                            const std::vector<JournalRow>& journal) {
    sagas::Saga saga = sagas::make_saga(definition, row.id, row.started_at, std::move(row.input));
    saga.deadline_at = row.deadline_at;
    std::uint32_t seq = 0;
    for (const JournalRow& each : journal) {
        if (each.seq != ++seq || !fits(each.record, saga.steps.size())) {
            return fail(ErrorCode::Corruption, "journal of saga " + row.id + ", row " +
                                                   std::to_string(each.seq) +
                                                   ": does not follow from the rows before");
        }
        saga = sagas::fold(std::move(saga), each.record);
    }
    return saga;
}

}  // namespace skald::store
