#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "examples/order/ledger.h"

namespace barrier {
struct Answer;
}

namespace events {

/// How a service tells a command that it has seen before, and how its reply finds who asked.
enum class Knows {
    /// By the attributes that a saga gives its commands: `sagakey` is the same in every try, and
    /// the reply copies `sagaid`, `sagastep` and `sagaphase`.
    Sagas,
    /// By the order: one charge, one refund an order. The reply says which order it is about, and
    /// whoever asked must find himself by that.
    Orders,
};

/// What a service says of a command: done, or refused with a reason. Nothing was done then.
struct Verdict {
    bool is_done;
    nlohmann::json data;
};
inline Verdict done(nlohmann::json data) { return {true, std::move(data)}; }
inline Verdict refused(const std::string& reason) { return {false, {{"reason", reason}}}; }

/// Where a service takes commands and writes its replies. Each command has its effect once, though
/// it may come many times and in any order: effect, key and reply are one transaction in the
/// service's own database (examples/barrier), and a command that comes again gets the same reply.
///
/// The same goes for the reply's `id`, so that who publishes it twice publishes it once.
///
/// Threads: one caller at a time. Ownership: `database` must outlive it.
class Desk {
 public:
    /// `source` is the source of the replies, such as "/inventory".
    Desk(SQLite::Database& database, std::string source, Knows knows);

    /// The business code: runs inside of the transaction. A nlohmann exception (a member that is
    /// missing, or of another type) is a refusal.
    using Work = std::function<Verdict(order::Ledger& ledger, const std::string& key,
                                       const nlohmann::json& data)>;
    struct Action {
        std::string command;  ///< Types of events.
        std::string done;
        std::string refused;
    };
    void on_action(const Action& action, Work work);

    /// Undoes the action of the same order, if it was done: writes into the ledger what takes its
    /// effect back, as `kind`. A desk that knows sagas is told by `data.of` which key that had.
    struct Compensation {
        std::string command;
        std::string done;
        std::string undoes;  ///< The command of the action.
        std::string kind;
    };
    void on_compensation(const Compensation& compensation);

    /// The reply to a command, durable in the books before it is given. None: it is of no type that
    /// this desk knows.
    ///
    /// Errors: nlohmann's, where it lacks what every command has: that one will never be
    /// understood. SQLite::Exception: nothing was done, and the command is to be tried again.
    std::optional<nlohmann::json> answer(const nlohmann::json& command);

    /// What it really did.
    const order::Ledger& books() const { return ledger_; }

 private:
    struct Handler {
        std::string done;
        std::string refused;
        std::function<barrier::Answer(const nlohmann::json& command)> run;
    };
    std::string key_of(const nlohmann::json& command) const;
    nlohmann::json reply(const nlohmann::json& command, const std::string& type,
                         nlohmann::json data) const;

    SQLite::Database& database_;
    order::Ledger ledger_;
    const std::string source_;
    const Knows knows_;
    std::map<std::string, Handler> handlers_;
};

}  // namespace events
