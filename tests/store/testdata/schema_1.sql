PRAGMA application_id = 1399549028;
PRAGMA user_version = 1;
CREATE TABLE meta(
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE key(
    hash INTEGER PRIMARY KEY,
    saga INTEGER NOT NULL
) STRICT;
CREATE TABLE tombstone(
    hash INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX tombstone_at ON tombstone(at);
CREATE TABLE count(
    status INTEGER PRIMARY KEY,
    sagas INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES ('hash_key', X'000102030405060708090A0B0C0D0E0F');
INSERT INTO meta VALUES ('hash_salts', 1);
INSERT INTO meta VALUES ('position_max', 14);
INSERT INTO meta VALUES ('saga_max', 4);
INSERT INTO meta VALUES ('time_max', 1795300348008);
INSERT INTO definition VALUES (1, 'order', 1, '{"steps":[1]}', '{"steps":[1]}', 1795300348000);
INSERT INTO definition VALUES (2, 'order', 2, '{"steps":[2]}', '{"steps":[2]}', 1795300348000);
INSERT INTO definition VALUES (3, 'gone', 1, '{"steps":[]}', '{"steps":[]}', 1795300348000);
INSERT INTO definition_name VALUES ('gone', 3, 1);
INSERT INTO definition_name VALUES ('order', 2, 0);
INSERT INTO saga VALUES (1, 'saga-1', 1, 3, 0, 0, 1795300348001, 1795300348005, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO saga VALUES (2, 'mine', 2, 2, 1, 1, 1795300348002, NULL, 1795301248000, 1795300348005, '{"customer":"c-1"}', 'hash', 'charge', 'no money');
INSERT INTO saga VALUES (3, 'saga-3', 3, 4, 0, 0, 1795300348003, 1795300348007, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO input VALUES (1, '{"amount":12.5,"order_id":"o-1"}');
INSERT INTO input VALUES (2, '{"amount":12.5,"order_id":"o-2"}');
INSERT INTO input VALUES (3, '{"amount":12.5,"order_id":"o-3"}');
INSERT INTO journal VALUES (1, 1, 1, 1795300348001, 1, '{"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (2, 2, 1, 1795300348002, 1, '{"key":["key","body"],"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (3, 3, 1, 1795300348003, 1, '{"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (5, 1, 2, 1795300348003, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-1"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (6, 1, 3, 1795300348004, 2, '{"s":1,"o":"success","h":200,"out":{"id":"r-1"},"to":[[1,"succeeded"],[2,"calling"]]}');
INSERT INTO journal VALUES (7, 1, 4, 1795300348005, 2, '{"s":2,"o":"success","h":200,"out":{"id":"r-1"},"to":[[2,"succeeded"]],"end":{"st":"completed","out":{"n":1}}}');
INSERT INTO journal VALUES (8, 2, 2, 1795300348004, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-2"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (9, 3, 2, 1795300348005, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-3"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (10, 3, 3, 1795300348006, 2, '{"s":1,"o":"success","h":200,"out":{"id":"r-3"},"to":[[1,"succeeded"],[2,"calling"]]}');
INSERT INTO journal VALUES (11, 3, 4, 1795300348007, 2, '{"s":2,"o":"success","h":200,"out":{"id":"r-3"},"to":[[2,"succeeded"]],"end":{"st":"completed","out":{"n":3}}}');
INSERT INTO key VALUES (-1440463877715437007, 2);
INSERT INTO tombstone VALUES (918882873449563123, 1795303948004);
INSERT INTO count VALUES (0, 0);
INSERT INTO count VALUES (1, 0);
INSERT INTO count VALUES (2, 1);
INSERT INTO count VALUES (3, 1);
INSERT INTO count VALUES (4, 1);
INSERT INTO count VALUES (5, 0);
