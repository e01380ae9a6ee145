#include "store/sqlite/schema.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>

#include <array>
#include <cstddef>
#include <string>

namespace skald::store::sqlite {
namespace {

/// Migration n brings a database of version n to version n + 1 (PRAGMA user_version). Never change
/// one that was released: add another.
constexpr std::array kMigrations = {
    R"sql(
PRAGMA application_id = 0x536b6c64;

-- hash_key: of key.hash and tombstone.hash (key_hash.h). hash_salts: how many salts a request key
-- may stand under. saga_max, position_max, time_max: the highest that were deleted, so that none is
-- given twice.
CREATE TABLE meta(
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('hash_key', randomblob(16)), ('hash_salts', 1), ('saga_max', 0),
                        ('position_max', 0), ('time_max', 0);

CREATE TABLE definition(
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    filled TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;
CREATE TABLE definition_name(
    name TEXT PRIMARY KEY,
    latest INTEGER NOT NULL REFERENCES definition(key),
    state INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A summary for search; the truth is in the journal. body_hash: where the id came from a client.
CREATE TABLE saga(
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    definition INTEGER NOT NULL REFERENCES definition(key),
    status INTEGER NOT NULL,
    id_origin INTEGER NOT NULL,
    has_key INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    deadline_at INTEGER,
    failing_since INTEGER,
    labels TEXT,
    body_hash TEXT,
    last_step TEXT,
    last_error TEXT
) STRICT;
CREATE INDEX saga_definition ON saga(definition);
CREATE INDEX saga_not_completed ON saga(status) WHERE status <> 3;
CREATE INDEX saga_ended ON saga(status, has_key, ended_at) WHERE ended_at IS NOT NULL;
-- Apart, so that a change of status does not write it again.
CREATE TABLE input(
    saga INTEGER PRIMARY KEY,
    json TEXT NOT NULL
) STRICT;

CREATE TABLE journal(
    pos INTEGER PRIMARY KEY,
    saga INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type INTEGER NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (saga, seq)
) STRICT;

-- Request keys by hash; their text is in the saga's first journal row.
CREATE TABLE key(
    hash INTEGER PRIMARY KEY,
    saga INTEGER NOT NULL
) STRICT;
-- Ids that clients chose for sagas which are deleted.
CREATE TABLE tombstone(
    hash INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX tombstone_at ON tombstone(at);

CREATE TABLE count(
    status INTEGER PRIMARY KEY,
    sagas INTEGER NOT NULL
) STRICT;
INSERT INTO count VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0);
)sql",
    R"sql(
-- parent: of a child; it may be gone. held: 1 while the parent, or a saga above it, is not over:
-- retention leaves the child alone.
ALTER TABLE saga ADD COLUMN parent INTEGER;
ALTER TABLE saga ADD COLUMN held INTEGER;
CREATE INDEX saga_parent ON saga(parent) WHERE parent IS NOT NULL;
DROP INDEX saga_ended;
CREATE INDEX saga_ended ON saga(status, has_key, ended_at)
    WHERE ended_at IS NOT NULL AND held IS NULL;

-- Sagas that have left memory until wake_at; NULL: until somebody asks for them.
CREATE TABLE parked(
    saga INTEGER PRIMARY KEY,
    wake_at INTEGER
) STRICT;
CREATE INDEX parked_wake_at ON parked(wake_at) WHERE wake_at IS NOT NULL;

-- Sagas that queue for a lock, in the order of their keys, each until its end. hash: of
-- lock_rules.h's lock_name. Where two locks have the same, their sagas wait for each other without
-- need, and nothing else happens.
CREATE TABLE lock(
    hash INTEGER NOT NULL,
    saga INTEGER NOT NULL,
    is_granted INTEGER NOT NULL,
    PRIMARY KEY (hash, saga)
) STRICT, WITHOUT ROWID;
CREATE INDEX lock_saga ON lock(saga);
)sql",
    R"sql(
-- first, last: of the events that are kept; first = last + 1: none is. last, last_at: never less
-- than before. bytes: of the kept events. version: of the latest document, 0: it has none;
-- retain_for, retain_bytes: as that says, NULL: it doesn't.
CREATE TABLE topic(
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    retain_for INTEGER,
    retain_bytes INTEGER,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE topic_version(
    topic INTEGER NOT NULL REFERENCES topic(key),
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (topic, version)
) STRICT;

-- key: topic << 40 | offset. Within a topic at never goes back.
CREATE TABLE event(
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    json TEXT NOT NULL
) STRICT;
-- By what an event is known, so that it is written once, and found, by steps that begin to wait
-- later. hash: of event_rules.h's event_identity, and of each of its keys (sagas/event_match.h).
-- Some are here for longer than they are of use, and than the event.
CREATE TABLE event_hash(
    hash INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (hash, event)
) STRICT, WITHOUT ROWID;
-- The latest of them, in the order they came, until they are moved there.
CREATE TABLE event_recent(
    pos INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
-- When the old ones were last looked for.
INSERT INTO meta VALUES ('events_swept_at', 0);

-- What waits for events, until the end of its saga. hash: of a key as above. step: of an element,
-- its step and its number, from 1, above the lowest 8 bits. phase: 1 for a compensation.
CREATE TABLE expectation(
    hash INTEGER NOT NULL,
    saga INTEGER NOT NULL,
    step INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    PRIMARY KEY (hash, saga, step, phase)
) STRICT, WITHOUT ROWID;
CREATE INDEX expectation_saga ON expectation(saga);
-- Events that were waited for, and that the saga's journal knows nothing of yet.
CREATE TABLE event_hit(
    event INTEGER NOT NULL,
    saga INTEGER NOT NULL,
    step INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    PRIMARY KEY (event, saga, step, phase)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_hit_saga ON event_hit(saga);
-- Values of events of `type` by which they are to be found.
CREATE TABLE match_path(
    topic TEXT NOT NULL,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (topic, type, path)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
-- Of those that were deleted, so that no key is given twice.
INSERT INTO meta VALUES ('subscription_max', 0);

-- owner: 'definition/NAME' or 'bridge/NAME'; empty: nobody's. version: of the latest document. The
-- topic may have no event yet. cursor: up to there, everything is settled; settled: what is beyond
-- it, as the engine writes it.
CREATE TABLE subscription(
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    topic TEXT NOT NULL,
    version INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    settled TEXT NOT NULL
) STRICT;
CREATE INDEX subscription_topic ON subscription(topic);
CREATE INDEX subscription_owner ON subscription(owner) WHERE owner <> '';
CREATE TABLE subscription_version(
    subscription INTEGER NOT NULL REFERENCES subscription(key),
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (subscription, version)
) STRICT;

-- Events that a subscription has not settled, and that failed.
CREATE TABLE failed_delivery(
    subscription INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (subscription, offset)
) STRICT, WITHOUT ROWID;
-- Those that failed as often as they may. event: its text, for the log may have let it go.
-- is_revived: 1: it is being delivered again.
CREATE TABLE dead_letter(
    subscription INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    error TEXT NOT NULL,
    event TEXT NOT NULL,
    is_revived INTEGER NOT NULL,
    UNIQUE (subscription, offset)
) STRICT;
CREATE INDEX dead_letter_revived ON dead_letter(subscription, offset) WHERE is_revived = 1;

CREATE TABLE bridge(
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE bridge_version(
    bridge TEXT NOT NULL REFERENCES bridge(name),
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (bridge, version)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
-- Definitions of before didn't write by which types of events their steps are found: by all.
INSERT INTO match_path SELECT '', '', '' FROM definition LIMIT 1;
)sql",
};

std::int64_t number(SQLite::Database& database, const char* query) {
    return database.execAndGet(query).getInt64();
}

}  // namespace

Result<void> check_ours(SQLite::Database& database, const std::string& doing) {
    const std::int64_t application = number(database, "PRAGMA application_id");
    const std::int64_t version = number(database, "PRAGMA user_version");
    if (application == 0 && version == 0 &&
        number(database, "SELECT count(*) FROM sqlite_schema") == 0) {
        return {};
    }
    if (application != kApplicationId) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           doing + ": this is a database of another program; name another file");
    }
    const auto newest = static_cast<std::int64_t>(kMigrations.size());
    if (version < 1 || version > newest) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           doing + ": written by a newer Skald (schema " + std::to_string(version) +
                               ", this one knows " + std::to_string(newest) +
                               "); start that version, or name another file");
    }
    return {};
}

Result<void> migrate(SQLite::Database& database, Transactions& transactions,
                     const std::string& doing) {
    auto version = static_cast<std::size_t>(number(database, "PRAGMA user_version"));
    for (; version < kMigrations.size(); ++version) {
        Result<void> done = transactions.run(
            doing + ": migrate to schema " + std::to_string(version + 1), [&]() -> Result<void> {
                database.exec(kMigrations[version]);
                database.exec("PRAGMA user_version = " + std::to_string(version + 1));
                return {};
            });
        if (!done) {
            return done;
        }
    }
    return {};
}

}  // namespace skald::store::sqlite
