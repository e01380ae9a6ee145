#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/document.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/masking.h"
#include "api/operator_reason.h"
#include "api/replay_view.h"
#include "api/request_body.h"
#include "api/saga_view.h"
#include "api/starting.h"

/// Runs a saga that ended once more, as a new saga. The new one is bound to the old one as to a
/// request key, so that of all who ask for a replay one wins.
namespace skald::api {
namespace {

/// Stands for the id that the new saga will get.
constexpr const char* kNewId = "{id}";

struct ReplayRequest {
    sagas::Value input;  ///< Null pointer: as it was.
    std::optional<std::uint32_t> version;
    std::optional<std::string> id;
    std::string reason;
    bool accepts_repeats = false;
    bool is_dry = false;
    std::string body_hash;
};

bool read_flag(ObjectReader& reader, const std::string& name) {
    const sagas::Json* value = reader.member(name, Presence::Optional);
    if (value == nullptr) return false;
    if (!value->is_boolean()) reader.note("wrong-type", "/" + name, "must be true or false", "");
    return value->is_boolean() && value->get<bool>();
}

Parsed<ReplayRequest> read_replay(const Request& request) {
    auto body = read_object(request, EmptyBody::IsEmptyObject);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"input", "version", "id", "reason", "accept_repeats", "dry_run"});
    ReplayRequest replay;
    replay.version = reader.positive_integer("version");
    replay.id = reader.text("id", Presence::Optional);
    if (replay.id && !is_saga_id(*replay.id)) {
        reader.note("bad-id", "/id", std::string(kSagaIdRule), "leave it out to get a UUID");
    }
    replay.reason = read_reason(reader, Presence::Optional);
    replay.accepts_repeats = read_flag(reader, "accept_repeats");
    replay.is_dry = read_flag(reader, "dry_run");
    const sagas::Json* input = reader.member("input", Presence::Optional);
    if (input != nullptr) {
        if (const auto pointer = sagas::find_imprecise_integer(*input)) {
            reader.note("imprecise-integer", "/input" + *pointer, "is beyond +-9007199254740992",
                        "send it as a string");
        }
        replay.input = sagas::make_value(*input);
    }
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
    replay.body_hash = canonical_hash(*body);
    return replay;
}

/// What a replay is remembered by: the key it was sent with (or none), and its body.
struct Fingerprint {
    std::string key;
    std::string body_hash;

    std::string text() const { return key + "\n" + body_hash; }
    static Fingerprint parse(const std::string& text) {
        const std::size_t end = text.find('\n');
        if (end == std::string::npos) return {"", text};
        return {text.substr(0, end), text.substr(end + 1)};
    }
    /// A request without a key is the same as one with, if their bodies are.
    bool is_same(const Fingerprint& other) const {
        const bool may_be = key.empty() || other.key.empty() || key == other.key;
        return may_be && body_hash == other.body_hash;
    }
};

Problem conflict(const std::string& id, const std::string& code, const std::string& why,
                 sagas::Json more = sagas::Json::object()) {
    more["reason_code"] = code;
    return {ProblemType::Conflict,
            "Saga " + id + " can't be replayed: " + why + ".",
            {},
            std::move(more)};
}

/// What keeps `old` from being replayed; none: nothing does.
std::optional<Problem> find_obstacle(const StoredSaga& old, const Document& effects,
                                     bool accepts_repeats) {
    if (old.saga.parent) {
        const std::string& parent = old.saga.parent->saga;
        return conflict(old.saga.id, "is_child",
                        "it is a child of saga " + parent + ": replay its parent",
                        {{"parent", parent}});
    }
    const sagas::Status status = sagas::status(old.saga);
    const std::string text(sagas::to_text(status));
    if (!sagas::is_terminal(status)) {
        return conflict(old.saga.id, "still_live",
                        status == sagas::Status::Stuck
                            ? "it is stuck: retry, resolve or abandon it first"
                            : "it is " + text + ", and goes on");
    }
    const bool does_repeat = status != sagas::Status::Compensated || !effects.empty();
    if (does_repeat && !accepts_repeats) {
        return conflict(old.saga.id, "effects_stand",
                        "it is " + text +
                            ", and what stands of it would be done once more; look at "
                            "\"effects\", and send \"accept_repeats\": true if that is wanted",
                        {{"effects", sagas::Json(effects)}});
    }
    return std::nullopt;
}

/// One replay on its way.
struct PendingReplay : PendingStart {
    std::string of;
    Fingerprint fingerprint;
};

/// The new saga, as lists show it, and what it replays.
std::optional<Reply> replay_reply(const Services& services, const PendingReplay& pending,
                                  const std::string& id) {
    const auto row = read_again([&] { return services.reader.saga(id); });
    if (!row) return std::nullopt;
    Document document = saga_item(*row);
    document["replay_of"] = pending.of;
    return located(json_reply(201, document), id);
}

Answer found_replay(const Services& services, const PendingReplay& pending, const std::string& id) {
    if (auto reply = replay_reply(services, pending, id)) return std::move(*reply);
    return to_problem(sagas::Error{sagas::ErrorCode::Unavailable, "read saga " + id});
}

/// Somebody replayed the saga before: this request, or another one.
Answer answer_repeat(const Services& services, const PendingReplay& pending,
                     const store::StartRepeats& repeats) {
    if (repeats.by == store::StartRepeats::By::Id) {  // A repeat is found by its binding.
        return Problem{ProblemType::IdTaken,
                       "Another saga has the id " + repeats.id + "; nothing was started.",
                       {},
                       nullptr};
    }
    if (repeats.is_same_body) return found_replay(services, pending, repeats.id);
    const auto rows = read_again([&] { return services.reader.journal(repeats.saga, 0, 1); });
    if (!rows) return to_problem(rows.error());
    const sagas::RequestKey* first =
        rows->empty() ? nullptr : store::request_key(rows->front().record);
    const Fingerprint before = Fingerprint::parse(first == nullptr ? "" : first->body_hash);
    if (before.is_same(pending.fingerprint)) return found_replay(services, pending, repeats.id);
    if (!before.key.empty() && before.key == pending.fingerprint.key) {
        return Problem{ProblemType::IdempotencyKeyReused,
                       "This Idempotency-Key replayed saga " + pending.of +
                           " with another body; use a new key for a new request.",
                       {},
                       nullptr};
    }
    return conflict(pending.of, "already_replayed",
                    "it was replayed as saga " + repeats.id + "; replay that one, if it was undone",
                    {{"replayed_as", repeats.id}});
}

Answer answer(const Services& services, const PendingReplay& pending) {
    const engine::Start::Result* result = pending.result.get();
    if (result == nullptr) return commit_unconfirmed();
    if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
    if (const auto* repeats = std::get_if<store::StartRepeats>(result)) {
        return answer_repeat(services, pending, *repeats);
    }
    if (std::holds_alternative<store::StartIdUsed>(*result)) {
        return conflict(pending.of, "already_replayed",
                        "it was replayed before, or the id " + pending.id +
                            " was used before, by a saga that ended and was deleted");
    }
    if (auto reply = replay_reply(services, pending, pending.id)) return std::move(*reply);
    return started_reply(services, pending, 201, Progress::Accepted);
}

/// The start that `replay` of `old` asks for. Labels that the request for `old` chose are kept;
/// those of the definition are made anew.
StartRequest to_start(const ReplayRequest& replay, const StoredSaga& old) {
    StartRequest start;
    start.definition = old.version->definition.name;
    start.version = replay.version ? *replay.version : old.version->number;
    start.id = replay.id;
    start.input = replay.input ? replay.input : old.saga.input;
    start.body_hash = replay.body_hash;
    for (const auto& [name, value] : old.labels) {
        if (!old.version->definition.labels.contains(name)) start.labels.emplace(name, value);
    }
    return start;
}

/// Without what the old version or the new one calls sensitive.
Document shown_input(const StartRequest& start, const StoredSaga& old,
                     const sagas::Definition& definition) {
    return masked(masked(start.input, definition.sensitive.input),
                  old.version->definition.sensitive.input);
}

Answer dry_run(const Services& services, const ReplayRequest& replay, const StoredSaga& old,
               const Prepared& prepared, const StartRequest& start, const Document& effects) {
    const auto row = read_again(
        [&] { return services.reader.definition(start.definition, prepared.version->number); });
    if (!row) return to_problem(row.error());
    const sagas::Json filled = sagas::Json::parse(row->filled, nullptr, false);
    Document plan{{"saga", old.saga.id},
                  {"definition", start.definition},
                  {"version", prepared.version->number},
                  {"input", shown_input(start, old, prepared.version->definition)}};
    plan["calls"] = calls_to_come(*prepared.version, filled, replay.id.value_or(kNewId),
                                  old.version->definition, old.saga);
    plan["effects"] = effects;
    auto obstacle = find_obstacle(old, effects, replay.accepts_repeats);
    const auto before = services.reader.repeated_start(
        {sagas::RequestKey{store::replay_key(old.saga.id), ""}, std::nullopt, ""});
    if (!before && before.error().code != sagas::ErrorCode::NotFound) {
        return to_problem(before.error());
    }
    if (!obstacle && before) {
        obstacle =
            conflict(old.saga.id, "already_replayed", "it was replayed as saga " + before->id);
    }
    plan["would_be"] = obstacle ? "refused" : "started";
    if (obstacle) plan["why"] = obstacle->detail;
    return json_reply(200, plan);
}

}  // namespace

Answer replay_saga(const Services& services, const Request& request) {
    const std::string& id = request.path.at(0);
    if (!is_saga_id(id)) return no_such_saga(id);
    const auto key = read_idempotency_key(request);
    if (!key) return key.error();
    const auto replay = read_replay(request);
    if (!replay) return replay.error();
    const auto old = read_saga(services, id);
    if (!old && old.error().code == sagas::ErrorCode::NotFound) return no_such_saga(id);
    if (!old) return to_problem(old.error());

    auto pending = std::make_shared<PendingReplay>();
    pending->of = id;
    pending->fingerprint = {key->value_or(""), replay->body_hash};
    const sagas::RequestKey bound{store::replay_key(id), pending->fingerprint.text()};
    const Document effects = standing_effects(old->version->definition, old->saga);
    StartRequest start = to_start(*replay, *old);
    auto prepared = prepare_start(services, start);
    if (!replay->is_dry) {
        // A repeat gets its answer, whatever has changed since.
        const auto before = read_again([&] {
            return services.reader.repeated_start({bound, std::nullopt, ""});
        });
        if (before) return answer_repeat(services, *pending, *before);
        auto obstacle = find_obstacle(*old, effects, replay->accepts_repeats);
        if (obstacle) return std::move(*obstacle);
    }
    if (!prepared) return std::move(prepared.error());
    if (replay->is_dry) return dry_run(services, *replay, *old, *prepared, start, effects);

    pending->id = start.id ? *start.id : services.uuids.next();
    pending->version = prepared->version;
    engine::Start command = make_start(std::move(start), std::move(*prepared), bound, pending);
    command.replay = sagas::Replay{id, services.operator_name, replay->reason};
    services.post(std::move(command));
    Later later;
    later.time = kCommitTime;
    later.arm = [pending](std::function<void()> ready) {
        pending->result.when_set(std::move(ready));
    };
    later.finish = [&services, pending] { return answer(services, *pending); };
    return later;
}

}  // namespace skald::api
