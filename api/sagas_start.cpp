#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/query_parameters.h"
#include "api/saga_reading.h"
#include "api/saga_view.h"
#include "api/start_request.h"

namespace skald::api {
namespace {

using Result = engine::Start::Result;
using Started = engine::Start::Started;
using sagas::Milliseconds;

/// One start on its way, shared by the transport's thread and the loop's.
struct PendingStart {
    std::string id;
    engine::VersionPtr version;
    Awaited<Result> result;
    /// With `?wait`: until when, and what wakes it.
    std::optional<sagas::Timestamp> wait_until;
    std::optional<engine::Watchers::Watch> watch;
};
using PendingPtr = std::shared_ptr<PendingStart>;

/// Calls `ready` at most once, whoever comes first.
class FirstOf {
 public:
    explicit FirstOf(std::function<void()> ready) : ready_(std::move(ready)) {}
    void operator()() {
        if (!was_called_.exchange(true)) ready_();
    }

 private:
    std::atomic<bool> was_called_ = false;
    std::function<void()> ready_;
};

Reply located(Reply reply, const std::string& id) {
    reply.headers.emplace_back("Location", "/v1/sagas/" + id);
    return reply;
}

/// How far the answer to an accepted start has come.
enum class Progress : std::uint8_t { Accepted, GoesOn };

/// The answer from what the store holds: what lists show of it, or, after a wait that ran out, the
/// whole saga. None: it could not be read.
std::optional<Reply> stored_reply(const Services& services, const std::string& id, int status,
                                  Progress progress) {
    Document document;
    if (progress == Progress::GoesOn) {
        if (const auto stored = read_saga(services, id)) document = saga_document(*stored);
    } else if (const auto row = read_again([&] { return services.reader.saga(id); })) {
        document = saga_item(*row);
    }
    if (document.is_null()) return std::nullopt;
    return located(json_reply(status, document), id);
}

/// The same for a saga that was started just now. It is durable: a read that failed must not look
/// like a start that did.
Answer answer_started(const Services& services, const std::string& id,
                      const engine::Version& version, int status, Progress progress) {
    if (auto reply = stored_reply(services, id, status, progress)) return std::move(*reply);
    return located(json_reply(status, Document{{"id", id},
                                               {"definition", version.definition.name},
                                               {"version", version.number}}),
                   id);
}

/// The same for one that was started before.
Answer answer_found(const Services& services, const std::string& id, int status,
                    Progress progress) {
    if (auto reply = stored_reply(services, id, status, progress)) return std::move(*reply);
    return to_problem(sagas::Error{sagas::ErrorCode::Unavailable, "read saga " + id});
}

Answer rest_reply(const engine::Rest& rest) {
    return located(json_reply(200, saga_document(rest)), rest.saga.id);
}

/// A repeat with `?wait`: the same saga, from now until the wait is over.
Answer wait_for_repeated(const Services& services, sagas::Timestamp until, std::string id) {
    struct Waiting {
        engine::Watchers::Watch watch;
        std::string id;
    };
    auto waiting = std::make_shared<Waiting>(Waiting{services.watchers.watch(id), std::move(id)});
    const auto stored = read_saga(services, waiting->id);
    if (stored) {
        const sagas::Status status = sagas::status(stored->saga);
        if (sagas::is_terminal(status) || status == sagas::Status::Stuck) {
            return located(json_reply(200, saga_document(*stored)), waiting->id);
        }
    }
    Later later;
    later.kind = Later::Kind::Long;
    later.time = std::max(Milliseconds{0}, until - services.clock.now());
    later.arm = [waiting](std::function<void()> ready) {
        waiting->watch.when_ready(std::move(ready));
    };
    later.finish = [&services, waiting]() -> Answer {
        if (const engine::RestPtr rest = waiting->watch.rest()) return rest_reply(*rest);
        return answer_found(services, waiting->id, 202, Progress::GoesOn);
    };
    return later;
}

Answer answer_repeat(const Services& services, const store::StartRepeats& repeats,
                     std::optional<sagas::Timestamp> wait_until) {
    const bool is_by_key = repeats.by == store::StartRepeats::By::RequestKey;
    if (!repeats.is_same_body && is_by_key) {
        return Problem{ProblemType::IdempotencyKeyReused,
                       "This Idempotency-Key started saga " + repeats.id +
                           " with another body; use a new key for a new saga.",
                       {},
                       nullptr};
    }
    if (!repeats.is_same_body) {
        return Problem{ProblemType::IdTaken,
                       "Another saga has the id " + repeats.id +
                           ", started with another body; nothing was started.",
                       {},
                       nullptr};
    }
    if (wait_until) return wait_for_repeated(services, *wait_until, repeats.id);
    return answer_found(services, repeats.id, is_by_key ? 201 : 200, Progress::Accepted);
}

/// The answer once the commit is known.
Answer answer_start(const Services& services, const PendingPtr& pending) {
    const Result& result = *pending->result.get();
    if (const auto* busy = std::get_if<engine::Busy>(&result)) return to_problem(*busy);
    if (const auto* repeats = std::get_if<store::StartRepeats>(&result)) {
        return answer_repeat(services, *repeats, pending->wait_until);
    }
    if (std::holds_alternative<store::StartIdUsed>(result)) {
        return Problem{ProblemType::IdUsed,
                       "The id " + pending->id +
                           " belonged to a saga that ended and was deleted; it is not run again. "
                           "Use another id.",
                       {},
                       nullptr};
    }
    if (!pending->wait_until) {
        return answer_started(services, pending->id, *pending->version, 201, Progress::Accepted);
    }
    if (const engine::RestPtr rest = pending->watch->rest()) return rest_reply(*rest);
    return answer_started(services, pending->id, *pending->version, 202, Progress::GoesOn);
}

Later until_durable(const Services& services, const PendingPtr& pending) {
    Later later;
    later.time = kCommitTime;
    later.arm = [pending](std::function<void()> ready) {
        pending->result.when_set(std::move(ready));
    };
    later.finish = [&services, pending]() -> Answer {
        if (pending->result.get() == nullptr) return commit_unconfirmed();
        return answer_start(services, pending);
    };
    return later;
}

/// One wake-up for the commit and the end together; a start that was not made, or was made before,
/// wakes at once.
Later until_rest(const Services& services, const PendingPtr& pending, Milliseconds wait) {
    Later later;
    later.kind = Later::Kind::Long;
    later.time = wait;
    later.arm = [pending](std::function<void()> ready) {
        auto first = std::make_shared<FirstOf>(std::move(ready));
        pending->result.when_set([pending = pending.get(), first] {
            if (!std::holds_alternative<Started>(*pending->result.get())) (*first)();
        });
        pending->watch->when_ready([first] { (*first)(); });
    };
    later.finish = [&services, pending]() -> Answer {
        // Not durable yet: no wait is so short that it may be answered with a maybe.
        if (pending->result.get() == nullptr) return until_durable(services, pending);
        return answer_start(services, pending);
    };
    return later;
}

/// What a start needs of its definition.
struct Prepared {
    engine::VersionPtr version;
    store::Labels labels;
};

Parsed<Prepared> prepare(const Services& services, const StartRequest& start) {
    auto version =
        read_again([&] { return services.catalog.to_start(start.definition, start.version); });
    if (!version && version.error().code == sagas::ErrorCode::NotFound) {
        return tl::unexpected(no_such_definition(start.definition, start.version));
    }
    if (!version) return tl::unexpected(to_problem(version.error()));
    const sagas::Definition& definition = (*version)->definition;
    if (auto problem = find_invalid_input(definition, *start.input)) {
        return tl::unexpected(std::move(*problem));
    }
    auto labels = make_labels(definition, start);
    if (!labels) return tl::unexpected(std::move(labels.error()));
    return Prepared{std::move(*version), std::move(*labels)};
}

/// A start that can't be made as the definition stands now may repeat one that was made before the
/// definition was deleted or changed: the same key has the same answer.
Answer answer_unprepared(const Services& services, const StartRequest& start,
                         const std::optional<std::string>& key,
                         std::optional<sagas::Timestamp> wait_until, Problem problem) {
    if (!key && !start.id) return problem;
    store::StartIdentity identity{std::nullopt, start.id, start.body_hash};
    if (key) identity.request = sagas::RequestKey{*key, start.body_hash};
    const auto repeats = read_again([&] { return services.reader.repeated_start(identity); });
    if (repeats) return answer_repeat(services, *repeats, wait_until);
    if (repeats.error().code == sagas::ErrorCode::NotFound) return problem;
    return to_problem(repeats.error());
}

engine::Start make_start(StartRequest&& request, const PendingPtr& pending, store::Labels labels,
                         std::optional<std::string> key) {
    engine::Start start;
    start.version = pending->version;
    start.id = pending->id;
    start.id_origin = request.id ? store::IdOrigin::Client : store::IdOrigin::Ours;
    start.input = std::move(request.input);
    start.labels = std::move(labels);
    if (key) start.request = sagas::RequestKey{std::move(*key), request.body_hash};
    start.body_hash = std::move(request.body_hash);
    start.done = [pending](Result result) { pending->result.set(std::move(result)); };
    return start;
}

}  // namespace

Answer start_saga(const Services& services, const Request& request) {
    auto key = read_idempotency_key(request);
    if (!key) return key.error();
    const auto wait = read_wait(request);
    if (!wait) return wait.error();
    auto start = read_start_request(request);
    if (!start) return start.error();

    const bool is_waited = *wait && **wait > Milliseconds{0};
    std::optional<sagas::Timestamp> wait_until;
    if (is_waited) wait_until = services.clock.now() + **wait;
    auto prepared = prepare(services, *start);
    if (!prepared) {
        return answer_unprepared(services, *start, *key, wait_until, std::move(prepared.error()));
    }

    auto pending = std::make_shared<PendingStart>();
    pending->id = start->id ? *start->id : services.uuids.next();
    pending->version = std::move(prepared->version);
    pending->wait_until = wait_until;
    if (is_waited) {
        pending->watch.emplace(services.watchers.watch(pending->id));
    }
    services.post(
        make_start(std::move(*start), pending, std::move(prepared->labels), std::move(*key)));
    if (is_waited) return until_rest(services, pending, **wait);
    return until_durable(services, pending);
}

}  // namespace skald::api
