#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "api/backup_maker.h"
#include "api/callback_tokens.h"
#include "api/metrics.h"
#include "api/parsed.h"
#include "api/topic_documents.h"
#include "api/uuid.h"
#include "engine/catalog.h"
#include "engine/clock.h"
#include "engine/commands.h"
#include "engine/event_bell.h"
#include "engine/journal_bell.h"
#include "engine/watchers.h"
#include "sagas/answer.h"
#include "store/store.h"

namespace skald::api {

class Bridges;

/// What the handlers work with. Borrowed: everything here outlives the routes.
///
/// Threads: every member from any number at once.
struct Services {
    const store::Reader& reader;
    engine::Catalog& catalog;
    engine::Watchers& watchers;
    engine::JournalBell& bell;
    engine::EventBell& event_bell;
    TopicDocuments& topics;
    const engine::Clock& clock;
    UuidSource& uuids;
    Metrics& metrics;
    const CallbackTokens& callbacks;
    /// Coordinator::post.
    std::function<void(engine::Command)> post;
    /// Asks the engine how it stands; the answer comes once, on any thread, at once or later.
    std::function<void(std::function<void(const EngineStats&)>)> ask_stats;
    /// Why the server is not ready for work ("draining"), or empty.
    std::function<std::string()> why_not_ready;
    /// Who operator commands are journaled as: "local", or the token's name.
    std::string operator_name = "local";
    /// BackupMaker::make.
    std::function<void(const std::string&, BackupMaker::Done)> back_up;
    /// Store::examine.
    std::function<sagas::Result<store::Examination>(store::Depth)> examine;
    std::function<sagas::Timestamp()> wall_clock;
    /// Whether there is a `$secrets` of that name now; what it is, no handler can ask.
    std::function<bool(std::string_view)> has_secret = [](std::string_view) { return true; };
    /// `answer` with "***" in place of the values that the secrets of these names have now.
    std::function<sagas::Answer(sagas::Answer answer, const std::set<std::string>& names)>
        hide_secrets = [](sagas::Answer answer, const std::set<std::string>&) { return answer; };
    /// Why pushes can't be signed with the secret of that name; empty: they can.
    std::function<std::string(std::string_view)> why_no_webhook_key = [](std::string_view) {
        return std::string();
    };
    /// Whether participants were told how to reach this server: --public-url.
    bool has_public_url = true;
    Bridges* bridges = nullptr;  ///< Null: none runs here.
};

/// How long an answer waits for its commit. Commits take milliseconds; a full disk holds them.
inline constexpr sagas::Milliseconds kCommitTime{30'000};

/// `read()`, and once more when it was interrupted (the log was being recycled).
template <typename Read>
auto read_again(Read read) {
    auto result = read();
    if (!result && result.error().code == sagas::ErrorCode::Unavailable) result = read();
    return result;
}

/// The problem document for an error of the store that no handler expects.
Problem to_problem(const sagas::Error& error);
/// Nothing was done; try again.
Problem to_problem(const engine::Busy& busy);
/// The commit has not been confirmed in kCommitTime: it may still happen.
Problem commit_unconfirmed();
/// The same of a change that has neither key nor id.
Problem change_unconfirmed();

}  // namespace skald::api
