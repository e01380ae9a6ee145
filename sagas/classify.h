#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/answer.h"
#include "sagas/definition.h"
#include "sagas/saga.h"

namespace skald::sagas {

/// What decided an outcome. A failure by an explicit rule clears doubt; one by the table doesn't.
enum class Basis : std::uint8_t { Table, Rule };

struct Classified {
    Outcome outcome;
    Basis basis;
    int http_status;    ///< 0: there was no reply.
    std::string error;  ///< Empty on success.
    std::optional<Milliseconds> retry_after;
};

/// What `answer` to a try of `phase` of `step` means: the step's `outcome` rules in order (actions
/// only; a rule whose expression fails is not met), then the default table. Pure.
Classified classify(const Definition& definition, const Saga& saga, StepIndex step, Phase phase,
                    const Answer& answer);

/// Whether two errors of `classify` tell the same: of replies the status alone, for bodies name
/// times, requests and the like, and no two of them are equal.
bool tell_the_same(std::string_view error, std::string_view other);

}  // namespace skald::sagas
