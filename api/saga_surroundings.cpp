#include "api/saga_surroundings.h"

#include <algorithm>
#include <variant>

#include "api/step_place.h"
#include "sagas/child_id.h"
#include "sagas/request.h"

namespace skald::api {
namespace {

using sagas::Phase;
using sagas::StepIndex;

bool is_settled(const sagas::StepState& state) {
    return std::holds_alternative<sagas::Succeeded>(state) ||
           std::holds_alternative<sagas::Failed>(state) ||
           std::holds_alternative<sagas::Compensated>(state);
}

/// The ids of all children, those that are at work first.
std::vector<std::string> children_of(const sagas::Definition& definition, const sagas::Saga& saga) {
    std::vector<std::string> at_work, settled;
    const auto add = [&](StepIndex place) {
        for (const Phase phase : {Phase::Action, Phase::Compensation}) {
            if (auto child = child_of(definition, saga, place, phase)) {
                (is_settled(saga.step(place).state) ? settled : at_work)
                    .push_back(std::move(child->id));
            }
        }
    };
    for (const StepIndex step : definition.order) {
        const std::size_t elements = saga.step(step).elements.size();
        if (elements == 0) add(step);
        for (std::size_t item = 0; item < elements; ++item) add(sagas::element_of(step, item));
    }
    at_work.insert(at_work.end(), settled.begin(), settled.end());
    at_work.resize(std::min(at_work.size(), kChildrenLookedAtMax));
    return at_work;
}

std::optional<std::string> find_parent_step(const Services& services, const sagas::Parent& parent) {
    const auto row = read_again([&] { return services.reader.saga(parent.saga); });
    if (!row) return std::nullopt;
    const auto version = read_again([&] { return services.catalog.of(row->definition_key); });
    if (!version) return std::nullopt;
    const sagas::Definition& definition = (*version)->definition;
    if (sagas::to_size(parent.step) >= definition.steps.size()) return std::nullopt;
    return place_text(definition, parent.step);
}

std::optional<store::LockPlace> find_lock_place(const Services& services, const std::string& id) {
    const auto row = read_again([&] { return services.reader.saga(id); });
    if (!row) return std::nullopt;
    auto place = read_again([&] { return services.reader.lock_place(row->key); });
    if (!place) return std::nullopt;
    return std::move(*place);
}

}  // namespace

std::optional<ChildCalled> child_of(const sagas::Definition& definition, const sagas::Saga& saga,
                                    StepIndex place, Phase phase) {
    const sagas::ChildSaga* called = sagas::child_called(definition.step(place), phase);
    if (called == nullptr) return std::nullopt;
    const sagas::StepRun& run = saga.step(place);
    const std::uint32_t attempt = phase == Phase::Action ? run.attempts : run.compensation_attempts;
    if (attempt == 0) return std::nullopt;
    return ChildCalled{sagas::child_id(definition, saga.id, place, phase, attempt),
                       called->definition};
}

SagaSurroundings look_around(const Services& services, const engine::Version& version,
                             const sagas::Saga& saga) {
    SagaSurroundings around;
    for (const std::string& id : children_of(version.definition, saga)) {
        const auto row = read_again([&] { return services.reader.saga(id); });
        if (row) around.children.emplace(id, row->summary.status);
    }
    if (saga.parent) around.parent_step = find_parent_step(services, *saga.parent);
    if (saga.lock && !saga.lock->is_held && !saga.end) {
        around.lock = find_lock_place(services, saga.id);
    }
    return around;
}

}  // namespace skald::api
