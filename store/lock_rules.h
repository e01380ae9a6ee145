#pragma once

#include <cstdint>
#include <string>

#include "store/store.h"

/// What sagas queue for; pure, and the same in every store.
namespace skald::store {

/// LockPlace::before at most.
inline constexpr std::uint32_t kLockPlaceMax = 1'000;

/// The value of the lock that a saga queues for; null: none. `begun`: its first row.
const std::string* wanted_lock(const Record& begun);

/// What a lock is known by: sagas for which this text is the same run one at a time.
std::string lock_name(const std::string& definition, const std::string& value);

}  // namespace skald::store
