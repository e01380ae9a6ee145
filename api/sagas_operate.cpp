#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/operator_reason.h"
#include "api/request_body.h"
#include "api/saga_reading.h"
#include "api/saga_view.h"
#include "api/step_place.h"
#include "sagas/did_you_mean.h"

/// The commands of an operator: all are one event for the saga's machine, which accepts it or says
/// why not.
namespace skald::api {
namespace {

using Operate = engine::Operate;
using sagas::StepIndex;

/// One command on its way, shared by the transport's thread and the loop's.
struct Pending {
    std::string id;
    const char* done;  ///< "cancelled": for "Saga X can't be cancelled".
    std::optional<sagas::RequestKey> request;
    Awaited<Operate::Result> result;
};
using PendingPtr = std::shared_ptr<Pending>;

// ---- Answers -----------------------------------------------------------------------------------

std::string_view reason_code(sagas::RefusalCode code) {
    switch (code) {
        case sagas::RefusalCode::AlreadySo:
            return "already_so";
        case sagas::RefusalCode::AlreadyEnded:
            return "already_ended";
        case sagas::RefusalCode::PastPivot:
            return "past_pivot";
        case sagas::RefusalCode::PivotInDoubt:
            return "pivot_in_doubt";
        case sagas::RefusalCode::NotStuck:
            return "not_stuck";
        case sagas::RefusalCode::OutputRequired:
            return "output_required";
        case sagas::RefusalCode::NotApplicable:
            return "not_applicable";
    }
    return "";
}

Problem conflict(const Pending& pending, sagas::RefusalCode code, const std::string& why) {
    return {ProblemType::Conflict,
            "Saga " + pending.id + " can't be " + pending.done + ": " + why + ".",
            {},
            sagas::Json{{"reason_code", reason_code(code)}}};
}

Problem key_reused(const std::string& id) {
    return {ProblemType::IdempotencyKeyReused,
            "This Idempotency-Key was sent to saga " + id +
                " with another body; use a new key for a new command.",
            {},
            nullptr};
}

bool is_cancel(const Pending& pending) { return std::string_view(pending.done) == "cancelled"; }

/// A cancel is only asked for until the saga is undone; every other command is done.
int accepted_status(const Pending& pending, sagas::Status status) {
    return is_cancel(pending) && status != sagas::Status::Compensated ? 202 : 200;
}

Reply accepted(const Services& services, const Pending& pending, const StoredSaga& stored) {
    return json_text_reply(accepted_status(pending, sagas::status(stored.saga)),
                           saga_text(services, stored));
}

/// The answer to a command that was accepted, now or before.
Answer answer_accepted(const Services& services, const Pending& pending, sagas::Status status) {
    if (const auto stored = read_saga(services, pending.id))
        return accepted(services, pending, *stored);
    // It was accepted, durably: a read that failed must not look like a refusal.
    return json_reply(accepted_status(pending, status),
                      {{"id", pending.id}, {"status", sagas::to_text(status)}});
}

/// It isn't live: what the store holds of it decides.
Answer answer_not_live(const Services& services, const Pending& pending) {
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
            return accepted(services, pending, *stored);
        }
    }
    const sagas::Status status = sagas::status(stored->saga);
    if (is_cancel(pending) && status == sagas::Status::Compensated) {
        return accepted(services, pending, *stored);
    }
    if (!sagas::is_terminal(status)) {
        return to_problem(engine::Busy{engine::Busy::Why::TooMuch,
                                       "Saga " + pending.id + " is just changing; ask again."});
    }
    return conflict(pending, sagas::RefusalCode::AlreadyEnded,
                    "it is " + std::string(sagas::to_text(status)) + ", and never changes again");
}

Answer answer_refusal(const Services& services, const Pending& pending,
                      const sagas::Refusal& refusal) {
    if (refusal.code == sagas::RefusalCode::AlreadyEnded) return answer_not_live(services, pending);
    return conflict(pending, refusal.code, refusal.detail);
}

Answer answer(const Services& services, const Pending& pending) {
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
    return answer_accepted(services, pending, std::get<Operate::Done>(*result).status);
}

// ---- Requests ----------------------------------------------------------------------------------

using Event = decltype(Operate::event);

/// A command as it was sent, before it is known what it asks for.
struct Sent {
    const Services& services;
    const Request& request;
    const char* route;  ///< "cancel"
    const char* done;   ///< "cancelled"
    const std::string& id() const { return request.path.at(0); }
};

/// The step with that name ("charge"), or the element ("charge/3"), in the saga's definition; a
/// name that isn't one is noted. Problems: there is no such saga, or the store can't be read.
Parsed<std::optional<StepIndex>> find_step(const Sent& sent, const std::optional<std::string>& name,
                                           ObjectReader& reader) {
    if (!name) return std::nullopt;
    const auto row = read_again([&] { return sent.services.reader.saga(sent.id()); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) {
        return tl::unexpected(no_such_saga(sent.id()));
    }
    if (!row) return tl::unexpected(to_problem(row.error()));
    const auto version = read_again([&] { return sent.services.catalog.of(row->definition_key); });
    if (!version) return tl::unexpected(to_problem(version.error()));
    const PlaceText place = read_place(*name);
    std::vector<std::string> names;
    for (const sagas::Step& step : (*version)->definition.steps) {
        const bool is_it = step.name == place.step && (!place.item || step.for_each);
        const StepIndex index{static_cast<std::uint32_t>(names.size())};
        if (is_it) return place.item ? sagas::element_of(index, *place.item) : index;
        names.push_back(step.name);
    }
    std::string hint = sagas::did_you_mean_hint(place.step, names);
    if (hint.empty()) {
        for (const std::string& each : names) hint += (hint.empty() ? "steps are: " : ", ") + each;
    }
    reader.note("unknown-step", "/step",
                "definition " + row->definition + " has no step \"" + *name + "\"", hint);
    return std::nullopt;
}

std::optional<sagas::ResolveAs> read_as(ObjectReader& reader) {
    const auto text = reader.text("as", Presence::Required);
    if (!text) return std::nullopt;
    for (const auto as :
         {sagas::ResolveAs::Succeeded, sagas::ResolveAs::Compensated, sagas::ResolveAs::Skipped}) {
        if (sagas::to_text(as) == *text) return as;
    }
    reader.note("wrong-value", "/as", "\"" + *text + "\" is not a way to resolve a step",
                "use \"succeeded\", \"compensated\" or \"skipped\"");
    return std::nullopt;
}

/// Sends the event that `read(body, who)` makes of the body; a null pointer of a problem: it is
/// well.
template <typename Read>
Answer operate(const Sent& sent, const Read& read) {
    if (!is_saga_id(sent.id())) return no_such_saga(sent.id());
    auto key = read_idempotency_key(sent.request);
    if (!key) return key.error();
    const auto body = read_object(sent.request, EmptyBody::IsEmptyObject);
    if (!body) return body.error();

    auto pending = std::make_shared<Pending>();
    pending->id = sent.id();
    pending->done = sent.done;
    // Its scope is the route and the saga, so the route stands before it.
    if (*key) {
        pending->request =
            sagas::RequestKey{std::string(sent.route) + " " + **key, canonical_hash(*body)};
    }
    Parsed<Event> event =
        read(*body, sagas::Operator{sent.services.operator_name, "", pending->request});
    if (!event) return event.error();
    sent.services.post(Operate{pending->id, std::move(*event), [pending](Operate::Result result) {
                                   pending->result.set(std::move(result));
                               }});
    Later later;
    later.time = kCommitTime;
    later.arm = [pending](std::function<void()> ready) {
        pending->result.when_set(std::move(ready));
    };
    later.finish = [&services = sent.services, pending] { return answer(services, *pending); };
    return later;
}

/// A command that has nothing but a reason.
template <typename Command>
Answer operate_simply(const Sent& sent, Presence wanted) {
    return operate(sent, [&](const sagas::Json& body, sagas::Operator who) -> Parsed<Event> {
        ObjectReader reader(body, {"reason"});
        who.reason = read_reason(reader, wanted);
        if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
        return Command{std::move(who)};
    });
}

}  // namespace

Answer cancel_saga(const Services& services, const Request& request) {
    return operate_simply<sagas::Cancel>({services, request, "cancel", "cancelled"},
                                         Presence::Optional);
}

Answer suspend_saga(const Services& services, const Request& request) {
    return operate_simply<sagas::Suspend>({services, request, "suspend", "suspended"},
                                          Presence::Optional);
}

Answer resume_saga(const Services& services, const Request& request) {
    return operate_simply<sagas::Resume>({services, request, "resume", "resumed"},
                                         Presence::Optional);
}

Answer abandon_saga(const Services& services, const Request& request) {
    return operate_simply<sagas::Abandon>({services, request, "abandon", "abandoned"},
                                          Presence::Required);
}

Answer retry_saga(const Services& services, const Request& request) {
    const Sent sent{services, request, "retry", "retried"};
    return operate(sent, [&](const sagas::Json& body, sagas::Operator who) -> Parsed<Event> {
        ObjectReader reader(body, {"step", "reason"});
        who.reason = read_reason(reader, Presence::Optional);
        const auto step = find_step(sent, reader.text("step", Presence::Optional), reader);
        if (!step) return tl::unexpected(step.error());
        if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
        return sagas::Retry{*step, std::move(who)};
    });
}

Answer resolve_saga(const Services& services, const Request& request) {
    const Sent sent{services, request, "resolve", "resolved so"};
    return operate(sent, [&](const sagas::Json& body, sagas::Operator who) -> Parsed<Event> {
        ObjectReader reader(body, {"step", "as", "output", "reason"});
        who.reason = read_reason(reader, Presence::Required);
        const auto as = read_as(reader);
        const sagas::Json* output = reader.member("output", Presence::Optional);
        const auto step = find_step(sent, reader.text("step", Presence::Required), reader);
        if (!step) return tl::unexpected(step.error());
        if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
        return sagas::Resolve{**step, *as, output == nullptr ? nullptr : sagas::make_value(*output),
                              std::move(who)};
    });
}

}  // namespace skald::api
