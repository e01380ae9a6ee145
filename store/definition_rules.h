#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "store/store.h"

/// What PutDefinition and DeleteDefinition come to; pure, and the same in every store.
namespace skald::store {

/// The latest version of a name, as it is stored.
struct LatestDefinition {
    DefinitionKey key;
    std::uint32_t version;
    std::string source;
    DefinitionRow::State state;
};

/// The version has to be stored (and its name made active).
struct AddVersion {
    std::uint32_t version;
};

std::variant<AddVersion, DefinitionOutcome> decide(const PutDefinition& put,
                                                   const std::optional<LatestDefinition>& latest);
DefinitionOutcome decide(const DeleteDefinition& deletion,
                         const std::optional<LatestDefinition>& latest);

}  // namespace skald::store
