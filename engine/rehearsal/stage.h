#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog.h"
#include "engine/rehearsal/cast.h"
#include "engine/rehearsal/family.h"
#include "engine/rehearsal/sample.h"
#include "store/store.h"

namespace skald::rehearsal {

/// What the sagas and their participants are given. `replies` and `reads` by definition of the
/// family and step.
struct Properties {
    Json input;
    std::optional<std::string> lock;  ///< Rendered.
    std::vector<std::vector<SampleReply>> replies;
    std::vector<std::vector<bool>> reads;  ///< Its action changes nothing.
};

/// What all runs of one rehearsal share; constant while they run, but for the cast, which they add
/// to.
class Stage {
 public:
    /// Borrows the family.
    Stage(const Family& family, Properties properties);

    const Family& family() const { return family_; }
    /// Of the topmost saga.
    const engine::VersionPtr& version() const { return version_; }
    engine::Catalog& catalog() const { return catalog_; }
    Cast& cast() const { return *cast_; }
    const sagas::Value& input() const { return input_; }
    const std::optional<std::string>& lock() const { return lock_; }
    bool is_read(Spot spot) const;
    /// What the participant of `spot` answers when it agrees, and when it refuses.
    const sagas::Reply& agreement(Spot spot) const { return part(spot).agreement; }
    const sagas::Reply& refusal(Spot spot) const { return part(spot).refusal; }

    /// Registers the family's definitions, so that they have the same keys in every store.
    void register_in(store::Store& store) const;

 private:
    struct Part {
        sagas::Reply agreement, refusal;
        bool is_read;
    };
    const Part& part(Spot spot) const;
    sagas::Reply make_refusal(FamilyStep which) const;

    const Family& family_;
    std::unique_ptr<store::Store> library_;  ///< Holds the definitions, for recoveries.
    mutable engine::Catalog catalog_;        ///< A cache.
    engine::VersionPtr version_;
    std::unique_ptr<Cast> cast_;
    sagas::Value input_;
    std::optional<std::string> lock_;
    std::vector<std::vector<Part>> parts_;  ///< By definition and step.
};

}  // namespace skald::rehearsal
