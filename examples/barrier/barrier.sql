-- The barrier in SQL: one table, and two transactions that use it. README.md says why it works,
-- barrier.h is the same in C++.
--
-- Written for SQLite (3.37 or later) with named parameters. In PostgreSQL leave out
-- "STRICT, WITHOUT ROWID", begin with BEGIN, and the rest runs as it stands: an INSERT that meets
-- the same key in a transaction still open waits until that one ends. In MySQL, INSERT IGNORE is
-- the word for ON CONFLICT DO NOTHING.

-- Keep a row for as long as a call with its key may still come: longer than your longest saga,
-- repairs by hand included. Then delete by "at", in small slices.
CREATE TABLE IF NOT EXISTS barrier (
    key    TEXT PRIMARY KEY,
    status INTEGER NOT NULL DEFAULT 0,
    body   TEXT NOT NULL DEFAULT '',
    at     TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT, WITHOUT ROWID;

-- An action -------------------------------------------------------------------------------------

BEGIN IMMEDIATE;

-- 1. Claim the key. No row inserted: it came before. Roll back, and give the answer of then:
--        SELECT status, body FROM barrier WHERE key = :key
--    That is the same answer for a repeated try, and 409 where the compensation was here first.
INSERT INTO barrier (key) VALUES (:key) ON CONFLICT (key) DO NOTHING;

-- 2. The work: your own statements, in this same transaction.
SAVEPOINT work;

-- 3. Only if you refuse (409, 402, …): undo the work, but keep the key. If you say "not now"
--    (429, 5xx): ROLLBACK everything instead, and answer; the next try starts afresh.
ROLLBACK TO work;

-- 4. Keep the answer with the key, and send it only when COMMIT has returned.
UPDATE barrier SET status = :status, body = :body WHERE key = :key;
COMMIT;

-- A compensation --------------------------------------------------------------------------------

BEGIN IMMEDIATE;

-- 1. Claim the compensation's own key. No row inserted: roll back, give the answer of then.
INSERT INTO barrier (key) VALUES (:key) ON CONFLICT (key) DO NOTHING;

-- 2. Claim the *action's* key, too. A row inserted: the action never came. From now on it meets
--    this row and is refused. There is nothing to undo: go to 4 with status 200.
INSERT INTO barrier (key, status, body)
VALUES (:action_key, 409, '{"reason": "its compensation came first"}')
ON CONFLICT (key) DO NOTHING;

-- 3. No row inserted: the action came. It has an effect to undo only if its status is 2xx; then
--    run your own statements here. If they fail, ROLLBACK: the next try starts afresh.
SELECT status FROM barrier WHERE key = :action_key;

-- 4. As above.
UPDATE barrier SET status = :status, body = :body WHERE key = :key;
COMMIT;
