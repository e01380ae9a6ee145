#pragma once

#include <optional>
#include <string>

#include "api/parsed.h"
#include "api/services.h"
#include "sagas/children.h"
#include "sagas/lint.h"

/// What only a server can say of a definition: whether the children that it calls are there and may
/// be called so, and whether participants can call back.
namespace skald::api {

/// Finds the latest versions in the server's catalog. Remembers when that could not be read, which
/// says nothing of the definition.
class LatestDefinitions {
 public:
    explicit LatestDefinitions(engine::Catalog& catalog) : catalog_(catalog) {}

    /// For sagas::check_children and pin_children; borrows this.
    sagas::FindLatest finder();
    /// None: all could be read.
    const std::optional<sagas::Error>& failure() const { return failure_; }

 private:
    sagas::Result<sagas::KnownDefinition> find(std::string_view name);

    engine::Catalog& catalog_;
    std::optional<sagas::Error> failure_;
};

/// sagas::check_definition, with the errors that this server finds. Problems: those of the store.
Parsed<sagas::Checked> check_definition_here(const Services& services, const sagas::Json& document,
                                             const std::optional<std::string>& name);

/// What a start stands on.
struct StartGround {
    engine::Catalog& catalog;
    bool has_public_url;  ///< As Services::has_public_url.
};

/// The versions of the children of a saga of `definition` that starts now. Problems:
/// InvalidDefinition (children have changed since it was registered, or participants can't call
/// back), and those of the store.
Parsed<sagas::Pins> pin_here(const StartGround& ground, const sagas::Definition& definition);

}  // namespace skald::api
