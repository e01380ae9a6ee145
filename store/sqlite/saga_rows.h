#pragma once

#include <optional>
#include <string>

#include "store/sqlite/prepared.h"
#include "store/store.h"

/// Between the columns of tables and the types of store.h.
namespace skald::store::sqlite {

/// A JSON object; none for no labels.
std::optional<std::string> labels_text(const Labels& labels);

/// The columns that `saga_row` reads, from `saga` joined with `definition`; the input follows them
/// where it is wanted.
inline const std::string kSagaColumns =
    "saga.key, saga.id, saga.definition, definition.name, definition.version,"
    " saga.started_at, saga.deadline_at, saga.labels, saga.body_hash, saga.status,"
    " saga.ended_at, saga.failing_since, saga.last_error, saga.last_step, saga.parent";
inline constexpr int kInputColumn = 15;
/// Where some of them stand.
inline constexpr int kKeyColumn = 0;
inline constexpr int kStartedAtColumn = 5;
inline constexpr int kLabelsColumn = 7;
inline constexpr int kStatusColumn = 9;
inline constexpr int kParentColumn = 14;

enum class WithInput : std::uint8_t { Yes, No };

/// Errors of each: Corruption, where a value can't be what this version of Skald wrote.
/// `first`: the column with the first of kSagaColumns.
Result<SagaRow> saga_row(const Rows& rows, WithInput with_input, int first = 0);
Result<sagas::Status> status_of(std::int64_t number);

/// The columns that `journal_row` reads.
inline const std::string kJournalColumns =
    "journal.seq, journal.pos, journal.at, journal.type, journal.data";
inline constexpr int kJournalDataColumn = 4;
inline constexpr int kJournalColumnCount = 5;
Result<JournalRow> journal_row(const Rows& rows, SagaKey saga);

/// The columns that `definition_row` reads, from `definition` joined with `definition_name`.
inline const std::string kDefinitionColumns =
    "definition.key, definition.name, definition.version, definition.source,"
    " definition.filled, definition.created_at, definition_name.state";
DefinitionRow definition_row(const Rows& rows);

}  // namespace skald::store::sqlite
