#include "api/cli/waiting.h"

#include <algorithm>
#include <utility>

#include "api/cli/reply_members.h"
#include "api/cli/saga_target.h"

namespace skald::cli {
namespace {

using sagas::Milliseconds;

constexpr Milliseconds kOneWait{30'000};  ///< Of one `?wait=`; the server takes 60 s at most.
constexpr Milliseconds kPause{200};       ///< Before a server that is away is asked again.
constexpr Milliseconds kAwayMax{60'000};  ///< A server that is away for longer is given up.

}  // namespace

sagas::Result<Wait> read_wait(const std::string& text) {
    if (text.empty()) return Wait{Wait::Until::Rest};
    const auto duration = sagas::parse_duration(text);
    if (!duration) return tl::unexpected(duration.error());
    return Wait{Wait::Until::Time, *duration};
}

Milliseconds Patience::next_wait() const {
    if (until_ == Wait::Until::No) return Milliseconds{0};
    if (until_ == Wait::Until::Rest) return kOneWait;
    const auto left = std::chrono::duration_cast<Milliseconds>(end_ - engine::steady_now());
    return std::clamp(left, Milliseconds{1}, kOneWait);
}

bool Patience::may_ask_again() {
    if (until_ == Wait::Until::No) return false;
    const engine::Instant now = engine::steady_now();
    if (!away_since_) away_since_ = now;
    return !is_over() && now - *away_since_ <= kAwayMax;
}

sagas::Result<api::ServerReply> send_patiently(ServerClient& server, api::ServerRequest request,
                                               Patience& patience, WaitParameter parameter) {
    const std::string target = request.target;
    while (true) {
        if (parameter == WaitParameter::Yes) request.wait = patience.next_wait();
        if (request.wait > Milliseconds{0}) {
            request.target = target + "?wait=" + std::to_string(request.wait.count()) + "ms";
        }
        auto reply = server.send(request);
        const bool is_away = !reply || reply->status == 503;
        if (!is_away) patience.answered();
        if (!is_away || !patience.may_ask_again()) return reply;
        server.pause(kPause);
    }
}

sagas::Result<api::ServerReply> await_rest(ServerClient& server,
                                           sagas::Result<api::ServerReply> reply,
                                           const std::string& id, Patience& patience) {
    while (reply && reply->status < 300 && patience.next_wait() > Milliseconds{0} &&
           !is_at_rest(text_of(reply->body, "status")) && !patience.is_over()) {
        reply =
            send_patiently(server, {"GET", saga_target(id), "", {}}, patience, WaitParameter::Yes);
    }
    return reply;
}

bool is_at_rest(const std::string& status) { return exit_of(status) != Exit::Failed; }

Exit exit_of(const std::string& status) {
    if (status == "completed") return Exit::Done;
    if (status == "compensated") return Exit::Compensated;
    if (status == "stuck" || status == "abandoned") return Exit::Unfinished;
    return Exit::Failed;
}

}  // namespace skald::cli
