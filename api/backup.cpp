#include <memory>
#include <utility>

#include "api/awaited.h"
#include "api/backup_maker.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/request_body.h"

namespace skald::api {
namespace {

using Made = sagas::Result<MadeBackup>;

/// A backup takes as long as it takes; this bounds a single wait.
constexpr sagas::Milliseconds kBackupTime{std::chrono::hours{24}};

struct PendingBackup {
    sagas::Timestamp asked_at;
    Awaited<Made> made;
};

Answer answer(const Services& services, const PendingBackup& pending) {
    const Made& made = *pending.made.get();
    if (made) {
        return json_reply(200, {{"file", made->file},
                                {"bytes", made->bytes},
                                {"took_ms", (services.clock.now() - pending.asked_at).count()},
                                {"sagas", made->sagas}});
    }
    const sagas::Error& error = made.error();
    switch (error.code) {
        case sagas::ErrorCode::AlreadyExists:
        case sagas::ErrorCode::Conflict:
        case sagas::ErrorCode::InvalidArgument:
            return Problem{
                ProblemType::Conflict, "No backup was made: " + error.message + ".", {}, nullptr};
        case sagas::ErrorCode::Corruption:
            return Problem{ProblemType::Internal,
                           "No backup was made: " + error.message +
                               ". Ask GET /v1/doctor?deep=true how the store is.",
                           {},
                           nullptr};
        default:
            return Problem{ProblemType::StoreUnavailable,
                           "No backup was made: " + error.message + ".",
                           {},
                           nullptr};
    }
}

/// Whoever waits too long among too many waits on: a backup that is being made has no other answer.
Later until_made(const Services& services, const std::shared_ptr<PendingBackup>& pending,
                 Later::Kind kind) {
    Later later;
    later.kind = kind;
    later.time = kBackupTime;
    later.arm = [pending](std::function<void()> ready) {
        pending->made.when_set(std::move(ready));
    };
    later.finish = [&services, pending]() -> Answer {
        if (pending->made.get() != nullptr) return answer(services, *pending);
        if (!services.why_not_ready().empty()) return commit_unconfirmed();
        return until_made(services, pending, Later::Kind::Short);
    };
    return later;
}

}  // namespace

Answer back_up_store(const Services& services, const Request& request) {
    const auto body = read_object(request, EmptyBody::IsEmptyObject);
    if (!body) return body.error();
    ObjectReader reader(*body, {"file"});
    const auto file = reader.text("file", Presence::Required);
    if (file && !is_backup_name(*file)) {
        reader.note(
            "bad-name", "/file",
            "must be 1 to 100 letters, digits, \".\", \"_\" or \"-\", without a dot in front",
            "give a name, not a path: backups go to the server's --backup-dir");
    }
    if (auto problem = reader.problem()) return std::move(*problem);

    auto pending = std::make_shared<PendingBackup>();
    pending->asked_at = services.clock.now();
    services.back_up(*file, [pending](Made made) { pending->made.set(std::move(made)); });
    return until_made(services, pending, Later::Kind::Long);
}

}  // namespace skald::api
