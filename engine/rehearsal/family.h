#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sagas/lint.h"
#include "sagas/saga.h"

namespace skald::rehearsal {

using sagas::Json;
using sagas::Phase;
using sagas::StepIndex;

/// A step of one definition of a family.
struct FamilyStep {
    std::size_t definition;
    StepIndex step;
};

/// The definitions of one rehearsal: the topmost saga's (number 0), and those of all sagas below.
class Family {
 public:
    /// `others` that no saga of `topmost` calls, directly or not, are left out.
    ///
    /// Problems, with pointers below "/definition" and "/definitions": "duplicate-definition", and
    /// those of sagas::check_children.
    static tl::expected<Family, std::vector<sagas::Problem>> gather(
        const sagas::Checked& topmost, const std::vector<sagas::Checked>& others);

    std::size_t size() const { return members_.size(); }
    const sagas::Definition& at(std::size_t number) const { return *members_[number].definition; }
    const Json& filled(std::size_t number) const { return members_[number].filled; }
    /// Precondition: it is one of them.
    std::size_t number_of(std::string_view name) const;
    /// What the topmost saga pins: each of them has one version.
    const sagas::Pins& pins() const { return pins_; }
    /// Names of those of `others` that were left out.
    const std::vector<std::string>& uncalled() const { return uncalled_; }

    const sagas::Step& step(FamilyStep which) const {
        return at(which.definition).step(which.step);
    }
    /// "charge"; of a child's definition "payment/charge".
    std::string name(FamilyStep which) const;
    /// Every step of all of them, in order.
    std::vector<FamilyStep> steps() const;

 private:
    std::vector<sagas::Checked> members_;
    sagas::Pins pins_;
    std::vector<std::string> uncalled_;
};

/// A definition that a step calls a saga of, by its action or its compensation.
struct ChildCall {
    FamilyStep caller;
    Phase phase;
    const sagas::ChildSaga* child;  ///< Never null.
};
std::vector<ChildCall> child_calls(const Family& family);

/// Names of the definitions that `topmost` calls, directly or over those of `others`, and that are
/// not among these; each once.
std::vector<std::string> missing_children(const sagas::Definition& topmost,
                                          const std::vector<sagas::Checked>& others);

}  // namespace skald::rehearsal
