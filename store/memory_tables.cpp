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

/// Writes one batch, which may grow meanwhile.
class Writing {
 public:
    Writing(Tables& tables, const Batch& batch) : tables_(tables), batch_(batch) {}

    Result<Committed> write(const OnHits& on_hits);

 private:
    Result<void> write_starts();
    // What is not written yet.
    void publish();
    Result<void> write_sagas();
    void write_expectations();
    enum class IsNew : std::uint8_t { Yes, No };
    void expect(IsNew is_new, std::size_t& next);
    void tell(const ToldHit& told);

    Tables& tables_;
    const Batch& batch_;
    Committed committed_{};
    std::set<SagaKey> dropped_;
    struct {
        std::size_t rows = 0, summaries = 0, unparks = 0, events = 0, told_hits = 0;
        std::size_t not_new = 0, expectations = 0;  // Of Batch::expectations, both.
    } written_;
};

Result<void> Writing::write_starts() {
    const SagaKey last = tables_.last_offered;
    for (const NewSaga& start : batch_.starts) {
        SKALD_CHECK(start.key > last);
        auto outcome = apply(tables_, start);
        tables_.last_offered = std::max(tables_.last_offered, start.key);
        if (!outcome) {
            return tl::unexpected(outcome.error());
        }
        if (!std::holds_alternative<StartWritten>(*outcome)) {
            dropped_.insert(start.key);
        }
        committed_.starts.push_back(std::move(*outcome));
    }
    return {};
}

Result<void> Writing::write_sagas() {
    Result<void> done;
    const auto apply_rest = [&](const auto& changes, std::size_t& next) {
        for (; done && next < changes.size(); ++next) {
            if (!dropped_.contains(changes[next].saga)) done = apply(tables_, changes[next]);
        }
    };
    apply_rest(batch_.rows, written_.rows);
    apply_rest(batch_.summaries, written_.summaries);
    for (; written_.unparks < batch_.unparks.size(); ++written_.unparks) {
        tables_.parked.erase(batch_.unparks[written_.unparks]);
    }
    return done;
}

void Writing::expect(IsNew is_new, std::size_t& next) {
    for (; next < batch_.expectations.size(); ++next) {
        const NewExpectation& expectation = batch_.expectations[next];
        if (expectation.is_new == (is_new == IsNew::Yes) &&
            tables_.sagas.contains(expectation.saga)) {
            tables_.events.expect(expectation, committed_.event_hits);
        }
    }
}

void Writing::write_expectations() { expect(IsNew::Yes, written_.expectations); }

void Writing::publish() {
    expect(IsNew::No, written_.not_new);  // They waited before it.
    const auto is_there = [&](SagaKey saga) { return tables_.sagas.contains(saga); };
    for (; written_.events < batch_.events.size(); ++written_.events) {
        const NewEvent& event = batch_.events[written_.events];
        auto& hits = committed_.event_hits;
        const std::size_t before = hits.size();
        committed_.events.push_back(!event.saga || is_there(*event.saga)
                                        ? std::optional{tables_.events.publish(event, hits)}
                                        : std::nullopt);
        for (std::size_t i = before; i < hits.size(); ++i) hits[i].index = written_.events;
    }
    for (; written_.told_hits < batch_.told_hits.size(); ++written_.told_hits) {
        tell(batch_.told_hits[written_.told_hits]);
    }
}

void Writing::tell(const ToldHit& told) {
    tables_.events.forget(told);
    for (EventHit& hit : committed_.event_hits) {
        const bool is_that = hit.saga == told.saga && hit.step == told.step &&
                             hit.phase == told.phase && hit.topic == told.topic &&
                             hit.offset == told.offset;
        hit.is_told = hit.is_told || is_that;
    }
}

Result<Committed> Writing::write(const OnHits& on_hits) {
    for (const auto& change : batch_.definitions) {
        std::visit(
            [&](const auto& which) {
                committed_.definitions.push_back(apply(tables_, which));
                tables_.subscriptions.replace(owned_set(which, committed_.definitions.back()),
                                              committed_);
            },
            change);
    }
    tables_.locks.clear_heads();
    Result<void> done = write_starts();
    if (!done) {
        return tl::unexpected(done.error());
    }
    for (const sagas::MatchPath& path : batch_.match_paths) {
        tables_.events.add_path(path);
    }
    for (const PutTopic& put : batch_.topics) {
        committed_.topics.push_back(tables_.events.put(put));
    }
    publish();
    const auto& hits = committed_.event_hits;
    const Grow grow = on_hits && has_untold(hits) ? on_hits(hits) : Grow();
    done = write_sagas();
    for (const Park& park : batch_.parks) {
        if (tables_.sagas.contains(park.saga)) tables_.parked[park.saga] = park.wake_at;
    }
    write_expectations();
    if (grow) {
        grow();
        publish();
        if (done) done = write_sagas();
        write_expectations();
    }
    if (!done) {
        return tl::unexpected(done.error());
    }
    for (const SagaKey saga : ended_in(batch_)) {
        tables_.events.leave(saga);
    }
    tables_.subscriptions.write(batch_.subscriptions, committed_);
    committed_.lock_heads = tables_.locks.new_heads();
    committed_.last = tables_.last_position;
    committed_.space = Space::Plenty;
    return std::move(committed_);
}

}  // namespace

std::optional<StartRepeats> find_start(const Tables& tables, const StartIdentity& start) {
    if (start.request) {
        if (auto repeats = find_key(tables, *start.request)) return repeats;
    }
    return start.id ? find_id(tables, *start.id, start.body_hash) : std::nullopt;
}

Result<Committed> write(Tables& tables, const Batch& batch, const OnHits& on_hits) {
    return Writing(tables, batch).write(on_hits);
}

}  // namespace skald::store::memory
