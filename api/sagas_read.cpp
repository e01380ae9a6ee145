#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "api/handlers.h"
#include "api/history_view.h"
#include "api/page.h"
#include "api/query_parameters.h"
#include "api/saga_reading.h"
#include "api/saga_view.h"

namespace skald::api {
namespace {

constexpr std::uint32_t kVersionMax = 1u << 30;
constexpr std::uint32_t kHistoryPageDefault = 200;
constexpr std::uint32_t kHistoryPageMax = 1'000;
constexpr std::uint64_t kKeyMax = std::uint64_t{1} << 62;
constexpr sagas::Status kStatuses[] = {sagas::Status::Running,     sagas::Status::Compensating,
                                       sagas::Status::Stuck,       sagas::Status::Completed,
                                       sagas::Status::Compensated, sagas::Status::Abandoned};

Parsed<std::vector<sagas::Status>> read_statuses(const Request& request) {
    std::vector<sagas::Status> statuses;
    for (const std::string& text : read_list(request, "status")) {
        const auto* found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                         [&](auto each) { return sagas::to_text(each) == text; });
        if (found == std::end(kStatuses)) {
            std::string allowed;
            for (const sagas::Status each : kStatuses) {
                allowed.append(allowed.empty() ? "" : ", ").append(sagas::to_text(each));
            }
            return refuse(ProblemType::InvalidRequest,
                          "status: there is no status \"" + text + "\"; use any of " + allowed);
        }
        if (std::find(statuses.begin(), statuses.end(), *found) == statuses.end()) {
            statuses.push_back(*found);
        }
    }
    return statuses;
}

/// The filter, and the text that cursors are bound to it with.
struct Selection {
    store::SagaFilter filter;
    std::string list;
};

Parsed<Selection> read_selection(const Request& request) {
    Selection selection;
    auto statuses = read_statuses(request);
    if (!statuses) return tl::unexpected(statuses.error());
    auto definition = read_text(request, "definition");
    if (!definition) return tl::unexpected(definition.error());
    const auto version = read_integer(request, "version", kVersionMax);
    if (!version) return tl::unexpected(version.error());
    if (*version && !*definition) {
        return tl::unexpected(Problem{ProblemType::InvalidRequest,
                                      "version: say of which definition, too: "
                                      "?definition=NAME&version=N",
                                      {},
                                      nullptr});
    }
    const auto limit = read_integer(request, "limit", kPageMax);
    if (!limit) return tl::unexpected(limit.error());

    selection.list = "sagas";
    for (const sagas::Status status : *statuses) {
        selection.list.append(" ").append(sagas::to_text(status));
    }
    if (*definition) selection.list += " definition=" + **definition;
    if (*version) selection.list += " version=" + std::to_string(**version);

    const auto before = read_cursor_of(request, selection.list);
    if (!before) return tl::unexpected(before.error());
    selection.filter.statuses = std::move(*statuses);
    selection.filter.definition = std::move(*definition);
    selection.filter.version = *version;
    selection.filter.limit = limit->value_or(kPageDefault);
    if (*before) {
        const auto key = to_number(**before, 1, kKeyMax);
        if (!key) return refuse(ProblemType::InvalidRequest, "cursor: isn't one of this list");
        selection.filter.before = store::SagaKey{static_cast<std::int64_t>(*key)};
    }
    return selection;
}

/// A wait for a saga's end. The transport keeps it while it waits.
struct Waiting {
    engine::Watchers::Watch watch;
    std::string id;
};

Answer saga_now(const Services& services, const std::string& id) {
    const auto stored = read_saga(services, id);
    if (stored) return json_reply(200, saga_document(*stored));
    if (stored.error().code == sagas::ErrorCode::NotFound) return no_such_saga(id);
    return to_problem(stored.error());
}

/// The cursor position after `rows`; none: there is nothing behind them.
sagas::Result<std::optional<std::string>> next_saga(const Services& services,
                                                    store::SagaFilter filter,
                                                    const std::vector<store::SagaRow>& rows) {
    if (rows.size() < filter.limit) return std::nullopt;
    filter.before = rows.back().key;
    filter.limit = 1;
    const auto more = read_again([&] { return services.reader.list(filter); });
    if (!more) return tl::unexpected(more.error());
    if (more->empty()) return std::nullopt;
    return std::to_string(static_cast<std::int64_t>(rows.back().key));
}

bool is_at_rest(sagas::Status status) {
    return sagas::is_terminal(status) || status == sagas::Status::Stuck;
}

}  // namespace

Answer list_sagas(const Services& services, const Request& request) {
    const auto selection = read_selection(request);
    if (!selection) return selection.error();
    const auto rows = read_again([&] { return services.reader.list(selection->filter); });
    if (!rows) return to_problem(rows.error());
    Document items = Document::array();
    for (const store::SagaRow& row : *rows) items.push_back(saga_item(row));
    const auto next = next_saga(services, selection->filter, *rows);
    if (!next) return to_problem(next.error());
    return page_reply(request, "/v1/sagas", selection->list, std::move(items), *next);
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
            return json_reply(200, saga_document(*rest));
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
