#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/document.h"
#include "api/event_pace.h"
#include "api/event_view.h"
#include "api/handlers.h"
#include "api/query_parameters.h"
#include "api/topic_log.h"
#include "api/topic_view.h"
#include "sagas/ascii.h"

/// Events of a topic, once, by long poll and as a stream.
namespace skald::api {
namespace {

constexpr std::uint32_t kEventsDefault = 100;
constexpr std::uint32_t kEventsMax = 1'000;
constexpr std::uint32_t kStreamPageRows = 200;
constexpr std::uint64_t kOffsetMax = std::uint64_t{1} << 62;

// ---- What is asked for -------------------------------------------------------------------------

bool wants_stream(const Request& request) {
    const std::string accept = sagas::to_lower(request.header("accept").value_or(""));
    return accept.find("text/event-stream") != std::string::npos;
}

Parsed<std::int64_t> to_offset(const char* name, const std::string& text) {
    const auto number = to_number(text, 0, kOffsetMax);
    if (number) return static_cast<std::int64_t>(*number);
    return refuse(ProblemType::InvalidRequest,
                  std::string(name) + ": must be the offset of an event, or 0");
}

Problem read_failure(const std::string& topic, const sagas::Error& error) {
    if (error.code == sagas::ErrorCode::NotFound) return no_such_topic(topic, std::nullopt);
    return to_problem(error);
}

Parsed<std::int64_t> offset_from(const std::string& topic, const TopicLog& log,
                                 const std::string& text) {
    if (text == "start") return 0;
    const auto time = sagas::parse_rfc3339(text);
    if (!time && text != "end") {
        return refuse(ProblemType::InvalidRequest,
                      "from: must be start, end, or a time in RFC 3339 such as "
                      "2026-11-21T22:32:28Z");
    }
    const auto offset = time ? log.offset_before(*time) : log.last();
    if (!offset) return tl::unexpected(read_failure(topic, offset.error()));
    return *offset;
}

/// Behind which offset to begin. The header is for streams.
Parsed<std::int64_t> read_begin(const Request& request, const std::string& topic,
                                const TopicLog& log) {
    const auto header = request.header("last-event-id");
    if (header && wants_stream(request)) return to_offset("Last-Event-ID", std::string(*header));
    const auto after = read_text(request, "after");
    if (!after) return tl::unexpected(after.error());
    const auto from = read_text(request, "from");
    if (!from) return tl::unexpected(from.error());
    if (*after && *from) {
        return refuse(ProblemType::InvalidRequest, "after and from exclude each other: send one");
    }
    if (*from) return offset_from(topic, log, **from);
    return *after ? to_offset("after", **after) : Parsed<std::int64_t>(0);
}

// ---- Once, and by long poll --------------------------------------------------------------------

/// A reading that may wait. Shared by the transport's threads, one at a time.
struct Poll {
    std::string topic;
    std::unique_ptr<TopicLog> log;
    std::int64_t after = 0;
    std::uint32_t limit = kEventsDefault;
    sagas::Timestamp until{};
    std::unique_ptr<StreamEar> ear;  ///< Null: it does not wait.
    std::uint64_t heard = 0;         ///< By the ear, before the last reading.
};
using PollPtr = std::shared_ptr<Poll>;

Answer answer_poll(const Services& services, const PollPtr& poll);

/// Until the topic has grown, or the time is over.
Later wait_for_more(const Services& services, const PollPtr& poll) {
    Later later;
    later.kind = Later::Kind::Long;
    later.time = poll->until - services.clock.now();
    later.arm = [poll](std::function<void()> ready) {
        poll->ear->when_beyond(poll->heard, std::move(ready));
    };
    later.finish = [&services, poll]() -> Answer {
        // A bell may ring for another topic; and the wait may end before its time, for good.
        const bool has_rung = poll->ear->heard() > poll->heard;
        if (!has_rung) poll->until = sagas::Timestamp{};
        return answer_poll(services, poll);
    };
    return later;
}

Answer answer_poll(const Services& services, const PollPtr& poll) {
    if (poll->ear) poll->heard = poll->ear->heard();
    const auto page = poll->log->read(poll->after, poll->limit);
    if (!page) return read_failure(poll->topic, page.error());
    const bool has_news = !page->rows.empty() || page->next < poll->after;
    if (!has_news && poll->ear && services.clock.now() < poll->until) {
        return wait_for_more(services, poll);
    }
    return json_text_reply(200, page_text(*page));
}

Answer poll_events(const Services& services, const Request& request, const PollPtr& poll) {
    const auto limit = read_integer(request, "limit", kEventsMax);
    if (!limit) return limit.error();
    const auto wait = read_wait(request);
    if (!wait) return wait.error();
    poll->limit = limit->value_or(kEventsDefault);
    if (*wait && **wait > sagas::Milliseconds{0}) {
        poll->until = services.clock.now() + **wait;
        poll->ear = poll->log->listen();
    }
    return answer_poll(services, poll);
}

// ---- As a stream -------------------------------------------------------------------------------

class TopicEvents final : public EventReading {
 public:
    TopicEvents(std::unique_ptr<TopicLog> log, std::int64_t after)
        : log_(std::move(log)), after_(after) {}

    sagas::Result<Page> read() override {
        const auto found = log_->read(after_, kStreamPageRows);
        if (!found) return tl::unexpected(found.error());
        Page page;
        // The database was brought back from a copy.
        if (found->next < after_) page.text = offset_resync_event(found->next);
        for (const TopicLog::Row& row : found->rows) page.text += row_event(row);
        after_ = found->next;
        page.then = found->is_cut ? Page::Then::More : Page::Then::CaughtUp;
        return page;
    }
    std::optional<std::string> ping() override { return api::ping(store::Position{after_}); }

 private:
    const std::unique_ptr<TopicLog> log_;
    std::int64_t after_;
};

Answer stream_topic(const Services& services, ReadingTurns& turns, const Request& request,
                    Poll& poll) {
    for (const char* name : {"limit", "wait"}) {
        if (!request.parameter(name)) continue;
        return make_problem(ProblemType::InvalidRequest,
                            std::string(name) + ": a stream takes none; leave it out");
    }
    // A topic that isn't there is told before the stream begins.
    const auto last = poll.log->last();
    if (!last) return read_failure(poll.topic, last.error());
    auto ear = poll.log->listen();
    return event_stream({services.clock, turns}, std::move(ear),
                        std::make_unique<TopicEvents>(std::move(poll.log), poll.after));
}

}  // namespace

Answer read_events(const Services& services, ReadingTurns& turns, const Request& request) {
    auto poll = std::make_shared<Poll>();
    poll->topic = request.path.at(0);
    if (!is_topic_name(poll->topic)) return no_such_topic(poll->topic, std::nullopt);
    poll->log = open_topic(services, poll->topic);
    const auto after = read_begin(request, poll->topic, *poll->log);
    if (!after) return after.error();
    poll->after = *after;
    return wants_stream(request) ? stream_topic(services, turns, request, *poll)
                                 : poll_events(services, request, poll);
}

}  // namespace skald::api
