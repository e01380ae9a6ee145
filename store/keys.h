#pragma once

#include <cstdint>

#include "sagas/record.h"
#include "sagas/result.h"
#include "sagas/saga.h"
#include "sagas/time.h"

/// By what the store knows what it holds.
namespace skald::store {

using sagas::Error;
using sagas::ErrorCode;
using sagas::Json;
using sagas::Milliseconds;
using sagas::Record;
using sagas::Result;
using sagas::Timestamp;
using sagas::Value;

/// A saga inside the store and the engine; the public id is only for people and clients. Counts
/// from 1 and is never used again.
enum class SagaKey : std::int64_t {};
/// One version of one definition.
enum class DefinitionKey : std::int64_t {};
/// A row of the journal in the order of all commits; streams resume from it. Never used again.
enum class Position : std::int64_t {};

/// Of an event in its topic; from 1, without gaps.
enum class Offset : std::int64_t {};
/// One subscription. Never used again.
enum class SubscriptionKey : std::int64_t {};

}  // namespace skald::store
