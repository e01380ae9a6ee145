#include "store/sqlite/definition_table.h"

namespace skald::store::sqlite {

DefinitionTable::DefinitionTable(SQLite::Database& database)
    : latest_(database,
              "SELECT definition.key, definition.version, definition.source, definition_name.state"
              " FROM definition_name JOIN definition ON definition.key = definition_name.latest"
              " WHERE definition_name.name = ?"),
      next_key_(database, "SELECT coalesce(max(key), 0) + 1 FROM definition"),
      insert_(database,
              "INSERT INTO definition(key, name, version, source, filled, created_at)"
              " VALUES (?, ?, ?, ?, ?, ?)"),
      set_name_(database,
                "INSERT INTO definition_name(name, latest, state) VALUES (?, ?, ?)"
                " ON CONFLICT(name) DO UPDATE SET latest = excluded.latest,"
                " state = excluded.state") {}

DefinitionOutcome DefinitionTable::write(const PutDefinition& put) {
    const auto decided = decide(put, latest(put.name));
    if (const auto* outcome = std::get_if<DefinitionOutcome>(&decided)) {
        const auto* written = std::get_if<DefinitionWritten>(outcome);
        if (written != nullptr && written->how == DefinitionWritten::How::BroughtBack) {
            set_name_.run(put.name, written->key, DefinitionRow::State::Active);
        }
        return *outcome;
    }
    const std::uint32_t version = std::get<AddVersion>(decided).version;
    DefinitionKey key{};
    {
        Rows rows = next_key_.query();
        rows.next();
        key = DefinitionKey{rows.integer(0)};
    }
    insert_.run(key, put.name, version, put.source, put.filled, put.at);
    set_name_.run(put.name, key, DefinitionRow::State::Active);
    return DefinitionWritten{key, version, DefinitionWritten::How::NewVersion};
}

DefinitionOutcome DefinitionTable::write(const DeleteDefinition& deletion) {
    const DefinitionOutcome outcome = decide(deletion, latest(deletion.name));
    if (const auto* written = std::get_if<DefinitionWritten>(&outcome)) {
        set_name_.run(deletion.name, written->key, DefinitionRow::State::Deleted);
    }
    return outcome;
}

std::optional<LatestDefinition> DefinitionTable::latest(const std::string& name) {
    Rows rows = latest_.query(name);
    if (!rows.next()) {
        return std::nullopt;
    }
    return LatestDefinition{DefinitionKey{rows.integer(0)},
                            static_cast<std::uint32_t>(rows.integer(1)), rows.text(2),
                            static_cast<DefinitionRow::State>(rows.integer(3))};
}

}  // namespace skald::store::sqlite
