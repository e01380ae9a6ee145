#include "store/sqlite/saga_rows.h"

#include <memory>
#include <utility>

#include "store/codec.h"

namespace skald::store::sqlite {

// The numbers are stored, and SQL texts name those of Completed and of the terminal statuses.
static_assert(static_cast<int>(sagas::Status::Running) == 0);
static_assert(static_cast<int>(sagas::Status::Compensating) == 1);
static_assert(static_cast<int>(sagas::Status::Stuck) == 2);
static_assert(static_cast<int>(sagas::Status::Completed) == 3);
static_assert(static_cast<int>(sagas::Status::Compensated) == 4);
static_assert(static_cast<int>(sagas::Status::Abandoned) == 5);
static_assert(static_cast<int>(IdOrigin::Client) == 1);
static_assert(static_cast<int>(DefinitionRow::State::Deleted) == 1);

namespace {

tl::unexpected<Error> malformed(SagaKey saga, const std::string& what) {
    return sagas::fail(
        ErrorCode::Corruption,
        "saga " + std::to_string(static_cast<std::int64_t>(saga)) + ": stored " + what);
}

Result<Labels> labels_of(const Rows& rows, int column, SagaKey saga) {
    if (rows.is_null(column)) {
        return Labels{};
    }
    const Json json = Json::parse(rows.text(column), nullptr, false);
    if (!json.is_object()) {
        return malformed(saga, "labels are no JSON object");
    }
    Labels labels;
    for (const auto& [name, value] : json.items()) {
        if (!value.is_string()) {
            return malformed(saga, "label " + name + " is no text");
        }
        labels.emplace(name, value.get<std::string>());
    }
    return labels;
}

std::string text_or_empty(const Rows& rows, int column) {
    return rows.is_null(column) ? std::string() : rows.text(column);
}

}  // namespace

std::optional<std::string> labels_text(const Labels& labels) {
    return labels.empty() ? std::nullopt : std::optional{Json(labels).dump()};
}

Result<sagas::Status> status_of(std::int64_t number) {
    if (number < 0 || number > static_cast<int>(sagas::Status::Abandoned)) {
        return sagas::fail(ErrorCode::Corruption,
                           "stored status " + std::to_string(number) + " is unknown");
    }
    return static_cast<sagas::Status>(number);
}

Result<SagaRow> saga_row(const Rows& rows, WithInput with_input, int first) {
    SagaRow row{};
    row.key = SagaKey{rows.integer(first)};
    row.id = rows.text(first + 1);
    row.definition_key = DefinitionKey{rows.integer(first + 2)};
    row.definition = rows.text(first + 3);
    row.version = static_cast<std::uint32_t>(rows.integer(first + 4));
    row.started_at = rows.time(first + 5);
    row.deadline_at = rows.optional_time(first + 6);
    auto labels = labels_of(rows, first + kLabelsColumn, row.key);
    if (!labels) {
        return tl::unexpected(labels.error());
    }
    row.labels = std::move(*labels);
    row.body_hash = text_or_empty(rows, first + 8);
    const auto status = status_of(rows.integer(first + 9));
    if (!status) {
        return tl::unexpected(status.error());
    }
    row.summary = Summary{row.key,
                          *status,
                          rows.optional_time(first + 10),
                          rows.optional_time(first + 11),
                          text_or_empty(rows, first + 12),
                          text_or_empty(rows, first + 13)};
    if (!rows.is_null(first + kParentColumn)) {
        row.parent = SagaKey{rows.integer(first + kParentColumn)};
    }
    if (with_input == WithInput::Yes) {
        Json input = Json::parse(rows.text(first + kInputColumn), nullptr, false);
        if (input.is_discarded()) {
            return malformed(row.key, "input is no JSON");
        }
        row.input = std::make_shared<const Json>(std::move(input));
    }
    return row;
}

Result<JournalRow> journal_row(const Rows& rows, SagaKey saga) {
    const auto seq = static_cast<std::uint32_t>(rows.integer(0));
    auto record =
        decode(static_cast<sagas::RecordType>(rows.integer(3)), rows.time(2), rows.text(4));
    if (!record) {
        return malformed(saga,
                         "journal row " + std::to_string(seq) + ": " + record.error().message);
    }
    return JournalRow{seq, Position{rows.integer(1)}, std::move(*record)};
}

DefinitionRow definition_row(const Rows& rows) {
    return DefinitionRow{DefinitionKey{rows.integer(0)},
                         rows.text(1),
                         static_cast<std::uint32_t>(rows.integer(2)),
                         rows.text(3),
                         rows.text(4),
                         rows.time(5),
                         static_cast<DefinitionRow::State>(rows.integer(6))};
}

}  // namespace skald::store::sqlite
