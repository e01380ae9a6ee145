#include "api/cli/journal_lines.h"

#include <cstdlib>

#include "api/cli/reply_members.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kNoteColumns = 200;

void append(std::string& text, const std::string& more) {
    if (more.empty()) return;
    text.append(text.empty() ? "" : ", ").append(more);
}

/// Behind the elements from `at` on that stand side by side and became the same.
std::size_t end_of_run(const Document& changes, std::size_t at) {
    const auto item_of = [&changes](std::size_t which) {
        const std::string number = number_of(changes[which], "item");
        return number.empty() ? -1 : std::atol(number.c_str());
    };
    const auto is_same = [&changes, at](std::size_t which) {
        return text_of(changes[which], "step") == text_of(changes[at], "step") &&
               text_of(changes[which], "status") == text_of(changes[at], "status");
    };
    std::size_t end = at + 1;
    while (item_of(at) >= 0 && end < changes.size() && is_same(end) &&
           item_of(end) == item_of(end - 1) + 1) {
        ++end;
    }
    return end;
}

/// "reserve succeeded, send/0…9 calling": what was decided.
std::string changes_text(const Document& item) {
    std::string text;
    const Document& changes = list_of(item, "changes");
    for (std::size_t at = 0; at < changes.size();) {
        const std::size_t end = end_of_run(changes, at);
        std::string place = place_of(changes[at]);
        if (end > at + 1) place += "…" + number_of(changes[end - 1], "item");
        append(text, place + " " + text_of(changes[at], "status"));
        at = end;
    }
    for (const Document& each : list_of(item, "for_each")) {
        append(text, text_of(each, "step") + " over " + number_of(each, "elements") + " elements");
    }
    const std::string lock = text_of(item, "lock");
    if (!lock.empty()) append(text, "wants lock " + lock);
    const std::string parent = text_of(item, "parent");
    if (!parent.empty()) append(text, "child of " + parent);
    const Document& trigger = object_of(item, "trigger");
    if (!trigger.empty()) {
        append(text, "by event " + text_of(trigger, "id") + " of " + text_of(trigger, "source"));
    }
    if (item.contains("turned")) append(text, "turned back");
    const std::string end = text_of(object_of(item, "end"), "status");
    if (!end.empty()) append(text, "saga " + end);
    return printable(text);
}

std::string outcome_text(const Document& item) {
    std::string text = text_of(item, "outcome");
    const std::string http = number_of(item, "http_status");
    if (!http.empty()) text += " " + http;
    const Document& event = object_of(item, "event");
    if (!event.empty()) {
        text += " by event " + text_of(event, "topic") + "/" + number_of(event, "offset");
    }
    const std::string as = text_of(item, "as");
    if (!as.empty()) text += "as " + as;
    return printable(text);
}

}  // namespace

Table::Row journal_row(const Document& item) {
    std::string what = text_of(item, "type");
    const std::string by = text_of(item, "by");
    if (!by.empty()) what += " by " + by;
    std::string call = place_of(item);
    if (item.contains("phase")) {
        call += " " + text_of(item, "phase") + " " + number_of(item, "attempt");
    }
    std::string note = text_of(item, "error");
    if (note.empty()) note = text_of(item, "reason");
    return {{number_of(item, "seq"), Style::Dim},
            {time_text(text_of(item, "at")), Style::Dim},
            {printable(what), Style::Bold},
            {printable(call)},
            {outcome_text(item)},
            {changes_text(item)},
            {shortened(printable(note), kNoteColumns), Style::Bad}};
}

std::string journal_line(Console& console, const Document& item) {
    Table::Row row = journal_row(item);
    row.erase(row.begin());
    std::string line;
    for (const Table::Cell& cell : row) {
        if (cell.text.empty()) continue;
        line.append(line.empty() ? "" : "  ").append(console.styled(cell.style, cell.text));
    }
    return line;
}

}  // namespace skald::cli
