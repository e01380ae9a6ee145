#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sagas/definition.h"

namespace skald::sagas {

/// Bytes of a saga's public id.
inline constexpr std::size_t kSagaIdBytesMax = 128;

/// The public id of the child that `attempt` of `phase` of `step`, or of one element of it, runs
/// by: "SAGA.STEP" or "SAGA.STEP.INDEX", with "~undo" where it runs as a compensation, and "~2" for
/// the second attempt. The same one whenever it is asked for, so that a child is started once.
///
/// One over kSagaIdBytesMax has the end of `saga_id` replaced by a hash of the whole, 16
/// hexadecimal digits. What may stand in an id (letters, digits, ".", "_", "~", "-") stands in it.
std::string child_id(const Definition& definition, std::string_view saga_id, StepIndex step,
                     Phase phase, std::uint32_t attempt);

}  // namespace skald::sagas
