#pragma once

#include <optional>
#include <string>

#include "store/definition_rules.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes definitions, inside a transaction of the caller. Its members may throw SQLite::Exception.
class DefinitionTable {
 public:
    explicit DefinitionTable(SQLite::Database& database);

    DefinitionOutcome write(const PutDefinition& put);
    DefinitionOutcome write(const DeleteDefinition& deletion);

 private:
    std::optional<LatestDefinition> latest(const std::string& name);

    Prepared latest_, next_key_, insert_, set_name_;
};

}  // namespace skald::store::sqlite
