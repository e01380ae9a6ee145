#pragma once

#include <string>
#include <string_view>

#include "api/services.h"
#include "sagas/saga.h"

namespace skald::api {

/// A saga as its journal tells it.
struct StoredSaga {
    engine::VersionPtr version;
    sagas::Saga saga;
    store::Labels labels;
};

/// Folds the saga with the public id `id` from its journal.
/// Errors: NotFound, Unavailable, Corruption.
sagas::Result<StoredSaga> read_saga(const Services& services, std::string_view id);

/// A saga as clients see it, whole, with what stands beside it now (saga_view.h).
std::string saga_text(const Services& services, const StoredSaga& stored);
std::string saga_text(const Services& services, const engine::Rest& rest);

/// It ended, or is stuck.
bool is_at_rest(sagas::Status status);

/// The journal is read in pages of this many rows.
inline constexpr std::uint32_t kJournalPage = 500;

/// Whether `id` may be a saga's: 1 to 128 of [A-Za-z0-9._~-], and not "." or "..", which URLs give
/// another meaning, or "batch", a route of its own.
bool is_saga_id(std::string_view id);
/// The rule above, for people.
inline constexpr std::string_view kSagaIdRule =
    "must be 1 to 128 letters, digits, \".\", \"_\", \"~\" or \"-\", and not \".\", \"..\" or "
    "\"batch\"";

/// InvalidRequest when `id` breaks the rule, else SagaNotFound.
Problem no_such_saga(std::string_view id);

}  // namespace skald::api
