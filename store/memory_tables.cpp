#include "store/memory_tables.h"

#include <algorithm>
#include <optional>
#include <set>

#include "sagas/check.h"
#include "store/definition_rules.h"
#include "store/lock_rules.h"
#include "store/retention_rules.h"

namespace skald::store::memory {
namespace {

tl::unexpected<Error> broken(SagaKey saga, const std::string& what) {
    return sagas::fail(ErrorCode::Corruption,
                       "saga " + std::to_string(static_cast<std::int64_t>(saga)) + ": " + what);
}

std::optional<LatestDefinition> latest(const Tables& tables, const std::string& name) {
    const auto found = tables.definitions.find(name);
    if (found == tables.definitions.end()) {
        return std::nullopt;
    }
    const DefinitionRow& row = found->second.versions.back();
    return LatestDefinition{row.key, row.version, row.source, found->second.state};
}

DefinitionOutcome apply(Tables& tables, const PutDefinition& put) {
    const auto decided = decide(put, latest(tables, put.name));
    StoredName* const name = &tables.definitions[put.name];
    if (const auto* outcome = std::get_if<DefinitionOutcome>(&decided)) {
        if (std::holds_alternative<DefinitionWritten>(*outcome)) {
            name->state = DefinitionRow::State::Active;
        } else if (name->versions.empty()) {
            tables.definitions.erase(put.name);
        }
        return *outcome;
    }
    const std::uint32_t version = std::get<AddVersion>(decided).version;
    const DefinitionKey key{static_cast<std::int64_t>(tables.definition_keys.size()) + 1};
    name->versions.push_back(DefinitionRow{key, put.name, version, put.source, put.filled, put.at,
                                           DefinitionRow::State::Active});
    name->state = DefinitionRow::State::Active;
    tables.definition_keys[key] = {put.name, version};
    return DefinitionWritten{key, version, DefinitionWritten::How::NewVersion};
}

DefinitionOutcome apply(Tables& tables, const DeleteDefinition& deletion) {
    const DefinitionOutcome outcome = decide(deletion, latest(tables, deletion.name));
    if (std::holds_alternative<DefinitionWritten>(outcome)) {
        tables.definitions[deletion.name].state = DefinitionRow::State::Deleted;
    }
    return outcome;
}

std::optional<StartRepeats> find_key(const Tables& tables, const sagas::RequestKey& request) {
    const auto found = tables.request_keys.find(request.key);
    if (found == tables.request_keys.end()) {
        return std::nullopt;
    }
    const NewSaga& first = tables.sagas.at(found->second).start;
    return StartRepeats{first.key, first.id, StartRepeats::By::RequestKey,
                        request_key(first.begun)->body_hash == request.body_hash};
}

std::optional<StartRepeats> find_id(const Tables& tables, const std::string& id,
                                    const std::string& body_hash) {
    const auto found = tables.ids.find(id);
    if (found == tables.ids.end()) {
        return std::nullopt;
    }
    const NewSaga& first = tables.sagas.at(found->second).start;
    return StartRepeats{first.key, first.id, StartRepeats::By::Id,
                        first.id_origin == IdOrigin::Client && first.body_hash == body_hash};
}

bool is_buried(const Tables& tables, const std::string& text, Timestamp now) {
    const auto found = tables.tombstones.find(text);
    return found != tables.tombstones.end() && now - found->second < kTombstoneKept;
}

std::optional<StartOutcome> refused(const Tables& tables, const NewSaga& start) {
    const sagas::RequestKey* request = request_key(start.begun);
    if (request != nullptr) {
        if (auto repeats = find_key(tables, *request)) return repeats;
    }
    const bool is_replay = request != nullptr && is_replay_key(request->key);
    if ((start.id_origin == IdOrigin::Client && is_buried(tables, start.id, start.started_at)) ||
        (is_replay && is_buried(tables, request->key, start.started_at))) {
        return StartIdUsed{};
    }
    return find_id(tables, start.id, start.body_hash);
}

Result<StartOutcome> apply(Tables& tables, const NewSaga& start) {
    if (auto outcome = refused(tables, start)) {
        return *outcome;
    }
    if (!tables.definition_keys.contains(start.definition)) {
        return broken(start.key, "there is no definition with its key");
    }
    const auto position = Position{static_cast<std::int64_t>(tables.last_position) + 1};
    StoredSaga saga{start, {}, {}};
    if (saga.start.id_origin == IdOrigin::Ours) {
        saga.start.body_hash.clear();
    }
    saga.summary.saga = start.key;
    saga.summary.status = sagas::Status::Running;
    saga.journal.push_back(JournalRow{1, position, start.begun});
    tables.sagas[start.key] = std::move(saga);
    tables.ids[start.id] = start.key;
    if (const sagas::RequestKey* request = request_key(start.begun)) {
        tables.request_keys[request->key] = start.key;
    }
    if (const std::string* lock = wanted_lock(start.begun)) {
        const std::string& definition = tables.definition_keys.at(start.definition).first;
        tables.locks.enter(lock_name(definition, *lock), start.key);
    }
    tables.last = {std::max(tables.last.saga, start.key), start.begun.at};
    tables.last_position = position;
    return StartWritten{};
}

Result<void> apply(Tables& tables, const Append& row) {
    const auto found = tables.sagas.find(row.saga);
    if (found == tables.sagas.end()) {
        return row.saga <= tables.last_offered ? Result<void>{}
                                               : broken(row.saga, "a row before it was started");
    }
    StoredSaga& saga = found->second;
    if (row.seq != saga.journal.size() + 1) {
        return broken(row.saga, "journal row " + std::to_string(row.seq) + " is not the next one");
    }
    tables.last_position = Position{static_cast<std::int64_t>(tables.last_position) + 1};
    tables.last.at = std::max(tables.last.at, std::optional(row.record.at));
    saga.journal.push_back(JournalRow{row.seq, tables.last_position, row.record});
    if (std::holds_alternative<sagas::LockGranted>(row.record.cause)) {
        tables.locks.grant(row.saga);
    }
    if (row.record.decision.end) {
        tables.locks.leave(row.saga);
    }
    return {};
}

Result<void> apply(Tables& tables, const Summary& summary) {
    const auto found = tables.sagas.find(summary.saga);
    if (found == tables.sagas.end()) {
        return summary.saga <= tables.last_offered
                   ? Result<void>{}
                   : broken(summary.saga, "a summary before it was started");
    }
    found->second.summary = summary;
    return {};
}

}  // namespace

bool is_held(const Tables& tables, const StoredSaga& saga) {
    if (!saga.start.parent || *saga.start.parent >= saga.start.key) {
        return false;
    }
    const auto above = tables.sagas.find(*saga.start.parent);
    return above != tables.sagas.end() &&
           (!sagas::is_terminal(above->second.summary.status) || is_held(tables, above->second));
}

void erase(Tables& tables, SagaKey key, Timestamp now) {
    const NewSaga& start = tables.sagas.at(key).start;
    tables.locks.leave(key);
    tables.events.erase(key);
    tables.parked.erase(key);
    tables.ids.erase(start.id);
    if (const sagas::RequestKey* request = request_key(start.begun)) {
        tables.request_keys.erase(request->key);
        if (is_replay_key(request->key)) {
            tables.tombstones[request->key] = now;
        }
    }
    if (start.id_origin == IdOrigin::Client) {
        tables.tombstones[start.id] = now;
    }
    tables.sagas.erase(key);
}

namespace {

/// Its sagas that are over, once it is written.
std::set<SagaKey> ended_in(const Batch& batch) {
    std::set<SagaKey> ended;
    const auto look_at = [&ended](SagaKey saga, const Record& row) {
        if (row.decision.end) {
            ended.insert(saga);
        } else if (std::holds_alternative<sagas::ParentTurned>(row.cause)) {
            ended.erase(saga);  // It goes on.
        }
    };
    for (const NewSaga& start : batch.starts) {
        look_at(start.key, start.begun);
    }
    for (const Append& row : batch.rows) {
        look_at(row.saga, row.record);
    }
    return ended;
}

void write_events(Tables& tables, const Batch& batch, Committed& committed) {
    const auto is_there = [&](SagaKey saga) { return tables.sagas.contains(saga); };
    for (const sagas::MatchPath& path : batch.match_paths) {
        tables.events.add_path(path);
    }
    for (const PutTopic& put : batch.topics) {
        committed.topics.push_back(tables.events.put(put));
    }
    for (const NewExpectation& expectation : batch.expectations) {
        if (is_there(expectation.saga)) {
            tables.events.expect(expectation, committed.event_hits);
        }
    }
    for (const NewEvent& event : batch.events) {
        committed.events.push_back(
            !event.saga || is_there(*event.saga)
                ? std::optional{tables.events.publish(event, committed.event_hits)}
                : std::nullopt);
    }
    for (const ToldHit& told : batch.told_hits) {
        tables.events.forget(told);
    }
    for (const SagaKey saga : ended_in(batch)) {
        tables.events.leave(saga);
    }
}

}  // namespace

std::optional<StartRepeats> find_start(const Tables& tables, const StartIdentity& start) {
    if (start.request) {
        if (auto repeats = find_key(tables, *start.request)) return repeats;
    }
    return start.id ? find_id(tables, *start.id, start.body_hash) : std::nullopt;
}

Result<Committed> write(Tables& tables, const Batch& batch) {
    Committed committed{};
    for (const auto& change : batch.definitions) {
        std::visit(
            [&](const auto& which) {
                committed.definitions.push_back(apply(tables, which));
                tables.subscriptions.replace(owned_set(which, committed.definitions.back()),
                                             committed);
            },
            change);
    }
    tables.locks.clear_heads();
    std::set<SagaKey> dropped;
    const SagaKey last = tables.last_offered;
    for (const NewSaga& start : batch.starts) {
        SKALD_CHECK(start.key > last);
        auto outcome = apply(tables, start);
        tables.last_offered = std::max(tables.last_offered, start.key);
        if (!outcome) {
            return tl::unexpected(outcome.error());
        }
        if (!std::holds_alternative<StartWritten>(*outcome)) {
            dropped.insert(start.key);
        }
        committed.starts.push_back(std::move(*outcome));
    }
    Result<void> done;
    const auto apply_all = [&](const auto& changes) {
        for (const auto& change : changes) {
            if (done && !dropped.contains(change.saga)) {
                done = apply(tables, change);
            }
        }
    };
    apply_all(batch.rows);
    apply_all(batch.summaries);
    if (!done) {
        return tl::unexpected(done.error());
    }
    for (const SagaKey saga : batch.unparks) {
        tables.parked.erase(saga);
    }
    for (const Park& park : batch.parks) {
        if (tables.sagas.contains(park.saga)) tables.parked[park.saga] = park.wake_at;
    }
    write_events(tables, batch, committed);
    tables.subscriptions.write(batch.subscriptions, committed);
    committed.lock_heads = tables.locks.new_heads();
    committed.last = tables.last_position;
    committed.space = Space::Plenty;
    return committed;
}

}  // namespace skald::store::memory
