#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/event_pace.h"
#include "api/event_view.h"
#include "api/handlers.h"
#include "api/query_parameters.h"
#include "api/saga_filter.h"
#include "api/saga_reading.h"

namespace skald::api {
namespace {

using store::Position;
using Page = EventReading::Page;

constexpr std::uint32_t kPageRows = 200;
/// Who is further behind on the feed of all sagas is set to its end.
constexpr std::int64_t kBehindMax = 10'000;
constexpr std::uint64_t kPositionMax = std::uint64_t{1} << 62;

/// Where to resume. The header wins, for a browser that connects again repeats the address that it
/// began with.
Parsed<std::optional<Position>> read_after(const Request& request) {
    const char* name = "Last-Event-ID";
    std::optional<std::string> text;
    if (const auto header = request.header("last-event-id")) {
        text = *header;
    } else {
        name = "after";
        auto parameter = read_text(request, "after");
        if (!parameter) return tl::unexpected(parameter.error());
        text = std::move(*parameter);
    }
    if (!text) return std::nullopt;
    const auto number = to_number(*text, 0, kPositionMax);
    if (!number) {
        return refuse(ProblemType::InvalidRequest,
                      std::string(name) + ": must be the id of an event, or 0");
    }
    return Position{static_cast<std::int64_t>(*number)};
}

/// The journal of one saga, to its end.
class SagaEvents final : public EventReading {
 public:
    SagaEvents(const Services& services, store::SagaRow saga, engine::VersionPtr version,
               Position after)
        : services_(services),
          version_(std::move(version)),
          saga_(std::move(saga)),
          after_(after) {}

    sagas::Result<Page> read() override {
        const auto rows =
            read_again([&] { return services_.reader.journal(saga_.key, seq_, kPageRows); });
        if (!rows) return tl::unexpected(rows.error());
        if (rows->empty()) {
            if (!is_terminal()) return Page{{}, Page::Then::CaughtUp};
            return Page{end_event(saga_), Page::Then::Over};
        }
        // Read after the rows, so that no event is newer than the status it goes out with. Once
        // that is terminal, one look more shows all rows that led to it.
        if (!is_terminal()) {
            auto now = read_again([&] { return services_.reader.saga(saga_.key); });
            if (!now && now.error().code != sagas::ErrorCode::NotFound) {
                return tl::unexpected(now.error());
            }
            if (now) saga_ = std::move(*now);
        }
        Page page;
        for (const store::JournalRow& row : *rows) {
            if (row.position > after_) page.text += journal_event(version_->definition, saga_, row);
        }
        seq_ = rows->back().seq;
        const bool is_more = rows->size() == kPageRows || is_terminal();
        page.then = is_more ? Page::Then::More : Page::Then::CaughtUp;
        return page;
    }

    /// None: the saga ended and was deleted by age, before its reader had taken everything.
    std::optional<std::string> ping() override {
        const auto now = read_again([&] { return services_.reader.saga(saga_.key); });
        if (!now && now.error().code == sagas::ErrorCode::NotFound) return std::nullopt;
        return api::ping(std::nullopt);
    }

 private:
    bool is_terminal() const { return sagas::is_terminal(saga_.summary.status); }

    const Services& services_;
    const engine::VersionPtr version_;
    store::SagaRow saga_;
    const Position after_;
    std::uint32_t seq_ = 0;
};

/// Which events of the feed are wanted.
struct EventFilter {
    store::SagaFilter sagas;
    std::optional<std::string> step;

    bool matches(const store::FeedRow& row, const sagas::Definition& definition) const {
        if (!store::matches(sagas, row.saga)) return false;
        if (!step) return true;
        const auto index = step_of(row.row);
        return index && definition.step(*index).name == *step;
    }
};

Parsed<EventFilter> read_filter(const Services& services, const Request& request) {
    auto selection = read_saga_selection(request, services.clock.now());
    if (!selection) return tl::unexpected(selection.error());
    EventFilter filter{std::move(selection->filter), {}};
    filter.step.swap(filter.sagas.step);  // The event's own, and not that of the last error.
    return filter;
}

/// The journal of all sagas.
class FeedEvents final : public EventReading {
 public:
    /// `last`: of the journal, when it was looked at last.
    FeedEvents(const Services& services, EventFilter filter, Position after, Position last)
        : services_(services), filter_(std::move(filter)), position_(after), last_(last) {}

    sagas::Result<Page> read() override {
        last_ = std::max(last_, services_.bell.last());
        if (must_resync()) {
            position_ = last_;
            return Page{resync_event(position_), Page::Then::More};
        }
        auto feed = read_again([&] { return services_.reader.feed(position_, kPageRows); });
        if (!feed) return tl::unexpected(feed.error());
        Position read_to = position_;
        Page page;
        for (store::FeedRow& row : feed->rows) {
            read_to = row.row.position;
            const auto version =
                read_again([&] { return services_.catalog.of(row.saga.definition_key); });
            if (!version) return tl::unexpected(version.error());
            const sagas::Definition& definition = (*version)->definition;
            if (!filter_.matches(row, definition)) continue;
            page.text += journal_event(definition, row.saga, std::move(row.row));
        }
        position_ = read_to;
        if (!feed->is_cut) {
            // Rows up to `last_` that did not come are those of sagas that were deleted.
            position_ = std::max(last_, position_);
            page.then = Page::Then::CaughtUp;
        }
        last_ = std::max(last_, position_);  // Rows can be read before the bell rings for them.
        return page;
    }

    std::optional<std::string> ping() override { return api::ping(position_); }

 private:
    /// Too far behind; or ahead, after a database was brought back from a copy.
    bool must_resync() const {
        const auto behind = static_cast<std::int64_t>(last_) - static_cast<std::int64_t>(position_);
        return behind > kBehindMax || behind < 0;
    }

    const Services& services_;
    const EventFilter filter_;
    Position position_;
    Position last_;
};

}  // namespace

Answer stream_saga_events(const Services& services, ReadingTurns& turns, const Request& request) {
    const std::string& id = request.path.at(0);
    const auto after = read_after(request);
    if (!after) return after.error();
    if (!is_saga_id(id)) return no_such_saga(id);
    auto saga = read_again([&] { return services.reader.saga(id); });
    if (!saga && saga.error().code == sagas::ErrorCode::NotFound) return no_such_saga(id);
    if (!saga) return to_problem(saga.error());
    auto version = read_again([&] { return services.catalog.of(saga->definition_key); });
    if (!version) return to_problem(version.error());
    return event_stream(
        {services.clock, turns}, listen_to_journal(services.bell),
        std::make_unique<SagaEvents>(services, std::move(*saga), std::move(*version),
                                     after->value_or(Position{0})));
}

Answer stream_events(const Services& services, ReadingTurns& turns, const Request& request) {
    const auto after = read_after(request);
    if (!after) return after.error();
    auto filter = read_filter(services, request);
    if (!filter) return filter.error();
    const auto last = read_again([&] { return services.reader.last_position(); });
    if (!last) return to_problem(last.error());
    return event_stream(
        {services.clock, turns}, listen_to_journal(services.bell),
        std::make_unique<FeedEvents>(services, std::move(*filter), after->value_or(*last), *last));
}

}  // namespace skald::api
