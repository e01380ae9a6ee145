#include "api/saga_topic.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "api/event_view.h"
#include "api/services.h"
#include "sagas/expression.h"

namespace skald::api {
namespace {

using store::Offset;
using store::Position;

Position position_of(Offset offset) { return Position{static_cast<std::int64_t>(offset)}; }
Offset offset_of(Position position) { return Offset{static_cast<std::int64_t>(position)}; }

bool gets_stuck(const sagas::Decision& decision) {
    return std::any_of(decision.steps.begin(), decision.steps.end(),
                       [](const sagas::StepChange& change) {
                           return std::holds_alternative<sagas::StuckAction>(change.state) ||
                                  std::holds_alternative<sagas::StuckCompensation>(change.state);
                       });
}

}  // namespace

sagas::Result<store::EventPage> saga_events(const store::Reader& reader, engine::Catalog& catalog,
                                            Offset after, std::uint32_t limit) {
    store::EventPage page;
    // Before the rows: what of it does not come then is of sagas that were deleted.
    const auto end = last_saga_event(reader);
    if (!end) return tl::unexpected(end.error());
    page.last = *end;
    auto feed = read_again([&] { return reader.feed(position_of(after), limit); });
    if (!feed) return tl::unexpected(feed.error());
    for (store::FeedRow& row : feed->rows) {
        const auto version = read_again([&] { return catalog.of(row.saga.definition_key); });
        if (!version) return tl::unexpected(version.error());
        const Offset offset = offset_of(row.row.position);
        const sagas::Timestamp at = row.row.record.at;
        page.rows.push_back(
            {offset, at,
             to_text(saga_event((*version)->definition, row.saga, std::move(row.row)))});
        page.last = std::max(page.last, offset);
    }
    page.is_cut = feed->is_cut;
    return page;
}

sagas::Result<Offset> last_saga_event(const store::Reader& reader) {
    const auto position = read_again([&] { return reader.last_position(); });
    if (!position) return tl::unexpected(position.error());
    return offset_of(*position);
}

/// Times in the journal never go back: so half of what is left is looked at each time.
sagas::Result<Offset> saga_event_before(const store::Reader& reader, sagas::Timestamp at) {
    const auto end = last_saga_event(reader);
    if (!end) return end;
    std::int64_t before = 0;  // Everything up to it is older.
    std::int64_t from = static_cast<std::int64_t>(*end) + 1;
    while (from - before > 1) {
        const std::int64_t middle = before + (from - before) / 2;
        const auto page = read_again([&] { return reader.feed(Position{middle - 1}, 1); });
        if (!page) return tl::unexpected(page.error());
        const bool is_older = !page->rows.empty() && page->rows[0].row.record.at < at;
        if (is_older) {
            before = std::max(middle, static_cast<std::int64_t>(page->rows[0].row.position));
        } else {
            from = middle;
        }
    }
    return std::min(Offset{before}, *end);
}

std::string saga_event_type(const sagas::Record& record) {
    const sagas::Decision& decision = record.decision;
    std::string type = "dev.skald.saga.";
    if (decision.end) return type.append(sagas::to_text(decision.end->status));
    if (decision.turned) return type.append("turned");
    if (gets_stuck(decision)) return type.append("stuck");
    const sagas::RecordType came = sagas::type(record.cause);
    return type.append(came == sagas::RecordType::Begun ? "started" : sagas::to_text(came));
}

Document saga_event(const sagas::Definition& definition, const store::SagaRow& saga,
                    store::JournalRow row) {
    Document event;
    event["specversion"] = "1.0";
    event["id"] = std::to_string(static_cast<std::int64_t>(row.position));
    event["source"] = "/v1/sagas/" + sagas::percent_encode(saga.id);
    event["type"] = saga_event_type(row.record);
    event["subject"] = saga.id;
    event["time"] = sagas::to_rfc3339(row.record.at);
    event["datacontenttype"] = "application/json";
    event["data"] = journal_data(definition, saga, std::move(row));
    return event;
}

}  // namespace skald::api
