#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/document.h"
#include "api/event_pace.h"
#include "api/event_view.h"
#include "api/handlers.h"
#include "api/query_parameters.h"
#include "api/stream_ear.h"
#include "api/topic_log.h"
#include "api/topic_view.h"
#include "sagas/ascii.h"

/// Events of a topic, once, by long poll and as a stream.
namespace skald::api {
namespace {

constexpr std::uint32_t kEventsDefault = 100;
constexpr std::uint32_t kEventsMax = 1'000;
constexpr std::uint32_t kStreamPageRows = 200;

using store::Offset;

std::unique_ptr<StreamEar> listen_to(const Services& services, const std::string& topic) {
    if (topic == kSagaTopic) return listen_to_journal(services.bell);
    return listen_to_topic(services.event_bell, topic);
}

// ---- What is asked for -------------------------------------------------------------------------

bool wants_stream(const Request& request) {
    const std::string accept = sagas::to_lower(request.header("accept").value_or(""));
    return accept.find("text/event-stream") != std::string::npos;
}

Problem read_failure(const std::string& topic, const sagas::Error& error) {
    if (error.code == sagas::ErrorCode::NotFound) return no_such_topic(topic, std::nullopt);
    return to_problem(error);
}

Parsed<Offset> offset_from(const std::string& topic, const TopicLog& log, const std::string& text) {
    if (text == "start") return Offset{0};
    const auto time = sagas::parse_rfc3339(text);
    if (!time && text != "end") {
        return refuse(ProblemType::InvalidRequest,
                      "from: must be start, end, or a time in RFC 3339 such as "
                      "2026-11-21T22:32:28Z");
    }
    const auto offset = time ? log.offset_before(topic, *time) : log.last(topic);
    if (!offset) return tl::unexpected(read_failure(topic, offset.error()));
    return *offset;
}

/// Behind which offset to begin. The header is for streams.
Parsed<Offset> read_begin(const Request& request, const std::string& topic, const TopicLog& log) {
    const auto header = request.header("last-event-id");
    if (header && wants_stream(request)) return to_offset("Last-Event-ID", *header);
    const auto after = read_text(request, "after");
    if (!after) return tl::unexpected(after.error());
    const auto from = read_text(request, "from");
    if (!from) return tl::unexpected(from.error());
    if (*after && *from) {
        return refuse(ProblemType::InvalidRequest, "after and from exclude each other: send one");
    }
    if (*from) return offset_from(topic, log, **from);
    return *after ? to_offset("after", **after) : Parsed<Offset>(Offset{0});
}

// ---- Once, and by long poll --------------------------------------------------------------------

/// A reading that may wait. Shared by the transport's threads, one at a time.
struct Poll {
    Poll(const TopicLog& of, std::string name) : log(of), topic(std::move(name)) {}

    const TopicLog log;
    const std::string topic;
    Offset after{};
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
    const auto page = poll->log.events(poll->topic, poll->after, poll->limit);
    if (!page) return read_failure(poll->topic, page.error());
    const bool has_news = !page->rows.empty() || next_of(*page) < poll->after;
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
        poll->ear = listen_to(services, poll->topic);
    }
    return answer_poll(services, poll);
}

// ---- As a stream -------------------------------------------------------------------------------

class TopicEvents final : public EventReading {
 public:
    explicit TopicEvents(const Poll& from)
        : log_(from.log), topic_(from.topic), after_(from.after) {}

    sagas::Result<Page> read() override {
        const auto found = log_.events(topic_, after_, kStreamPageRows);
        if (!found) return tl::unexpected(found.error());
        Page page;
        const Offset next = next_of(*found);
        // The database was brought back from a copy.
        if (next < after_) page.text = offset_resync_event(next);
        for (const store::EventRow& row : found->rows) page.text += row_event(row);
        after_ = next;
        page.then = found->is_cut ? Page::Then::More : Page::Then::CaughtUp;
        return page;
    }
    std::optional<std::string> ping() override {
        return api::ping(store::Position{static_cast<std::int64_t>(after_)});
    }

 private:
    const TopicLog log_;
    const std::string topic_;
    Offset after_;
};

Answer stream_topic(const Services& services, ReadingTurns& turns, const Request& request,
                    const Poll& poll) {
    for (const char* name : {"limit", "wait"}) {
        if (!request.parameter(name)) continue;
        return make_problem(ProblemType::InvalidRequest,
                            std::string(name) + ": a stream takes none; leave it out");
    }
    // A topic that isn't there is told before the stream begins.
    const auto last = poll.log.last(poll.topic);
    if (!last) return read_failure(poll.topic, last.error());
    return event_stream({services.clock, turns}, listen_to(services, poll.topic),
                        std::make_unique<TopicEvents>(poll));
}

}  // namespace

Answer read_events(const Services& services, ReadingTurns& turns, const Request& request) {
    const std::string& topic = request.path.at(0);
    if (!is_topic_name(topic)) return no_such_topic(topic, std::nullopt);
    auto poll = std::make_shared<Poll>(TopicLog(services.reader, services.catalog), topic);
    const auto after = read_begin(request, topic, poll->log);
    if (!after) return after.error();
    poll->after = *after;
    return wants_stream(request) ? stream_topic(services, turns, request, *poll)
                                 : poll_events(services, request, poll);
}

}  // namespace skald::api
