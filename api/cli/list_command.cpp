#include "api/cli/list_command.h"

#include <array>
#include <limits>
#include <optional>
#include <ostream>
#include <sstream>

#include "api/cli/live_screen.h"
#include "api/cli/paging.h"
#include "api/cli/reply_members.h"
#include "api/cli/status_look.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

constexpr sagas::Milliseconds kRefresh{2'000};
constexpr std::size_t kErrorColumns = 200;  ///< Where no terminal cuts it.
constexpr std::array kStatuses = {"running",   "compensating", "stuck",
                                  "completed", "compensated",  "abandoned"};

void add(std::string& target, const char* name, const std::optional<std::string>& value) {
    if (value) target.append(name).append("=").append(sagas::percent_encode(*value)).append("&");
}

std::string target_of(const ListOptions& options) {
    std::string target = "/v1/sagas?";
    for (const std::string& status : options.statuses) add(target, "status", status);
    add(target, "definition", options.definition);
    if (options.version) target += "version=" + std::to_string(*options.version) + "&";
    for (std::string label : options.labels) {
        label[label.find('=')] = ':';
        add(target, "label", label);
    }
    add(target, "started_after", options.since);
    add(target, "started_before", options.until);
    add(target, "step", options.step);
    add(target, "error", options.error);
    add(target, "failing", options.failing);
    if (options.is_counted) target += "count=true&";
    return target;
}

tl::expected<Listed, ListFailure> read(ServerClient& server, const ListOptions& options) {
    if (options.is_counted) return read_first_page(server, target_of(options));
    return read_pages(server, target_of(options),
                      options.is_all ? std::numeric_limits<std::size_t>::max() : options.limit);
}

void add_row(Table& table, const Document& item, sagas::Timestamp now) {
    const std::string status = text_of(item, "status");
    const std::string failing = text_of(item, "failing_since");
    const Document& error = object_of(item, "last_error");
    table.add({{printable(text_of(item, "id")), Style::Bold},
               {printable(text_of(item, "definition")) + " v" + number_of(item, "version")},
               {printable(status), style_of(status)},
               {age_text(text_of(item, "started_at"), now), Style::Dim},
               {age_text(failing, now), Style::Warning},
               {printable(text_of(error, "step"))},
               {shortened(printable(text_of(error, "error")), kErrorColumns), Style::Bad}});
}

void print_list(Console& console, const Listed& listed) {
    if (listed.items.empty()) {
        console.out() << "no sagas\n";
        return;
    }
    Table table;
    table.add_heading({"ID", "DEFINITION", "STATUS", "AGE", "FAILING", "STEP", "ERROR"});
    for (const Document& item : listed.items) add_row(table, item, console.now());
    table.print(console, 0);
    if (listed.has_more) {
        console.out() << console.styled(Style::Dim, "there are more: --limit N or --all") << '\n';
    }
}

void print_counts(Console& console, const Listed& listed) {
    const Document& counts = object_of(listed.first_page, "counts");
    Table table;
    for (const char* status : kStatuses) {
        const std::string count = number_of(counts, status);
        table.add({{status, count == "0" ? Style::Dim : style_of(status)}, {count, Style::Bold}});
    }
    table.print(console, 0);
}

void print(Console& console, const Listed& listed, const ListOptions& options) {
    if (options.is_counted) {
        print_counts(console, listed);
    } else {
        print_list(console, listed);
    }
}

Exit print_json(Console& console, const Listed& listed, const ListOptions& options) {
    if (options.is_counted) {
        console.print({{"counts", object_of(listed.first_page, "counts")}});
        return Exit::Done;
    }
    Document document = {{"items", listed.items}};
    if (listed.has_more) document["has_more"] = true;
    console.print(document);
    return Exit::Done;
}

/// Never returns but for a failure that stays: of the first look, or one that asking again can't
/// mend.
Exit watch_list(Console& console, ServerClient& server, const ListOptions& options) {
    LiveScreen screen(console);
    std::optional<Listed> last;
    while (true) {
        auto listed = read(server, options);
        if (!listed && (!last || !listed.error().is_temporary())) {
            return report_failure(console, listed.error());
        }
        std::ostringstream text;
        Console frame = console.writing_to(text);
        text << frame.styled(Style::Dim, time_text(sagas::to_rfc3339(console.now())) +
                                             ", every 2 s; Ctrl-C ends it")
             << "\n\n";
        if (listed) last = std::move(*listed);
        print(frame, *last, options);
        if (!listed) {
            text << '\n' << frame.styled(Style::Bad, failure_text(listed.error())) << '\n';
        }
        screen.show(text.str());
        server.pause(kRefresh);
    }
}

}  // namespace

sagas::Result<std::string> read_moment(const std::string& text, sagas::Timestamp now) {
    if (const auto ago = sagas::parse_duration(text)) return sagas::to_rfc3339(now - *ago);
    for (const std::string& time : {text, text + "T00:00:00Z"}) {
        if (const auto moment = sagas::parse_rfc3339(time)) return sagas::to_rfc3339(*moment);
    }
    return sagas::fail(sagas::ErrorCode::InvalidArgument,
                       "\"" + text +
                           "\" must be a duration ago, such as 2h, or a time such as "
                           "2026-11-21T22:30:00Z");
}

Exit list(Console& console, ServerClient& server, const ListOptions& options) {
    if (options.is_watched && console.can_redraw()) return watch_list(console, server, options);
    const auto listed = read(server, options);
    if (!listed) return report_failure(console, listed.error());
    if (console.is_json()) return print_json(console, *listed, options);
    print(console, *listed, options);
    return Exit::Done;
}

}  // namespace skald::cli
