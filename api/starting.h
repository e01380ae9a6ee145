#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/awaited.h"
#include "api/definition_check.h"
#include "api/parsed.h"
#include "api/saga_reading.h"
#include "api/services.h"
#include "api/start_request.h"

/// What starts, batches of starts, replays and triggers share.
namespace skald::api {

/// What a start needs of its definition.
struct Prepared {
    engine::VersionPtr version;
    store::Labels labels;
    std::optional<std::string> lock;
    sagas::Pins pins;
};
/// Problems: DefinitionNotFound, InvalidDefinition (as it stands, it can't be started),
/// InvalidInput, and those of the store.
Parsed<Prepared> prepare_start(const StartGround& ground, const StartRequest& start);
Parsed<Prepared> prepare_start(const Services& services, const StartRequest& start);

/// A start that can't be made as its definition stands now may repeat one that was made before the
/// definition was deleted or changed: the same key has the same answer. None: it repeats nothing.
/// Problems: those of the store.
Parsed<std::optional<store::StartRepeats>> find_repeated(const Services& services,
                                                         const StartRequest& start,
                                                         const std::optional<std::string>& key);

/// One start on its way, shared by the transport's thread and the loop's.
struct PendingStart {
    std::string id;
    engine::VersionPtr version;
    Awaited<engine::Start::Result> result;
};

/// The command, without its `done`.
engine::Start start_command(StartRequest&& request, Prepared&& prepared,
                            std::optional<sagas::RequestKey> key, const std::string& id);
/// The command; its result goes to `pending`.
engine::Start make_start(StartRequest&& request, Prepared&& prepared,
                         std::optional<sagas::RequestKey> key,
                         const std::shared_ptr<PendingStart>& pending);

/// Why a repeat does not get the saga that it repeats: its body is another one.
std::optional<Problem> find_problem(const store::StartRepeats& repeats);
Problem id_used(const std::string& id);

// ---- Replies, with the saga's Location ---------------------------------------------------------

Reply located(Reply reply, const std::string& id);

/// How much of the saga is shown: what lists show, or, after a wait, the whole.
enum class Progress : std::uint8_t { Accepted, GoesOn };

/// A saga that was started just now. It is durable: a read that failed must not look like a start
/// that did.
Reply started_reply(const Services& services, const PendingStart& start, int status,
                    Progress progress);
/// One that was started before.
Answer found_reply(const Services& services, const std::string& id, int status, Progress progress);

}  // namespace skald::api
