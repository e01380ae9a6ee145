#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "engine/rehearsal/fault.h"
#include "engine/rehearsal/sample.h"
#include "sagas/lint.h"
#include "store/store.h"

namespace skald::rehearsal {

/// What all runs of one rehearsal share; constant while they run.
class Stage {
 public:
    /// `input` and `replies` (one for each step) are what the saga and its participants are given.
    Stage(const sagas::Checked& checked, Json input, std::vector<SampleReply> replies,
          std::vector<bool> reads);

    const sagas::Definition& definition() const { return version_->definition; }
    const engine::VersionPtr& version() const { return version_; }
    engine::Catalog& catalog() const { return catalog_; }
    const sagas::Value& input() const { return input_; }
    /// By step: its action changes nothing.
    const std::vector<bool>& reads() const { return reads_; }
    /// None: no step has that name.
    std::optional<StepIndex> find_step(std::string_view name) const;
    /// What the participant of `step` answers when it agrees, and when it refuses.
    const sagas::Reply& agreement(StepIndex step) const { return agreements_[to_size(step)]; }
    const sagas::Reply& refusal(StepIndex step) const { return refusals_[to_size(step)]; }

 private:
    sagas::Reply make_refusal(StepIndex step) const;

    std::unique_ptr<store::Store> library_;  ///< Holds the definition, for recoveries.
    mutable engine::Catalog catalog_;        ///< A cache.
    engine::VersionPtr version_;
    sagas::Value input_;
    std::vector<bool> reads_;
    std::vector<sagas::Reply> agreements_, refusals_;
};

/// Whether the action of `step` is a GET.
bool is_get(const sagas::Step& step);

}  // namespace skald::rehearsal
