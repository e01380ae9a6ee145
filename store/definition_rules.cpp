#include "store/definition_rules.h"

namespace skald::store {
namespace {

/// For `if_version`: a deleted definition counts as none.
std::uint32_t current_version(const std::optional<LatestDefinition>& latest) {
    const bool is_active = latest && latest->state == DefinitionRow::State::Active;
    return is_active ? latest->version : 0;
}

}  // namespace

std::variant<AddVersion, DefinitionOutcome> decide(const PutDefinition& put,
                                                   const std::optional<LatestDefinition>& latest) {
    if (put.if_version && *put.if_version != current_version(latest)) {
        return DefinitionOutcome{DefinitionVersionMismatch{current_version(latest)}};
    }
    if (!latest || latest->source != put.source) {
        return AddVersion{latest ? latest->version + 1 : 1};
    }
    const auto how = latest->state == DefinitionRow::State::Active
                         ? DefinitionWritten::How::EqualToLatest
                         : DefinitionWritten::How::BroughtBack;
    return DefinitionOutcome{DefinitionWritten{latest->key, latest->version, how}};
}

DefinitionOutcome decide(const DeleteDefinition& deletion,
                         const std::optional<LatestDefinition>& latest) {
    if (current_version(latest) == 0) {
        return DefinitionNotFound{};
    }
    if (deletion.if_version && *deletion.if_version != latest->version) {
        return DefinitionVersionMismatch{latest->version};
    }
    return DefinitionWritten{latest->key, latest->version, DefinitionWritten::How::Deleted};
}

}  // namespace skald::store
