#pragma once

#include "api/document.h"
#include "api/saga_reading.h"
#include "store/store.h"

namespace skald::api {

/// What `saga` did and nobody undid, as an array of {step, item?, status, key or child, what}: an
/// operator must know it before the saga is run again.
Document standing_effects(const sagas::Definition& definition, const sagas::Saga& saga);

/// What a new saga of `version` does when all goes well, in order: {step, for_each?, method, url,
/// key, ran_before} of a call, {step, for_each?, event: {topic, type}, key, ran_before} of an
/// event, {step, for_each?, child, ran_before} of a child, {step, wait, ran_before} of a wait.
/// `filled`: the version's document; `id`: the new saga's, or a word that stands for it; `old`: the
/// saga that is replayed, of `old_definition`.
Document calls_to_come(const engine::Version& version, const sagas::Json& filled,
                       const std::string& id, const sagas::Definition& old_definition,
                       const sagas::Saga& old);

}  // namespace skald::api
