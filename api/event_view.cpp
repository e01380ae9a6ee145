#include "api/event_view.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "api/history_view.h"
#include "sagas/record.h"

namespace skald::api {
namespace {

std::string id_line(store::Position position) {
    return "id: " + std::to_string(static_cast<std::int64_t>(position)) + "\n";
}

/// JSON holds no line end outside its strings, and inside them it is escaped.
std::string event(std::string_view type, const Document& data) {
    std::string text = "event: ";
    text.append(type).append("\ndata: ").append(to_text(data)).append("\n\n");
    return text;
}

/// They are shared, and may be large: so they are dropped before they are copied.
void drop_outputs(sagas::Record& record) {
    std::visit(
        [](auto& cause) {
            if constexpr (requires { cause.output; }) cause.output = nullptr;
        },
        record.cause);
    if (record.decision.end) record.decision.end->output = nullptr;
}

}  // namespace

Document journal_data(const sagas::Definition& definition, const store::SagaRow& saga,
                      store::JournalRow row) {
    drop_outputs(row.record);
    Document data;
    data["saga"] = saga.id;
    data["definition"] = saga.definition;
    data["version"] = saga.version;
    data["status"] = sagas::to_text(saga.summary.status);
    data.update(history_item(definition, row));
    return data;
}

std::string journal_event(const sagas::Definition& definition, const store::SagaRow& saga,
                          store::JournalRow row) {
    const store::Position position = row.position;
    const std::string_view type = sagas::to_text(sagas::type(row.record.cause));
    return id_line(position) + event(type, journal_data(definition, saga, std::move(row)));
}

std::string end_event(const store::SagaRow& saga) {
    return event("end", {{"saga", saga.id}, {"status", sagas::to_text(saga.summary.status)}});
}

std::string resync_event(store::Position position) {
    return id_line(position) + event("resync", {{"position", static_cast<std::int64_t>(position)}});
}

std::string ping(std::optional<store::Position> position) {
    return ": ping\n" + (position ? id_line(*position) : std::string()) + "\n";
}

std::optional<sagas::StepIndex> step_of(const store::JournalRow& row) {
    return std::visit(
        [](const auto& cause) -> std::optional<sagas::StepIndex> {
            if constexpr (requires { cause.step; }) {
                return cause.step;
            } else {
                return std::nullopt;
            }
        },
        row.record.cause);
}

}  // namespace skald::api
