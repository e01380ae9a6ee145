#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/request_body.h"
#include "api/saga_reading.h"
#include "api/saga_view.h"

namespace skald::api {
namespace {

using Operate = engine::Operate;

constexpr std::size_t kReasonBytesMax = 1'000;

struct PendingCancel {
    std::string id;
    std::optional<sagas::RequestKey> request;
    Awaited<Operate::Result> result;
};
using PendingPtr = std::shared_ptr<PendingCancel>;

Problem conflict(const std::string& id, const std::string& why) {
    return {ProblemType::Conflict, "Saga " + id + " can't be cancelled: " + why + ".", {}, nullptr};
}

Problem key_reused(const std::string& id) {
    return {ProblemType::IdempotencyKeyReused,
            "This Idempotency-Key was sent to saga " + id +
                " with another body; use a new key for a new command.",
            {},
            nullptr};
}

Reply accepted(const StoredSaga& stored) {
    const bool is_undone = sagas::status(stored.saga) == sagas::Status::Compensated;
    return json_reply(is_undone ? 200 : 202, saga_document(stored));
}

/// The answer to a cancel that was accepted, now or before.
Answer answer_accepted(const Services& services, const std::string& id, sagas::Status status) {
    const auto stored = read_saga(services, id);
    if (stored) return accepted(*stored);
    // It was accepted, durably: a read that failed must not look like a refusal.
    return json_reply(status == sagas::Status::Compensated ? 200 : 202,
                      {{"id", id}, {"status", sagas::to_text(status)}});
}

/// It isn't live: what the store holds of it decides.
Answer answer_not_live(const Services& services, const PendingCancel& pending) {
    const auto stored = read_saga(services, pending.id);
    if (!stored && stored.error().code == sagas::ErrorCode::NotFound) {
        return no_such_saga(pending.id);
    }
    if (!stored) return to_problem(stored.error());
    if (pending.request) {
        const auto& requests = stored->saga.requests;
        const auto same = std::find_if(requests.begin(), requests.end(), [&](const auto& each) {
            return each.key == pending.request->key;
        });
        if (same != requests.end()) {
            if (same->body_hash != pending.request->body_hash) return key_reused(pending.id);
            return accepted(*stored);
        }
    }
    const sagas::Status status = sagas::status(stored->saga);
    if (status == sagas::Status::Compensated) return accepted(*stored);
    if (!sagas::is_terminal(status)) {
        return to_problem(engine::Busy{engine::Busy::Why::TooMuch,
                                       "Saga " + pending.id + " is just changing; ask again."});
    }
    return conflict(pending.id,
                    "it is " + std::string(sagas::to_text(status)) + ", and never changes again");
}

Answer answer_refusal(const Services& services, const PendingCancel& pending,
                      const sagas::Refusal& refusal) {
    switch (refusal.code) {
        case sagas::RefusalCode::AlreadySo:
            return answer_accepted(services, pending.id, sagas::Status::Compensating);
        case sagas::RefusalCode::AlreadyEnded:
            return answer_not_live(services, pending);
        default:
            return conflict(pending.id, refusal.detail);
    }
}

Answer answer_cancel(const Services& services, const PendingCancel& pending) {
    const Operate::Result* result = pending.result.get();
    if (result == nullptr) return commit_unconfirmed();
    if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
    if (std::holds_alternative<Operate::KeyMismatch>(*result)) return key_reused(pending.id);
    if (std::holds_alternative<Operate::NotLive>(*result)) {
        return answer_not_live(services, pending);
    }
    if (const auto* refusal = std::get_if<sagas::Refusal>(result)) {
        return answer_refusal(services, pending, *refusal);
    }
    return answer_accepted(services, pending.id, std::get<Operate::Done>(*result).status);
}

/// The key as the saga keeps it: its scope is the route and the saga, so the route stands before
/// it.
std::optional<sagas::RequestKey> scoped(const std::optional<std::string>& key,
                                        const sagas::Json& body) {
    if (!key) return std::nullopt;
    return sagas::RequestKey{"cancel " + *key, canonical_hash(body)};
}

}  // namespace

Answer cancel_saga(const Services& services, const Request& request) {
    const std::string& id = request.path.at(0);
    if (!is_saga_id(id)) return no_such_saga(id);
    const auto key = read_idempotency_key(request);
    if (!key) return key.error();
    const auto body = read_object(request, EmptyBody::IsEmptyObject);
    if (!body) return body.error();
    ObjectReader reader(*body, {"reason"});
    const std::string reason = reader.text("reason", Presence::Optional).value_or("");
    if (reason.size() > kReasonBytesMax) {
        reader.note("too-long", "/reason",
                    "has " + std::to_string(reason.size()) + " bytes; at most " +
                        std::to_string(kReasonBytesMax),
                    "");
    }
    if (auto problem = reader.problem()) return std::move(*problem);

    auto pending = std::make_shared<PendingCancel>();
    pending->id = id;
    pending->request = scoped(*key, *body);
    services.post(Operate{
        id, sagas::Cancel{sagas::Operator{services.operator_name, reason, pending->request}},
        [pending](Operate::Result result) { pending->result.set(std::move(result)); }});
    Later later;
    later.time = kCommitTime;
    later.arm = [pending](std::function<void()> ready) {
        pending->result.when_set(std::move(ready));
    };
    later.finish = [&services, pending] { return answer_cancel(services, *pending); };
    return later;
}

}  // namespace skald::api
