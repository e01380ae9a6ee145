#pragma once

#include <cstdint>
#include <string>

#include "api/parsed.h"
#include "api/services.h"
#include "store/store.h"

/// Versions of definitions as they are stored, for those who show them.
namespace skald::api {

/// The latest version of `name`. Problems: InvalidRequest (no name), DefinitionNotFound (also when
/// it was deleted), StoreUnavailable.
Parsed<store::DefinitionRow> latest_definition(const Services& services, const std::string& name);

/// One version, of a deleted definition too. Problems: the same.
Parsed<store::DefinitionRow> definition_version(const Services& services, const std::string& name,
                                                std::uint32_t version);

}  // namespace skald::api
