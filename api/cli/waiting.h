#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/cli/exit.h"
#include "api/server_client.h"
#include "engine/clock.h"
#include "sagas/result.h"
#include "sagas/time.h"

/// Waiting for sagas, also through a server that is restarted meanwhile.
namespace skald::cli {

using api::ServerClient;

/// Whether, and for how long, a command waits for a saga to come to rest.
struct Wait {
    enum class Until : std::uint8_t { No, Time, Rest } until = Until::No;
    sagas::Milliseconds time{0};  ///< With Time.
};

/// Reads the value of `--wait [DURATION]`; empty: until the saga is at rest.
/// Errors: InvalidArgument.
sagas::Result<Wait> read_wait(const std::string& text);

/// The time that a command may still take. A server that is away for a minute is given up.
class Patience {
 public:
    explicit Patience(const Wait& wait)
        : until_(wait.until), end_(engine::steady_now() + wait.time) {}

    bool is_over() const { return until_ == Wait::Until::Time && engine::steady_now() >= end_; }
    /// What one request may ask to wait for.
    sagas::Milliseconds next_wait() const;
    /// Whether a server that doesn't answer may be asked again.
    bool may_ask_again();
    void answered() { away_since_.reset(); }

 private:
    const Wait::Until until_;
    const engine::Instant end_;
    std::optional<engine::Instant> away_since_;
};

enum class WaitParameter : std::uint8_t { No, Yes };

/// The answer to `request`, asked again while the server is away or busy and there is patience.
/// Yes: with `?wait=`, which its route takes.
sagas::Result<api::ServerReply> send_patiently(ServerClient& server, api::ServerRequest request,
                                               Patience& patience, WaitParameter parameter);

/// Asks for the saga until it is at rest or patience is over: the last answer. `reply`: that of its
/// start.
sagas::Result<api::ServerReply> await_rest(ServerClient& server,
                                           sagas::Result<api::ServerReply> reply,
                                           const std::string& id, Patience& patience);

/// It ended, or is stuck.
bool is_at_rest(const std::string& status);

/// What a command exits with that waited, by the saga's status. Failed: it goes on.
Exit exit_of(const std::string& status);

}  // namespace skald::cli
