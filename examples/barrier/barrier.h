#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <functional>
#include <string>

/// The barrier: how a participant does each thing once, though it may be asked many times and in
/// any order. Copy this file; it needs nothing of Skald. barrier.sql is the same in SQL, README.md
/// beside it says why it works.
///
/// One table holds each idempotency key and the answer that was given to it, written in the same
/// transaction as the work. The rules:
///  - a key that came before gets the answer that it got before, and no work is done;
///  - a compensation whose action never came does nothing, and remembers that;
///  - an action that comes after its compensation is refused with 409;
///  - a compensation whose action was refused has nothing to undo.
///
/// Threads: as the Database: one caller at a time. The key is inserted before anything is looked
/// at, so that of two processes on one file, too, only one does the work.
namespace barrier {

/// What the participant answers. The status decides what is kept:
///  - 2xx: it is done. The work, the key and the answer are committed together.
///  - 408, 425, 429 and 5xx: "not now". Everything is undone, the key too: the next try works.
///  - anything else: refused. The work is undone, but the key and the answer stay, so that a try
///    which was slow on the network can't take effect after the caller was told "no".
struct Answer {
    int status = 200;
    std::string body;

    friend bool operator==(const Answer&, const Answer&) = default;
};

/// The business code. It uses the same Database, and begins or ends no transaction. When it throws,
/// everything is undone, the key too, and the exception goes on to the caller.
using Work = std::function<Answer()>;

/// Makes the table where it is missing. Once, when the participant starts.
inline void make_table(SQLite::Database& database) {
    database.exec(
        "CREATE TABLE IF NOT EXISTS barrier (\n"
        "    key    TEXT PRIMARY KEY,\n"
        "    status INTEGER NOT NULL DEFAULT 0,\n"
        "    body   TEXT NOT NULL DEFAULT '',\n"
        "    at     TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
        ") STRICT, WITHOUT ROWID");
}

namespace detail {

/// True: the key is new, and ours now. "Insert, then see" rather than "see, then insert": between
/// a look and an insert another process may do the same.
inline bool claim(SQLite::Database& database, const std::string& key) {
    SQLite::Statement insert(database,
                             "INSERT INTO barrier (key) VALUES (?) ON CONFLICT (key) DO NOTHING");
    insert.bind(1, key);
    return insert.exec() == 1;
}

inline void remember(SQLite::Database& database, const std::string& key, const Answer& answer) {
    SQLite::Statement update(database, "UPDATE barrier SET status = ?, body = ? WHERE key = ?");
    update.bind(1, answer.status);
    update.bind(2, answer.body);
    update.bind(3, key);
    update.exec();
}

inline Answer remembered(SQLite::Database& database, const std::string& key) {
    SQLite::Statement select(database, "SELECT status, body FROM barrier WHERE key = ?");
    select.bind(1, key);
    select.executeStep();
    return Answer{select.getColumn(0).getInt(), select.getColumn(1).getString()};
}

inline bool is_done(const Answer& answer) { return answer.status >= 200 && answer.status < 300; }

inline bool is_not_now(const Answer& answer) {
    return answer.status == 408 || answer.status == 425 || answer.status == 429 ||
           answer.status >= 500;
}

}  // namespace detail

/// Runs `work` if this key never came before, and gives the answer of the key's first time.
///
/// Errors: what `work` throws; SQLite::Exception. Nothing is kept then: answer 500, and the next
/// try with the same key starts afresh.
inline Answer act(SQLite::Database& database, const std::string& key, const Work& work) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (!detail::claim(database, key)) {
        return detail::remembered(database, key);
    }
    database.exec("SAVEPOINT work");
    Answer answer = work();
    if (detail::is_not_now(answer)) {
        return answer;  // The transaction's destructor undoes all of it.
    }
    if (!detail::is_done(answer)) {
        database.exec("ROLLBACK TO work");
    }
    detail::remember(database, key, answer);
    transaction.commit();
    return answer;
}

/// Runs `undo` if the action with `action_key` was done and this compensation never came before.
/// Otherwise there is nothing to undo, and the answer is 200 all the same: what the caller wants
/// (that the action has no effect) is so. An action that never came is refused from now on.
///
/// An `undo` whose answer is not 2xx is undone itself and leaves nothing behind, so that it can be
/// tried again under the same key.
///
/// Errors: as `act`.
inline Answer compensate(SQLite::Database& database, const std::string& key,
                         const std::string& action_key, const Work& undo) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (!detail::claim(database, key)) {
        return detail::remembered(database, key);
    }
    Answer answer{200, R"({"undone": false})"};
    if (detail::claim(database, action_key)) {
        detail::remember(database, action_key,
                         Answer{409, R"({"reason": "its compensation came first"})"});
    } else if (detail::is_done(detail::remembered(database, action_key))) {
        answer = undo();
        if (!detail::is_done(answer)) {
            return answer;
        }
    }
    detail::remember(database, key, answer);
    transaction.commit();
    return answer;
}

}  // namespace barrier
