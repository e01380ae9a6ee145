#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "api/document.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/request_body.h"
#include "api/starting.h"

/// Many starts in one request, and in one commit. Each is answered by itself.
namespace skald::api {
namespace {

constexpr std::ptrdiff_t kBatchValuesMax = 2'000'000;

/// What became of an item: it was refused or found before the engine was asked, or waits for it.
using Item = std::variant<Problem, store::StartRepeats, std::shared_ptr<PendingStart>>;

struct Batch {
    std::vector<Item> items;
    std::atomic<std::size_t> missing = 0;  ///< Results that the engine owes.
    Awaited<std::monostate> all_there;
};
using BatchPtr = std::shared_ptr<Batch>;

/// A body of 16 MiB may hold so many small values that they take half a gigabyte.
bool has_too_many_values(const std::string& body) {
    const auto begins_value = [](char c) { return c == ',' || c == '[' || c == '{'; };
    return std::count_if(body.begin(), body.end(), begins_value) > kBatchValuesMax;
}

Parsed<std::vector<sagas::Json>> read_items(const Request& request) {
    if (has_too_many_values(request.body)) {
        return refuse(ProblemType::BodyTooLarge, "the batch has more than " +
                                                     std::to_string(kBatchValuesMax) +
                                                     " values; send it in parts");
    }
    auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"items"});
    const sagas::Json* items = reader.member("items", Presence::Required);
    const bool is_array = items != nullptr && items->is_array();
    if (items != nullptr && (!is_array || items->empty() || items->size() > kBatchMax)) {
        reader.note("wrong-value", "/items",
                    "must be an array of 1 to " + std::to_string(kBatchMax) + " starts" +
                        (is_array ? ", but has " + std::to_string(items->size()) : ""),
                    "");
    }
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
    return std::move((*body)["items"].get_ref<sagas::Json::array_t&>());
}

/// Takes the item's key out of it.
Parsed<std::optional<std::string>> take_key(sagas::Json& item) {
    if (!item.is_object() || !item.contains("idempotency_key")) return std::nullopt;
    const sagas::Json key = std::move(item["idempotency_key"]);
    item.erase("idempotency_key");
    if (!key.is_string() || !is_idempotency_key(key.get_ref<const std::string&>())) {
        return refuse(ProblemType::InvalidRequest,
                      "/idempotency_key: must be 1 to 255 printable ASCII characters");
    }
    return key.get<std::string>();
}

/// Adds the item to the batch, and what the engine must do for it to `starts`.
Item take(const Services& services, sagas::Json item, std::vector<engine::Start>& starts,
          const BatchPtr& batch) {
    auto key = take_key(item);
    if (!key) return std::move(key.error());
    auto start = parse_start(std::move(item), *key);
    if (!start) return std::move(start.error());
    auto prepared = prepare_start(services, *start);
    if (!prepared) {
        const auto repeats = find_repeated(services, *start, *key);
        if (!repeats) return repeats.error();
        if (!*repeats) return std::move(prepared.error());
        return **repeats;
    }
    auto pending = std::make_shared<PendingStart>();
    pending->id = start->id ? *start->id : services.uuids.next();
    pending->version = prepared->version;
    std::optional<sagas::RequestKey> request;
    if (*key) request = sagas::RequestKey{std::move(**key), start->body_hash};
    starts.push_back(
        make_start(std::move(*start), std::move(*prepared), std::move(request), pending));
    starts.back().done = [pending, batch](engine::Start::Result result) {
        pending->result.set(std::move(result));
        if (--batch->missing == 0) batch->all_there.set({});
    };
    return pending;
}

Document refused(const Problem& problem, const std::string& request) {
    return {{"status", http_status(problem.type)},
            {"problem", Document::parse(to_text(to_json(problem, request)))}};
}

Document started(int status, const std::string& id, const std::string& definition,
                 std::uint32_t version) {
    return {{"status", status},
            {"saga", {{"id", id}, {"definition", definition}, {"version", version}}}};
}

Document found(const Services& services, const store::StartRepeats& repeats,
               const std::string& request) {
    if (const auto problem = find_problem(repeats)) return refused(*problem, request);
    const auto row = read_again([&] { return services.reader.saga(repeats.saga); });
    if (!row) return refused(to_problem(row.error()), request);
    const bool is_by_key = repeats.by == store::StartRepeats::By::RequestKey;
    return started(is_by_key ? 201 : 200, row->id, row->definition, row->version);
}

Document outcome(const Services& services, const PendingStart& pending,
                 const std::string& request) {
    const engine::Start::Result* result = pending.result.get();
    if (result == nullptr) return refused(commit_unconfirmed(), request);
    if (const auto* busy = std::get_if<engine::Busy>(result)) {
        return refused(to_problem(*busy), request);
    }
    if (const auto* repeats = std::get_if<store::StartRepeats>(result)) {
        return found(services, *repeats, request);
    }
    if (std::holds_alternative<store::StartIdUsed>(*result)) {
        return refused(id_used(pending.id), request);
    }
    return started(201, pending.id, pending.version->definition.name, pending.version->number);
}

Reply answer(const Services& services, const Batch& batch, const std::string& request) {
    Document items = Document::array();
    for (const Item& item : batch.items) {
        if (const auto* problem = std::get_if<Problem>(&item)) {
            items.push_back(refused(*problem, request));
        } else if (const auto* repeats = std::get_if<store::StartRepeats>(&item)) {
            items.push_back(found(services, *repeats, request));
        } else {
            items.push_back(
                outcome(services, *std::get<std::shared_ptr<PendingStart>>(item), request));
        }
    }
    return json_reply(200, {{"items", std::move(items)}});
}

}  // namespace

Answer start_sagas(const Services& services, const Request& request) {
    if (request.header("idempotency-key")) {
        return Problem{ProblemType::InvalidRequest,
                       "Idempotency-Key: a batch has none; give each item its \"idempotency_key\"",
                       {},
                       nullptr};
    }
    auto sent = read_items(request);
    if (!sent) return sent.error();

    auto batch = std::make_shared<Batch>();
    std::vector<engine::Start> starts;
    for (sagas::Json& item : *sent) {
        batch->items.push_back(take(services, std::move(item), starts, batch));
    }
    if (starts.empty()) return answer(services, *batch, request.id);
    batch->missing = starts.size();
    services.post(engine::StartMany{std::move(starts)});
    Later later;
    later.time = kCommitTime;
    later.arm = [batch](std::function<void()> ready) {
        batch->all_there.when_set(std::move(ready));
    };
    later.finish = [&services, batch, id = request.id] { return answer(services, *batch, id); };
    return later;
}

}  // namespace skald::api
