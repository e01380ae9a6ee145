#include <algorithm>
#include <ostream>

#include "api/cli/commands.h"
#include "api/cli/problem_report.h"
#include "api/cli/timeline.h"
#include "api/uuid.h"
#include "engine/clock.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

using sagas::Milliseconds;

constexpr Milliseconds kOneWait{30'000};  ///< Of one `?wait=`; the server takes 60 s at most.
constexpr Milliseconds kPause{200};       ///< Before a server that is away is asked again.
constexpr Milliseconds kAwayMax{60'000};  ///< A server that is away for longer is given up.

/// The time that a command may still take.
class Patience {
 public:
    Patience(StartOptions::Wait wait, Milliseconds time)
        : wait_(wait), end_(engine::steady_now() + time) {}

    bool is_over() const {
        return wait_ == StartOptions::Wait::UntilTime && engine::steady_now() >= end_;
    }
    /// What one request may ask to wait for.
    Milliseconds next_wait() const {
        if (wait_ == StartOptions::Wait::No) return Milliseconds{0};
        if (wait_ == StartOptions::Wait::UntilRest) return kOneWait;
        const auto left = std::chrono::duration_cast<Milliseconds>(end_ - engine::steady_now());
        return std::clamp(left, Milliseconds{1}, kOneWait);
    }
    /// Whether a server that doesn't answer may be asked again.
    bool may_ask_again() {
        if (wait_ == StartOptions::Wait::No) return false;
        const engine::Instant now = engine::steady_now();
        if (!away_since_) away_since_ = now;
        return !is_over() && now - *away_since_ <= kAwayMax;
    }
    void answered() { away_since_.reset(); }

 private:
    const StartOptions::Wait wait_;
    const engine::Instant end_;
    std::optional<engine::Instant> away_since_;
};

std::string wait_parameter(Milliseconds wait) {
    return wait == Milliseconds{0} ? "" : "?wait=" + std::to_string(wait.count()) + "ms";
}

/// The answer to `request`, asked again while the server is away or busy and there is patience.
sagas::Result<api::ServerReply> send_patiently(ServerClient& server, api::ServerRequest request,
                                               Patience& patience) {
    const std::string target = request.target;
    while (true) {
        request.wait = patience.next_wait();
        request.target = target + wait_parameter(request.wait);
        auto reply = server.send(request);
        const bool is_away = !reply || reply->status == 503;
        if (!is_away) patience.answered();
        if (!is_away || !patience.may_ask_again()) return reply;
        server.pause(kPause);
    }
}

sagas::Result<std::string> make_body(Console& console, const StartOptions& options) {
    auto input = read_json_file(console, options.input);
    if (!input) return tl::unexpected(input.error());
    sagas::Json body = {{"definition", options.definition}};
    body["input"] = std::move(*input);
    if (options.version) body["version"] = *options.version;
    if (options.id) body["id"] = *options.id;
    for (const std::string& label : options.labels) {
        const auto equals = label.find('=');
        if (equals == std::string::npos) {
            return sagas::fail(sagas::ErrorCode::InvalidArgument,
                               "--label: \"" + label + "\" must be key=value");
        }
        body["labels"][label.substr(0, equals)] = label.substr(equals + 1);
    }
    return body.dump();
}

bool is_at_rest(const std::string& status) {
    return status == "completed" || status == "compensated" || status == "stuck" ||
           status == "abandoned";
}

Exit exit_of(const std::string& status) {
    if (status == "completed") return Exit::Done;
    if (status == "compensated") return Exit::Compensated;
    if (status == "stuck" || status == "abandoned") return Exit::Unfinished;
    return Exit::Failed;  // It goes on: the wait ran out.
}

Exit report_start(Console& console, const Document& saga, StartOptions::Wait wait) {
    const std::string status = text_of(saga, "status");
    if (console.is_json()) {
        console.print(saga);
    } else if (wait == StartOptions::Wait::No) {
        console.out() << console.styled(Style::Bold, printable(text_of(saga, "id"))) << "  "
                      << printable(text_of(saga, "definition")) << " started\n";
    } else {
        print_timeline(console, saga);
    }
    if (wait == StartOptions::Wait::No) return Exit::Done;
    if (!is_at_rest(status)) {
        console.warn("the wait is over, and the saga goes on; see it with: skald show " +
                     printable(text_of(saga, "id")));
    }
    return exit_of(status);
}

}  // namespace

Exit start(Console& console, ServerClient& server, const StartOptions& options) {
    auto body = make_body(console, options);
    if (!body) return console.fail(Exit::Failed, printable(body.error().message));
    Patience patience(options.wait, options.wait_time);
    // With a key, a start whose answer was lost can be sent again, and runs once.
    api::ServerRequest request{"POST", "/v1/sagas", std::move(*body), {}};
    request.headers.emplace_back("Idempotency-Key",
                                 options.key ? *options.key : api::random_uuid());
    auto reply = send_patiently(server, std::move(request), patience);
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status >= 300) return report_problem(console, *reply);

    const std::string id = text_of(reply->body, "id");
    while (options.wait != StartOptions::Wait::No && !is_at_rest(text_of(reply->body, "status")) &&
           !patience.is_over()) {
        reply = send_patiently(server, {"GET", "/v1/sagas/" + sagas::percent_encode(id), "", {}},
                               patience);
        if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
        if (reply->status >= 300) return report_problem(console, *reply);
    }
    return report_start(console, reply->body, options.wait);
}

}  // namespace skald::cli
