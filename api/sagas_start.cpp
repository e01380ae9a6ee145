#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <variant>

#include "api/document.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/query_parameters.h"
#include "api/saga_reading.h"
#include "api/starting.h"

namespace skald::api {
namespace {

using Result = engine::Start::Result;
using Started = engine::Start::Started;
using sagas::Milliseconds;

/// A start with what its `?wait` needs.
struct WaitingStart : PendingStart {
    std::optional<sagas::Timestamp> wait_until;
    std::optional<engine::Watchers::Watch> watch;
};
using PendingPtr = std::shared_ptr<WaitingStart>;

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

Answer rest_reply(const Services& services, const engine::Rest& rest) {
    return located(json_text_reply(200, saga_text(services, rest)), rest.saga.id);
}

/// A repeat with `?wait`: the same saga, from now until the wait is over.
Answer wait_for_repeated(const Services& services, sagas::Timestamp until, std::string id) {
    struct Repeated {
        engine::Watchers::Watch watch;
        std::string id;
    };
    auto waiting = std::make_shared<Repeated>(Repeated{services.watchers.watch(id), std::move(id)});
    const auto stored = read_saga(services, waiting->id);
    if (stored) {
        if (is_at_rest(sagas::status(stored->saga))) {
            return located(json_text_reply(200, saga_text(services, *stored)), waiting->id);
        }
    }
    Later later;
    later.kind = Later::Kind::Long;
    later.time = std::max(Milliseconds{0}, until - services.clock.now());
    later.arm = [waiting](std::function<void()> ready) {
        waiting->watch.when_ready(std::move(ready));
    };
    later.finish = [&services, waiting]() -> Answer {
        if (const engine::RestPtr rest = waiting->watch.rest()) return rest_reply(services, *rest);
        return found_reply(services, waiting->id, 202, Progress::GoesOn);
    };
    return later;
}

Answer answer_repeat(const Services& services, const store::StartRepeats& repeats,
                     std::optional<sagas::Timestamp> wait_until) {
    if (auto problem = find_problem(repeats)) return std::move(*problem);
    if (wait_until) return wait_for_repeated(services, *wait_until, repeats.id);
    const bool is_by_key = repeats.by == store::StartRepeats::By::RequestKey;
    return found_reply(services, repeats.id, is_by_key ? 201 : 200, Progress::Accepted);
}

/// The answer once the commit is known.
Answer answer_start(const Services& services, const PendingPtr& pending) {
    const Result& result = *pending->result.get();
    if (const auto* busy = std::get_if<engine::Busy>(&result)) return to_problem(*busy);
    if (const auto* repeats = std::get_if<store::StartRepeats>(&result)) {
        return answer_repeat(services, *repeats, pending->wait_until);
    }
    if (std::holds_alternative<store::StartIdUsed>(result)) return id_used(pending->id);
    if (!pending->wait_until) return started_reply(services, *pending, 201, Progress::Accepted);
    if (const engine::RestPtr rest = pending->watch->rest()) return rest_reply(services, *rest);
    return started_reply(services, *pending, 202, Progress::GoesOn);
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

}  // namespace

Answer start_saga(const Services& services, const Request& request) {
    auto key = read_idempotency_key(request);
    if (!key) return key.error();
    const auto wait = read_wait(request);
    if (!wait) return wait.error();
    auto start = read_start_request(request, *key);
    if (!start) return start.error();

    const bool is_waited = *wait && **wait > Milliseconds{0};
    auto pending = std::make_shared<WaitingStart>();
    if (is_waited) pending->wait_until = services.clock.now() + **wait;
    auto prepared = prepare_start(services, *start);
    if (!prepared) {
        const auto repeats = find_repeated(services, *start, *key);
        if (!repeats) return repeats.error();
        if (!*repeats) return std::move(prepared.error());
        return answer_repeat(services, **repeats, pending->wait_until);
    }

    pending->id = start->id ? *start->id : services.uuids.next();
    pending->version = prepared->version;
    if (is_waited) pending->watch.emplace(services.watchers.watch(pending->id));
    std::optional<sagas::RequestKey> request_key;
    if (*key) request_key = sagas::RequestKey{std::move(**key), start->body_hash};
    services.post(
        make_start(std::move(*start), std::move(*prepared), std::move(request_key), pending));
    if (is_waited) return until_rest(services, pending, **wait);
    return until_durable(services, pending);
}

}  // namespace skald::api
