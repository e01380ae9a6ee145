#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "examples/order/ledger.h"

namespace barrier {
struct Answer;
}

/// What the three sample participants share: an HTTP server on 127.0.0.1 whose every action and
/// compensation goes through the barrier, on a SQLite file of its own.
namespace order {

/// One call, as Skald makes it.
struct Call {
    std::string key;            ///< The Idempotency-Key, without its quotes.
    std::uint32_t attempt = 1;  ///< From 1: Skald-Attempt.
    nlohmann::json body;        ///< Null where there was none.
    std::string callback;       ///< Skald-Callback: where to say how it ended; empty: nowhere.
};

/// Beside its own routes each participant serves:
///  - `GET /ledger?order=ID`, `GET /ledger/summary?order=ID`: what it really did (ledger.h);
///  - `GET /received`: the newest 1,000 calls that came, repeated ones too:
///    `[{"key", "attempt", "held"}]`;
///  - `POST /hold`: the next call has its effect, but its answer is held back until
///    `POST /release`, or for a minute: the moment in which to kill somebody.
///
/// It needs no orderly stop: all that matters is in its database when an answer leaves.
class Participant {
 public:
    /// Reads the command line: `--port N` (0: a free one), `--db FILE`, `--port-file FILE` (the
    /// port is written there once it listens). Ends the process with 2 on anything else.
    Participant(std::string name, int argc, char** argv);
    ~Participant();

    /// The business code of a call. Runs inside the barrier's transaction, one at a time.
    /// A nlohmann exception (a field that is missing or of the wrong type) answers 400.
    using Work = std::function<barrier::Answer(Ledger& ledger, const Call& call)>;

    /// `POST path` is an action.
    void on_action(const std::string& path, Work work);
    /// `POST path` is a compensation whose body names the key of its action in `field`; `kind` is
    /// how the ledger calls what undoes the effect.
    void on_compensation(const std::string& path, const std::string& field,
                         const std::string& kind);
    /// `DELETE prefix{key}` is a compensation whose path ends in the key of its action.
    void on_compensation_by_path(const std::string& prefix, const std::string& kind);
    /// `GET path`, a regular expression: changes nothing, so it needs no key. `read` gets what the
    /// path's group matched (empty: it has none) and the query parameter "customer".
    using Read =
        std::function<barrier::Answer(const std::string& match, const std::string& customer)>;
    void on_read(const std::string& path, Read read);
    /// Calls for which `is_silent` have their effect, and are never answered.
    void stay_silent_when(std::function<bool(const Call&)> is_silent);

    /// Serves until the process ends. Gives the exit code where it can't: 2.
    int run();

 private:
    struct Server;
    std::unique_ptr<Server> server_;
};

/// An answer in JSON.
barrier::Answer answer(int status, const nlohmann::json& body);

}  // namespace order
