#include "api/starting.h"

#include <utility>

#include "api/definition_view.h"
#include "api/document.h"
#include "api/masking.h"
#include "api/saga_view.h"
#include "sagas/lock.h"

namespace skald::api {
namespace {

std::optional<Reply> stored_reply(const Services& services, const std::string& id, int status,
                                  Progress progress) {
    std::string body;
    if (progress == Progress::GoesOn) {
        if (const auto stored = read_saga(services, id)) body = saga_text(services, *stored);
    } else if (const auto row = read_again([&] { return services.reader.saga(id); })) {
        body = to_text(saga_item(*row));
    }
    if (body.empty()) return std::nullopt;
    return located(json_text_reply(status, std::move(body)), id);
}

/// Whoever copied the input from where it is shown would run the saga with it.
Problem masked_input(const std::string& pointer) {
    return {ProblemType::InvalidInput,
            "The input has *** where its definition says sensitive; nothing was started.",
            {{"masked-value", "/input" + pointer, "*** stands for a value that is not shown",
              "send the value itself; a replay without an input takes the one of its saga"}},
            nullptr};
}

Problem bad_lock(const sagas::Error& error) {
    return make_problem(ProblemType::InvalidInput,
                        "The definition's lock can't be made of this input: " + error.message +
                            "; nothing was started.");
}

}  // namespace

Parsed<Prepared> prepare_start(const Services& services, const StartRequest& start) {
    return prepare_start(StartGround{services.catalog, services.has_public_url}, start);
}

Parsed<Prepared> prepare_start(const StartGround& ground, const StartRequest& start) {
    auto version =
        read_again([&] { return ground.catalog.to_start(start.definition, start.version); });
    if (!version && version.error().code == sagas::ErrorCode::NotFound) {
        return tl::unexpected(no_such_definition(start.definition, start.version));
    }
    if (!version) return tl::unexpected(to_problem(version.error()));
    const sagas::Definition& definition = (*version)->definition;
    if (auto problem = find_invalid_input(definition, *start.input)) {
        return tl::unexpected(std::move(*problem));
    }
    if (const auto pointer = find_mask(*start.input, definition.sensitive.input)) {
        return tl::unexpected(masked_input(*pointer));
    }
    auto labels = make_labels(definition, start);
    if (!labels) return tl::unexpected(std::move(labels.error()));
    auto lock = sagas::render_lock(definition, *start.input);
    if (!lock) return tl::unexpected(bad_lock(lock.error()));
    auto pins = pin_here(ground, definition);
    if (!pins) return tl::unexpected(std::move(pins.error()));
    return Prepared{std::move(*version), std::move(*labels), std::move(*lock), std::move(*pins)};
}

Parsed<std::optional<store::StartRepeats>> find_repeated(const Services& services,
                                                         const StartRequest& start,
                                                         const std::optional<std::string>& key) {
    if (!key && !start.id) return std::nullopt;
    store::StartIdentity identity{std::nullopt, start.id, start.body_hash};
    if (key) identity.request = sagas::RequestKey{*key, start.body_hash};
    const auto repeats = read_again([&] { return services.reader.repeated_start(identity); });
    if (repeats) return *repeats;
    if (repeats.error().code == sagas::ErrorCode::NotFound) return std::nullopt;
    return tl::unexpected(to_problem(repeats.error()));
}

engine::Start start_command(StartRequest&& request, Prepared&& prepared,
                            std::optional<sagas::RequestKey> key, const std::string& id) {
    engine::Start start;
    start.version = std::move(prepared.version);
    start.id = id;
    start.id_origin = request.id ? store::IdOrigin::Client : store::IdOrigin::Ours;
    start.input = std::move(request.input);
    start.labels = std::move(prepared.labels);
    start.lock = std::move(prepared.lock);
    start.pins = std::move(prepared.pins);
    start.request = std::move(key);
    start.body_hash = std::move(request.body_hash);
    return start;
}

engine::Start make_start(StartRequest&& request, Prepared&& prepared,
                         std::optional<sagas::RequestKey> key,
                         const std::shared_ptr<PendingStart>& pending) {
    engine::Start start =
        start_command(std::move(request), std::move(prepared), std::move(key), pending->id);
    start.done = [pending](engine::Start::Result result) {
        pending->result.set(std::move(result));
    };
    return start;
}

std::optional<Problem> find_problem(const store::StartRepeats& repeats) {
    if (repeats.is_same_body) return std::nullopt;
    if (repeats.by == store::StartRepeats::By::RequestKey) {
        return Problem{ProblemType::IdempotencyKeyReused,
                       "This Idempotency-Key started saga " + repeats.id +
                           " with another body; use a new key for a new saga.",
                       {},
                       nullptr};
    }
    return Problem{ProblemType::IdTaken,
                   "Another saga has the id " + repeats.id +
                       ", started with another body; nothing was started.",
                   {},
                   nullptr};
}

Problem id_used(const std::string& id) {
    return {ProblemType::IdUsed,
            "The id " + id +
                " belonged to a saga that ended and was deleted; it is not run again. "
                "Use another id.",
            {},
            nullptr};
}

Reply located(Reply reply, const std::string& id) {
    reply.headers.emplace_back("Location", "/v1/sagas/" + id);
    return reply;
}

Reply started_reply(const Services& services, const PendingStart& start, int status,
                    Progress progress) {
    if (auto reply = stored_reply(services, start.id, status, progress)) return std::move(*reply);
    return located(json_reply(status, Document{{"id", start.id},
                                               {"definition", start.version->definition.name},
                                               {"version", start.version->number}}),
                   start.id);
}

Answer found_reply(const Services& services, const std::string& id, int status, Progress progress) {
    if (auto reply = stored_reply(services, id, status, progress)) return std::move(*reply);
    return to_problem(sagas::Error{sagas::ErrorCode::Unavailable, "read saga " + id});
}

}  // namespace skald::api
