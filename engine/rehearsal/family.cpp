#include "engine/rehearsal/family.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sagas/check.h"
#include "sagas/children.h"
#include "sagas/request.h"

namespace skald::rehearsal {
namespace {

using sagas::Problem;

StepIndex index_at(std::size_t position) { return StepIndex{static_cast<std::uint32_t>(position)}; }

std::vector<std::string> names_called(const sagas::Definition& definition) {
    std::vector<std::string> names;
    for (const sagas::Step& step : definition.steps) {
        for (const Phase phase : {Phase::Action, Phase::Compensation}) {
            const sagas::ChildSaga* child = sagas::child_called(step, phase);
            if (child != nullptr) names.push_back(child->definition);
        }
    }
    return names;
}

/// Names of `topmost` and all below it, in the order in which they are first called; of those that
/// `known` hasn't, nothing more is known.
std::vector<std::string> names_below(const sagas::Definition& topmost,
                                     const std::map<std::string, const sagas::Definition*>& known) {
    std::vector<std::string> names{topmost.name};
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = known.find(names[i]);
        if (found == known.end()) continue;
        for (const std::string& name : names_called(*found->second)) {
            const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
            if (is_new) names.push_back(name);
        }
    }
    return names;
}

std::map<std::string, const sagas::Definition*> known_of(
    const sagas::Definition& topmost, const std::vector<sagas::Checked>& others) {
    std::map<std::string, const sagas::Definition*> known{{topmost.name, &topmost}};
    for (const sagas::Checked& each : others) {
        known.emplace(each.definition->name, each.definition.get());
    }
    return known;
}

std::vector<Problem> find_duplicates(const sagas::Checked& topmost,
                                     const std::vector<sagas::Checked>& others) {
    std::vector<Problem> problems;
    std::set<std::string> seen{topmost.definition->name};
    for (std::size_t i = 0; i < others.size(); ++i) {
        const std::string& name = others[i].definition->name;
        if (seen.insert(name).second) continue;
        problems.push_back({"duplicate-definition", "/definitions/" + std::to_string(i),
                            "definition \"" + name + "\" is given twice", "leave one of them out"});
    }
    return problems;
}

}  // namespace

tl::expected<Family, std::vector<Problem>> Family::gather(
    const sagas::Checked& topmost, const std::vector<sagas::Checked>& others) {
    auto problems = find_duplicates(topmost, others);
    const auto find = [&others](std::string_view name) -> sagas::Result<sagas::KnownDefinition> {
        for (const sagas::Checked& each : others) {
            if (each.definition->name == name) return sagas::KnownDefinition{each.definition, 1};
        }
        return sagas::fail(sagas::ErrorCode::NotFound, std::string(name) + " is not given");
    };
    for (Problem& problem : sagas::check_children(*topmost.definition, find)) {
        problem.pointer.insert(0, "/definition");
        if (problem.code == "unknown-definition") problem.hint = "give that definition too";
        problems.push_back(std::move(problem));
    }
    if (!problems.empty()) return tl::unexpected(std::move(problems));

    Family family;
    const auto names = names_below(*topmost.definition, known_of(*topmost.definition, others));
    for (const std::string& name : names) {
        const auto found = std::find_if(
            others.begin(), others.end(),
            [&name](const sagas::Checked& each) { return each.definition->name == name; });
        family.members_.push_back(found == others.end() ? topmost : *found);
    }
    for (const sagas::Checked& each : others) {
        const std::string& name = each.definition->name;
        const bool is_called = std::find(names.begin(), names.end(), name) != names.end();
        if (!is_called) family.uncalled_.push_back(name);
    }
    auto pins = sagas::pin_children(*topmost.definition, find);
    SKALD_CHECK(pins);
    family.pins_ = std::move(*pins);
    return family;
}

std::size_t Family::number_of(std::string_view name) const {
    const auto found =
        std::find_if(members_.begin(), members_.end(),
                     [name](const sagas::Checked& each) { return each.definition->name == name; });
    SKALD_CHECK(found != members_.end());
    return static_cast<std::size_t>(found - members_.begin());
}

std::string Family::name(FamilyStep which) const {
    const std::string& name = step(which).name;
    return which.definition == 0 ? name : at(which.definition).name + '/' + name;
}

std::vector<FamilyStep> Family::steps() const {
    std::vector<FamilyStep> steps;
    for (std::size_t number = 0; number < size(); ++number) {
        for (std::size_t i = 0; i < at(number).steps.size(); ++i) {
            steps.push_back({number, index_at(i)});
        }
    }
    return steps;
}

std::vector<ChildCall> child_calls(const Family& family) {
    std::vector<ChildCall> calls;
    for (const FamilyStep each : family.steps()) {
        for (const Phase phase : {Phase::Action, Phase::Compensation}) {
            const sagas::ChildSaga* child = sagas::child_called(family.step(each), phase);
            if (child != nullptr) calls.push_back({each, phase, child});
        }
    }
    return calls;
}

std::vector<std::string> missing_children(const sagas::Definition& topmost,
                                          const std::vector<sagas::Checked>& others) {
    const auto known = known_of(topmost, others);
    std::vector<std::string> names = names_below(topmost, known);
    std::erase_if(names, [&known](const std::string& name) { return known.contains(name); });
    return names;
}

}  // namespace skald::rehearsal
