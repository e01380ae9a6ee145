#include "api/cli/tail_command.h"

#include <ostream>
#include <utility>

#include "api/cli/event_line.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/topic_place.h"
#include "api/cli/topic_target.h"
#include "api/cli/waiting.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

constexpr sagas::Milliseconds kPauseBetweenTails{500};

/// Follows a topic's stream, over broken connections.
class Tailing {
 public:
    Tailing(Console& console, ServerClient& server, const TailOptions& options)
        : console_(console), server_(server), options_(options) {}

    Exit run() {
        Patience patience(Wait{Wait::Until::Rest});
        while (true) {
            const auto reply =
                server_.stream(request(), [this](auto events) { return take(events); });
            const bool was_there = reply && reply->status == 200;
            if (is_done_) return Exit::Done;
            if (reply && !was_there && reply->status != 503) {
                return report_problem(console_, *reply);
            }
            if (was_there) patience.answered();
            if (!was_there && !patience.may_ask_again()) return give_up(reply);
            if (!std::exchange(is_lost_, true)) console_.warn(why(reply) + " (trying again)");
            server_.pause(kPauseBetweenTails);
        }
    }

 private:
    api::ServerRequest request() const {
        api::ServerRequest request{
            "GET", topic_target(options_.topic, "/events?") + options_.from, "", {}};
        if (!last_id_.empty()) request.headers.emplace_back("Last-Event-ID", last_id_);
        return request;
    }

    api::Following take(std::span<const ServerEvent> events) {
        is_lost_ = false;
        for (const ServerEvent& event : events) {
            if (!event.id.empty()) last_id_ = event.id;
            take(event);
            if (is_done_) return api::Following::End;
        }
        return api::Following::GoOn;
    }

    void take(const ServerEvent& event) {
        const Document row = Document::parse(event.data, nullptr, false);
        if (event.type == "resync") {
            console_.warn("the topic ends at offset " + number_of(row, "offset") +
                          " now: its database is an older copy");
            return;
        }
        if (options_.type && text_of(object_of(row, "event"), "type") != *options_.type) return;
        if (console_.is_json()) {
            console_.print_line(row.is_discarded() ? Document(event.data) : row);
        } else {
            console_.out() << event_line(console_, row) << '\n' << std::flush;
        }
        ++printed_;
        is_done_ = options_.limit && printed_ >= *options_.limit;
    }

    static std::string why(const sagas::Result<api::ServerReply>& reply) {
        if (!reply) return printable(reply.error().message);
        return reply->status == 200 ? "the stream of events broke" : problem_text(*reply);
    }
    Exit give_up(const sagas::Result<api::ServerReply>& reply) {
        if (reply) return report_problem(console_, *reply);
        return console_.fail(Exit::Failed, printable(reply.error().message));
    }

    Console& console_;
    ServerClient& server_;
    const TailOptions& options_;
    std::string last_id_;
    std::size_t printed_ = 0;
    bool is_done_ = false;
    bool is_lost_ = false;
};

}  // namespace

Exit tail(Console& console, ServerClient& server, const TailOptions& options) {
    return Tailing(console, server, options).run();
}

sagas::Result<std::string> read_from(const std::string& text, sagas::Timestamp now) {
    const auto place = read_topic_place(text, now);
    if (!place) return tl::unexpected(place.error());
    if (place->is_number()) return "after=" + place->dump();
    return "from=" + sagas::percent_encode(place->get_ref<const std::string&>());
}

}  // namespace skald::cli
