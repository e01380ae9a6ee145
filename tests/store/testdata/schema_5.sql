PRAGMA application_id = 1399549028;
PRAGMA user_version = 5;
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
, parent INTEGER, held INTEGER) STRICT;
CREATE INDEX saga_definition ON saga(definition);
CREATE INDEX saga_not_completed ON saga(status) WHERE status <> 3;
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
CREATE INDEX saga_parent ON saga(parent) WHERE parent IS NOT NULL;
CREATE INDEX saga_ended ON saga(status, has_key, ended_at)
    WHERE ended_at IS NOT NULL AND held IS NULL;
CREATE TABLE parked(
    saga INTEGER PRIMARY KEY,
    wake_at INTEGER
) STRICT;
CREATE INDEX parked_wake_at ON parked(wake_at) WHERE wake_at IS NOT NULL;
CREATE TABLE lock(
    hash INTEGER NOT NULL,
    saga INTEGER NOT NULL,
    is_granted INTEGER NOT NULL,
    PRIMARY KEY (hash, saga)
) STRICT, WITHOUT ROWID;
CREATE INDEX lock_saga ON lock(saga);
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
CREATE TABLE event(
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    json TEXT NOT NULL
) STRICT;
CREATE TABLE event_hash(
    hash INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (hash, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE event_recent(
    pos INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE expectation(
    hash INTEGER NOT NULL,
    saga INTEGER NOT NULL,
    step INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    PRIMARY KEY (hash, saga, step, phase)
) STRICT, WITHOUT ROWID;
CREATE INDEX expectation_saga ON expectation(saga);
CREATE TABLE event_hit(
    event INTEGER NOT NULL,
    saga INTEGER NOT NULL,
    step INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    PRIMARY KEY (event, saga, step, phase)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_hit_saga ON event_hit(saga);
CREATE TABLE match_path(
    topic TEXT NOT NULL,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (topic, type, path)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE failed_delivery(
    subscription INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (subscription, offset)
) STRICT, WITHOUT ROWID;
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
INSERT INTO meta VALUES ('events_swept_at', 0);
INSERT INTO meta VALUES ('hash_key', X'000102030405060708090A0B0C0D0E0F');
INSERT INTO meta VALUES ('hash_salts', 1);
INSERT INTO meta VALUES ('position_max', 17);
INSERT INTO meta VALUES ('saga_max', 4);
INSERT INTO meta VALUES ('subscription_max', 3);
INSERT INTO meta VALUES ('time_max', 1795300348008);
INSERT INTO definition VALUES (1, 'order', 1, '{"steps":[1]}', '{"steps":[1]}', 1795300348000);
INSERT INTO definition VALUES (2, 'order', 2, '{"steps":[2]}', '{"steps":[2]}', 1795300348000);
INSERT INTO definition VALUES (3, 'gone', 1, '{"steps":[]}', '{"steps":[]}', 1795300348000);
INSERT INTO definition_name VALUES ('gone', 3, 1);
INSERT INTO definition_name VALUES ('order', 2, 0);
INSERT INTO saga VALUES (1, 'saga-1', 1, 3, 0, 0, 1795300348001, 1795300348005, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO saga VALUES (2, 'mine', 2, 2, 1, 1, 1795300348002, NULL, 1795301248000, 1795300348005, '{"customer":"c-1"}', 'hash', 'charge', 'no money', NULL, NULL);
INSERT INTO saga VALUES (3, 'saga-3', 3, 4, 0, 0, 1795300348003, 1795300348007, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO saga VALUES (5, 'saga-5', 1, 0, 0, 0, 1795300348005, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO saga VALUES (6, 'saga-6', 2, 0, 0, 0, 1795300348006, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO saga VALUES (7, 'saga-7', 1, 5, 0, 0, 1795300348007, 1795300348011, NULL, NULL, NULL, NULL, NULL, NULL, 2, 1);
INSERT INTO input VALUES (1, '{"amount":12.5,"order_id":"o-1"}');
INSERT INTO input VALUES (2, '{"amount":12.5,"order_id":"o-2"}');
INSERT INTO input VALUES (3, '{"amount":12.5,"order_id":"o-3"}');
INSERT INTO input VALUES (5, '{"amount":12.5,"order_id":"o-5"}');
INSERT INTO input VALUES (6, '{"amount":12.5,"order_id":"o-6"}');
INSERT INTO input VALUES (7, '{"amount":12.5,"order_id":"o-7"}');
INSERT INTO journal VALUES (1, 1, 1, 1795300348001, 1, '{"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (2, 2, 1, 1795300348002, 1, '{"key":["key","body"],"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (3, 3, 1, 1795300348003, 1, '{"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (5, 5, 1, 1795300348005, 1, '{"lock":"cart 7","to":[[0,"calling"]]}');
INSERT INTO journal VALUES (6, 6, 1, 1795300348006, 1, '{"lock":"cart 7","to":[[0,"calling"]]}');
INSERT INTO journal VALUES (7, 7, 1, 1795300348007, 1, '{"parent":["saga-2",0,0,1],"to":[[0,"calling"]]}');
INSERT INTO journal VALUES (8, 1, 2, 1795300348003, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-1"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (9, 1, 3, 1795300348004, 2, '{"s":1,"o":"success","h":200,"out":{"id":"r-1"},"to":[[1,"succeeded"],[2,"calling"]]}');
INSERT INTO journal VALUES (10, 1, 4, 1795300348005, 2, '{"s":2,"o":"success","h":200,"out":{"id":"r-1"},"to":[[2,"succeeded"]],"end":{"st":"completed","out":{"n":1}}}');
INSERT INTO journal VALUES (11, 2, 2, 1795300348004, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-2"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (12, 3, 2, 1795300348005, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-3"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (13, 3, 3, 1795300348006, 2, '{"s":1,"o":"success","h":200,"out":{"id":"r-3"},"to":[[1,"succeeded"],[2,"calling"]]}');
INSERT INTO journal VALUES (14, 3, 4, 1795300348007, 2, '{"s":2,"o":"success","h":200,"out":{"id":"r-3"},"to":[[2,"succeeded"]],"end":{"st":"completed","out":{"n":3}}}');
INSERT INTO journal VALUES (18, 5, 2, 1795300348007, 13, '{}');
INSERT INTO journal VALUES (19, 7, 2, 1795300348009, 2, '{"s":0,"o":"success","h":200,"out":{"id":"r-7"},"to":[[0,"succeeded"],[1,"calling"]]}');
INSERT INTO journal VALUES (20, 7, 3, 1795300348010, 2, '{"s":1,"o":"success","h":200,"out":{"id":"r-7"},"to":[[1,"succeeded"],[2,"calling"]]}');
INSERT INTO journal VALUES (21, 7, 4, 1795300348011, 2, '{"s":2,"o":"success","h":200,"out":{"id":"r-7"},"to":[[2,"succeeded"]],"end":{"st":"completed","out":{"n":7}}}');
INSERT INTO key VALUES (-1440463877715437007, 2);
INSERT INTO tombstone VALUES (918882873449563123, 1795303948004);
INSERT INTO count VALUES (0, 2);
INSERT INTO count VALUES (1, 0);
INSERT INTO count VALUES (2, 1);
INSERT INTO count VALUES (3, 1);
INSERT INTO count VALUES (4, 1);
INSERT INTO count VALUES (5, 1);
INSERT INTO parked VALUES (5, 1795300408000);
INSERT INTO parked VALUES (6, NULL);
INSERT INTO lock VALUES (2611183037542448239, 5, 1);
INSERT INTO lock VALUES (2611183037542448239, 6, 0);
INSERT INTO topic VALUES (1, 'brief', 1795300348000, 3, 1000, NULL, 2, 1, 1795300348000, 0);
INSERT INTO topic VALUES (2, 'stock', 1795300348000, 1, NULL, 285, 2, 4, 1795300348000, 285);
INSERT INTO topic VALUES (3, 'open', 1795300348000, 0, NULL, NULL, 1, 1, 1795300348000, 95);
INSERT INTO topic_version VALUES (1, 1, '{"retention":{"age":"1s"}}', 1795300348000);
INSERT INTO topic_version VALUES (1, 2, 'old', 1795300348000);
INSERT INTO topic_version VALUES (1, 3, '{"retention":{"age":"1s"}}', 1795300348000);
INSERT INTO topic_version VALUES (2, 1, '{"types":{}}', 1795300348000);
INSERT INTO event VALUES (2199023255554, 1795300348000, '{"data":{"order_id":"o-b"},"id":"b","source":"/shop","specversion":"1.0","type":"order.placed"}');
INSERT INTO event VALUES (2199023255555, 1795300348000, '{"data":{"order_id":"o-c"},"id":"c","source":"/shop","specversion":"1.0","type":"order.placed"}');
INSERT INTO event VALUES (2199023255556, 1795300348000, '{"data":{"order_id":"o-d"},"id":"d","source":"/shop","specversion":"1.0","type":"order.placed"}');
INSERT INTO event VALUES (3298534883329, 1795300348000, '{"data":{"order_id":"o-e"},"id":"e","source":"/shop","specversion":"1.0","type":"order.placed"}');
INSERT INTO event_hash VALUES (-5143318003792337592, 2199023255555, 1795300348000);
INSERT INTO event_hash VALUES (-2174068587919001567, 2199023255553, 1795300348000);
INSERT INTO event_hash VALUES (-170976255015791179, 1099511627777, 1795300348000);
INSERT INTO event_hash VALUES (4425347806057787620, 2199023255554, 1795300348000);
INSERT INTO event_hash VALUES (5031370750395459358, 2199023255555, 1795300348000);
INSERT INTO event_recent VALUES (6, 3590607778957911264, 2199023255555, 1795300348000);
INSERT INTO event_recent VALUES (7, -6410865380534721544, 2199023255556, 1795300348000);
INSERT INTO event_recent VALUES (8, 8599563422297102700, 3298534883329, 1795300348000);
INSERT INTO event_recent VALUES (9, 8236044149916280144, 3298534883329, 1795300348000);
INSERT INTO expectation VALUES (-7175699212203179048, 5, 1793, 1);
INSERT INTO expectation VALUES (-4126262080619125136, 5, 0, 0);
INSERT INTO expectation VALUES (7377755192497405549, 5, 1793, 1);
INSERT INTO event_hit VALUES (2199023255555, 2, 0, 0);
INSERT INTO match_path VALUES ('stock', 'stock.reserved', '$event.data.order_id');
INSERT INTO subscription VALUES (1, 'trigger:order:orders:placed', 'definition/order', 'orders', 2, 7, '');
INSERT INTO subscription VALUES (2, 'mail', '', 'stock', 2, 3, '5-6,9');
INSERT INTO subscription VALUES (4, 'later', '', 'nothing yet', 1, 0, '');
INSERT INTO subscription VALUES (5, 'bridge:nats:orders:o', 'bridge/nats', 'orders', 1, 7, '');
INSERT INTO subscription VALUES (6, 'bridge:nats:x', 'bridge/nats', 'orders', 1, 7, '');
INSERT INTO subscription_version VALUES (1, 1, '{}', 1795300348000);
INSERT INTO subscription_version VALUES (1, 2, '{"start":{}}', 1795300348000);
INSERT INTO subscription_version VALUES (2, 1, '{"pull":{}}', 1795300348000);
INSERT INTO subscription_version VALUES (2, 2, '{}', 1795300348000);
INSERT INTO subscription_version VALUES (4, 1, '{}', 1795300348000);
INSERT INTO subscription_version VALUES (5, 1, '{}', 1795300348000);
INSERT INTO subscription_version VALUES (6, 1, '{}', 1795300348000);
INSERT INTO failed_delivery VALUES (2, 7, 2, 1795300350000, 'no');
INSERT INTO failed_delivery VALUES (2, 8, 1, 1795300349000, 'no');
INSERT INTO dead_letter VALUES (2, 5, 16, 1795300348005, 'no', 'event 5', 0);
INSERT INTO dead_letter VALUES (2, 6, 16, 1795300348005, 'no', 'event 6', 1);
INSERT INTO bridge VALUES ('nats', 2);
INSERT INTO bridge_version VALUES ('nats', 1, '{"out":[]}', 1795300348000);
INSERT INTO bridge_version VALUES ('nats', 2, '{}', 1795300348000);
