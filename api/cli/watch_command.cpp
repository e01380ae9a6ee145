#include "api/cli/watch_command.h"

#include <optional>
#include <ostream>
#include <sstream>

#include "api/cli/journal_lines.h"
#include "api/cli/live_screen.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/saga_target.h"
#include "api/cli/status_look.h"
#include "api/cli/timeline.h"
#include "api/cli/waiting.h"

namespace skald::cli {
namespace {

constexpr sagas::Milliseconds kPauseBetweenStreams{500};
constexpr std::size_t kFrameRows = 14;  ///< Of a timeline, for what is not its steps.
constexpr std::size_t kStepsLeast = 6;
constexpr std::string_view kEnd = "end";  ///< The type of the last event.

bool ends_when_stuck(const WatchOptions& options) {
    return options.until == WatchOptions::Until::Stuck;
}

/// How the events of one saga are shown.
class View {
 public:
    virtual ~View() = default;
    virtual void show(std::span<const ServerEvent> events) = 0;
    /// Nothing more will come.
    virtual void end(const std::string& status) = 0;
    virtual void connection_lost(const std::string& why) = 0;
};

/// A line for each event.
class LinesView : public View {
 public:
    explicit LinesView(Console& console) : console_(console) {}

    void show(std::span<const ServerEvent> events) override {
        is_lost_ = false;
        for (const ServerEvent& event : events) {
            const Document data = Document::parse(event.data, nullptr, false);
            if (console_.is_json()) {
                Document line = {{"id", event.id}, {"event", event.type}};
                line["data"] = data.is_discarded() ? Document(event.data) : data;
                console_.print_line(line);
            } else if (event.type != kEnd) {
                console_.out() << journal_line(console_, data) << '\n' << std::flush;
            }
        }
    }
    void end(const std::string& status) override {
        if (console_.is_json()) return;
        console_.out() << console_.styled(style_of(status), "saga " + printable(status)) << '\n';
    }
    void connection_lost(const std::string& why) override {
        if (is_lost_) return;
        is_lost_ = true;
        console_.warn(why + " (trying again)");
    }

 private:
    Console& console_;
    bool is_lost_ = false;
};

/// The timeline that `skald show` prints, drawn anew.
class TimelineView : public View {
 public:
    TimelineView(Console& console, ServerClient& server, const std::string& id)
        : console_(console), server_(server), id_(id), screen_(console) {}

    void show(std::span<const ServerEvent>) override {
        (void)read();
        draw("");
    }
    void end(const std::string&) override {}
    void connection_lost(const std::string& why) override { draw(why + " (trying again)"); }

    /// Reads the saga; where that fails, the last that was read is kept.
    sagas::Result<api::ServerReply> read() {
        auto reply = server_.send({"GET", saga_target(id_), "", {}});
        if (reply && reply->status == 200) saga_ = reply->body;
        return reply;
    }
    void draw(const std::string& note) {
        std::ostringstream text;
        Console frame = console_.writing_to(text);
        const std::size_t rows = console_.screen().rows;
        print_timeline(frame, saga_,
                       rows > kFrameRows + kStepsLeast ? rows - kFrameRows : kStepsLeast);
        if (!note.empty()) text << '\n' << frame.styled(Style::Warning, note) << '\n';
        screen_.show(text.str());
    }

 private:
    Console& console_;
    ServerClient& server_;
    const std::string id_;
    LiveScreen screen_;
    Document saga_ = Document::object();
};

/// Follows a saga's stream, over broken connections, until what it waits for came.
class Watching {
 public:
    Watching(ServerClient& server, const WatchOptions& options, View& view)
        : server_(server), options_(options), view_(view) {}

    /// Returns when there is an end_status(), or with what keeps it from going on.
    sagas::Result<api::ServerReply> run() {
        Patience patience(Wait{Wait::Until::Rest});
        while (true) {
            api::ServerRequest request{"GET", saga_target(options_.id, "/events"), "", {}};
            if (!last_id_.empty()) request.headers.emplace_back("Last-Event-ID", last_id_);
            auto reply = server_.stream(request, [this](auto events) { return take(events); });
            const bool was_there = reply && reply->status == 200;
            if (end_status_ || (reply && !was_there && reply->status != 503)) return reply;
            if (was_there) patience.answered();
            if (!was_there && !patience.may_ask_again()) return reply;
            view_.connection_lost(why(reply));
            server_.pause(kPauseBetweenStreams);
        }
    }
    const std::optional<std::string>& end_status() const { return end_status_; }

 private:
    api::Following take(std::span<const ServerEvent> events) {
        const ServerEvent& last = events.back();
        if (!last.id.empty()) last_id_ = last.id;
        view_.show(events);
        const std::string status = text_of(Document::parse(last.data, nullptr, false), "status");
        // A saga that has ended already still sends all its events, then the end.
        const bool is_enough =
            last.type == kEnd || (status == "stuck" && ends_when_stuck(options_));
        if (!is_enough) return api::Following::GoOn;
        end_status_ = status;
        view_.end(status);
        return api::Following::End;
    }

    static std::string why(const sagas::Result<api::ServerReply>& reply) {
        if (!reply) return printable(reply.error().message);
        return reply->status == 200 ? "the stream of events broke" : problem_text(*reply);
    }

    ServerClient& server_;
    const WatchOptions& options_;
    View& view_;
    std::string last_id_;
    std::optional<std::string> end_status_;
};

Exit watch_with(Console& console, ServerClient& server, const WatchOptions& options, View& view) {
    Watching watching(server, options, view);
    const auto reply = watching.run();
    if (watching.end_status()) return exit_of(*watching.end_status());
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    return report_problem(console, *reply);
}

}  // namespace

Exit watch(Console& console, ServerClient& server, const WatchOptions& options) {
    if (!console.can_redraw()) {
        LinesView view(console);
        return watch_with(console, server, options, view);
    }
    TimelineView view(console, server, options.id);
    const auto reply = view.read();
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    view.draw("");
    const std::string status = text_of(reply->body, "status");
    const bool is_enough = status == "stuck" ? ends_when_stuck(options) : is_at_rest(status);
    if (is_enough) return exit_of(status);
    return watch_with(console, server, options, view);
}

}  // namespace skald::cli
