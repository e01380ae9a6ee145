#pragma once

#include <chrono>
#include <optional>

#include "store/store.h"

/// When Retention lets a saga go; pure, and the same in every store.
namespace skald::store {

inline constexpr Milliseconds kKeyedKept = std::chrono::hours{24};
inline constexpr Milliseconds kTombstoneKept = std::chrono::days{365};

/// Sagas of this status that ended before this time may be deleted. None: none of them.
std::optional<Timestamp> deletable_before(const Retention& retention, sagas::Status status,
                                          bool has_key, Timestamp now);

}  // namespace skald::store
