#include <algorithm>
#include <memory>
#include <utility>

#include "api/handlers.h"
#include "api/history_view.h"
#include "api/page.h"
#include "api/query_parameters.h"
#include "api/saga_filter.h"
#include "api/saga_reading.h"
#include "api/saga_surroundings.h"
#include "api/saga_view.h"

namespace skald::api {
namespace {

constexpr std::uint32_t kHistoryPageDefault = 200;
constexpr std::uint32_t kHistoryPageMax = 1'000;
constexpr std::uint64_t kKeyMax = std::uint64_t{1} << 62;
/// Sagas that one request looks at: some 100 ms of work. A search may need more than one page.
constexpr std::uint32_t kLooksMax = 100'000;
/// Sagas that counts with a filter look at: about a second of work.
constexpr std::uint32_t kCountLooksMax = 1'000'000;

/// A page of a list: what it shows, and from where on.
struct Page {
    SagaSelection selection;
    store::SagaRange range;
    bool is_counted = false;
};

Parsed<bool> read_count(const Request& request) {
    const auto text = read_text(request, "count");
    if (!text) return tl::unexpected(text.error());
    if (!*text || **text == "false") return false;
    if (**text == "true") return true;
    return refuse(ProblemType::InvalidRequest, "count: must be true or false");
}

Parsed<Page> read_page(const Request& request, sagas::Timestamp now) {
    auto selection = read_saga_selection(request, now);
    if (!selection) return tl::unexpected(selection.error());
    const auto limit = read_integer(request, "limit", kPageMax);
    if (!limit) return tl::unexpected(limit.error());
    const auto count = read_count(request);
    if (!count) return tl::unexpected(count.error());
    const auto before = read_cursor_of(request, selection->text);
    if (!before) return tl::unexpected(before.error());
    Page page{
        std::move(*selection), {std::nullopt, limit->value_or(kPageDefault), kLooksMax}, *count};
    if (*before) {
        const auto key = to_number(**before, 1, kKeyMax);
        if (!key) return refuse(ProblemType::InvalidRequest, "cursor: isn't one of this list");
        page.range.before = store::SagaKey{static_cast<std::int64_t>(*key)};
    }
    return page;
}

/// A wait for a saga's end. The transport keeps it while it waits.
struct Waiting {
    engine::Watchers::Watch watch;
    std::string id;
};

/// The id of the saga that replays this one, or "".
std::string find_replay(const Services& services, const std::string& id) {
    const auto replay = services.reader.repeated_start(
        {sagas::RequestKey{store::replay_key(id), ""}, std::nullopt, ""});
    return replay ? replay->id : std::string();
}

Answer saga_now(const Services& services, const std::string& id) {
    const auto stored = read_saga(services, id);
    if (stored) {
        SagaSurroundings around = look_around(services, *stored->version, stored->saga);
        if (stored->saga.end) around.replayed_as = find_replay(services, id);
        return json_text_reply(200,
                               saga_text(*stored->version, stored->saga, stored->labels, around));
    }
    if (stored.error().code == sagas::ErrorCode::NotFound) return no_such_saga(id);
    return to_problem(stored.error());
}

/// Whether there is surely nothing below `next`: a last page should not promise another one.
sagas::Result<bool> is_end(const Services& services, const store::SagaFilter& filter,
                           store::SagaKey next) {
    const auto more = read_again([&] {
        return services.reader.list(filter, {next, 1, kLooksMax});
    });
    if (!more) return tl::unexpected(more.error());
    return more->rows.empty() && !more->next;
}

/// The counts as they are shown.
Document counts_document(const store::Counts& counts) {
    Document document = Document::object();
    for (const auto& [status, count] : counts.by_status) {
        document[std::string(sagas::to_text(status))] = count;
    }
    return document;
}

/// {counts, counts_partial?}
sagas::Result<Document> counted(const Services& services, const store::SagaFilter& filter) {
    store::SagaFilter all = filter;
    all.statuses.clear();
    const bool is_all = all == store::SagaFilter{};
    if (is_all) {
        const auto counts = read_again([&] { return services.reader.counts(); });
        if (!counts) return tl::unexpected(counts.error());
        return Document{{"counts", counts_document(*counts)}};
    }
    const auto found = read_again([&] { return services.reader.counts(all, kCountLooksMax); });
    if (!found) return tl::unexpected(found.error());
    Document document{{"counts", counts_document(found->counts)}};
    if (found->extent == store::FilteredCounts::Extent::NewestOnly) {
        document["counts_partial"] = true;
    }
    return document;
}

}  // namespace

Answer list_sagas(const Services& services, const Request& request) {
    const auto page = read_page(request, services.clock.now());
    if (!page) return page.error();
    const store::SagaFilter& filter = page->selection.filter;
    const auto list = read_again([&] { return services.reader.list(filter, page->range); });
    if (!list) return to_problem(list.error());
    std::optional<std::string> next;
    if (list->next) {
        // A page that isn't full has used up what a request may look at.
        const bool is_full = list->rows.size() == page->range.limit;
        const sagas::Result<bool> end =
            is_full ? is_end(services, filter, *list->next) : sagas::Result<bool>(false);
        if (!end) return to_problem(end.error());
        if (!*end) next = std::to_string(static_cast<std::int64_t>(*list->next));
    }
    Document items = Document::array();
    for (const store::SagaRow& row : list->rows) items.push_back(saga_item(row));
    Document more = Document::object();
    if (page->is_counted) {
        auto counts = counted(services, filter);
        if (!counts) return to_problem(counts.error());
        more = std::move(*counts);
    }
    return page_reply(request, "/v1/sagas", page->selection.text, std::move(items), next, more);
}

Answer get_saga(const Services& services, const Request& request) {
    const std::string& id = request.path.at(0);
    const auto wait = read_wait(request);
    if (!wait) return wait.error();
    if (!is_saga_id(id)) return no_such_saga(id);
    if (!*wait || **wait == sagas::Milliseconds{0}) return saga_now(services, id);

    // Watched first, then read: so no end falls between the two.
    auto waiting = std::make_shared<Waiting>(Waiting{services.watchers.watch(id), id});
    const auto row = read_again([&] { return services.reader.saga(id); });
    if (!row || is_at_rest(row->summary.status)) return saga_now(services, id);
    Later later;
    later.kind = Later::Kind::Long;
    later.time = **wait;
    later.arm = [waiting](std::function<void()> ready) {
        waiting->watch.when_ready(std::move(ready));
    };
    later.finish = [&services, waiting]() -> Answer {
        if (const engine::RestPtr rest = waiting->watch.rest()) {
            return json_text_reply(200, saga_text(services, *rest));
        }
        return saga_now(services, waiting->id);
    };
    return later;
}

Answer get_saga_history(const Services& services, const Request& request) {
    const std::string& id = request.path.at(0);
    const std::string list = "history " + id;
    const auto limit = read_integer(request, "limit", kHistoryPageMax);
    if (!limit) return limit.error();
    const auto cursor = read_cursor_of(request, list);
    if (!cursor) return cursor.error();
    const auto after = to_number(cursor->value_or("0"), 0, UINT32_MAX);
    if (!after) {
        return Problem{ProblemType::InvalidRequest, "cursor: isn't one of this list", {}, nullptr};
    }

    const auto saga = read_again([&] { return services.reader.saga(id); });
    if (!saga && saga.error().code == sagas::ErrorCode::NotFound) return no_such_saga(id);
    if (!saga) return to_problem(saga.error());
    const auto version = read_again([&] { return services.catalog.of(saga->definition_key); });
    if (!version) return to_problem(version.error());
    const std::uint32_t count = limit->value_or(kHistoryPageDefault);
    const auto rows = read_again([&] {
        return services.reader.journal(saga->key, static_cast<std::uint32_t>(*after), count);
    });
    if (!rows) return to_problem(rows.error());

    Document items = Document::array();
    for (const store::JournalRow& row : *rows) {
        items.push_back(history_item((*version)->definition, row));
    }
    std::optional<std::string> next;
    if (rows->size() == count) {
        const auto more =
            read_again([&] { return services.reader.journal(saga->key, rows->back().seq, 1); });
        if (!more) return to_problem(more.error());
        if (!more->empty()) next = std::to_string(rows->back().seq);
    }
    return page_reply(request, "/v1/sagas/" + id + "/history", list, std::move(items), next);
}

}  // namespace skald::api
