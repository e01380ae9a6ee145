#pragma once

#include "api/document.h"
#include "api/saga_reading.h"
#include "store/store.h"

namespace skald::api {

/// What `saga` did and nobody undid, as an array of {step, status, key, what}: an operator must
/// know it before the saga is run again.
Document standing_effects(const sagas::Definition& definition, const sagas::Saga& saga);

/// The calls that a new saga of `version` makes when all goes well, in order: {step, method, url,
/// key, ran_before}. `filled`: the version's document; `id`: the new saga's, or a word that stands
/// for it; `old`: the saga that is replayed, of `old_definition`.
Document calls_to_come(const engine::Version& version, const sagas::Json& filled,
                       const std::string& id, const sagas::Definition& old_definition,
                       const sagas::Saga& old);

}  // namespace skald::api
