#include "store/restore.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace skald::store {

namespace {

using sagas::StepIndex;

/// Whether everything that one row of a journal names is there.
class Fitting {
 public:
    Fitting(const sagas::Definition& definition, const sagas::Saga& saga, const Record& record)
        : definition_(definition), saga_(saga), record_(record) {}

    bool holds() const {
        const auto& decision = record_.decision;
        // Causes are folded before the elements that the same row makes are there.
        return std::visit([this](const auto& cause) { return was_there(cause); }, record_.cause) &&
               std::all_of(decision.errors.begin(), decision.errors.end(),
                           [this](const auto& error) { return is_there(error.first); }) &&
               std::all_of(decision.items.begin(), decision.items.end(),
                           [this](const auto& items) { return has_elements(items.first); }) &&
               std::all_of(decision.steps.begin(), decision.steps.end(),
                           [this](const auto& change) { return is_there(change.step); }) &&
               is_there(decision.turned) && is_there(decision.turn_wanted);
    }

 private:
    template <typename Cause>
    bool was_there(const Cause& cause) const {
        if constexpr (requires { cause.step; }) {
            const std::optional<StepIndex> step = cause.step;
            return !step || saga_.has(*step);
        } else {
            return true;
        }
    }
    bool has_elements(StepIndex step) const {
        return !sagas::item_of(step) && saga_.has(step) &&
               definition_.steps[to_size(step)].for_each.has_value();
    }
    bool is_there(StepIndex step) const {
        const auto item = sagas::item_of(step);
        const auto is_made = [&](const auto& items) {
            return items.first == sagas::step_of(step) && item < items.second->size();
        };
        const auto& items = record_.decision.items;
        return saga_.has(step) || (item && std::any_of(items.begin(), items.end(), is_made));
    }
    bool is_there(const std::optional<sagas::Failure>& failure) const {
        return !failure || !failure->step || is_there(*failure->step);
    }

    const sagas::Definition& definition_;
    const sagas::Saga& saga_;
    const Record& record_;
};

}  // namespace

Result<sagas::Saga> restore(const sagas::Definition& definition, SagaRow& row,
                            const std::vector<JournalRow>& journal) {
    sagas::Saga saga = sagas::make_saga(definition, row.id, row.started_at, std::move(row.input));
    saga.deadline_at = row.deadline_at;
    std::uint32_t seq = 0;
    for (const JournalRow& each : journal) {
        if (each.seq != ++seq || !Fitting(definition, saga, each.record).holds()) {
            return fail(ErrorCode::Corruption, "journal of saga " + row.id + ", row " +
                                                   std::to_string(each.seq) +
                                                   ": does not follow from the rows before");
        }
        saga = sagas::fold(std::move(saga), each.record);
    }
    return saga;
}

}  // namespace skald::store
