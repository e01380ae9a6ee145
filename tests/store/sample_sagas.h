#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/store.h"

/// Sagas, rows and batches to write in tests.
namespace skald::store::sample {

/// 2026-11-21T22:32:28Z and `milliseconds` later.
Timestamp at(std::int64_t milliseconds);

PutDefinition definition(const std::string& name, const std::string& source = R"({"steps":[]})");
/// Writes `put` and gives its key.
DefinitionKey put(Store& store, const PutDefinition& put);

/// A saga of `definition` with id "saga-KEY", Ours, started at at(KEY).
NewSaga start(std::int64_t key, DefinitionKey definition);
NewSaga with_request_key(NewSaga start, const std::string& key,
                         const std::string& body_hash = "body");
NewSaga with_client_id(NewSaga start, const std::string& id, const std::string& body_hash = "body");

/// It wants the lock `value`.
NewSaga with_lock(NewSaga start, const std::string& value);
/// Of the first step of the saga `parent`.
NewSaga with_parent(NewSaga start, std::int64_t parent);

Append granted_row(std::int64_t saga, std::uint32_t seq);
/// An operator gave it up, and with it its lock.
Append abandoned_row(std::int64_t saga, std::uint32_t seq);

/// The row for step `seq - 2`, which succeeded; with seq 4 the saga ends.
Append step_row(std::int64_t saga, std::uint32_t seq, std::optional<Timestamp> when = {});
Summary summary(std::int64_t saga, sagas::Status status, std::optional<Timestamp> ended_at = {},
                const std::string& error = "", const std::string& step = "");

/// Start, three steps and end of a saga: four rows.
void add_finished(Batch& batch, NewSaga start, sagas::Status status = sagas::Status::Completed,
                  std::optional<Timestamp> ended_at = {});

/// The record as it is stored, with its time: equal texts, equal records.
std::string text(const Record& record);

}  // namespace skald::store::sample
