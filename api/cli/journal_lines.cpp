#include "api/cli/journal_lines.h"

#include "api/cli/reply_members.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kNoteColumns = 200;

void append(std::string& text, const std::string& more) {
    if (more.empty()) return;
    text.append(text.empty() ? "" : ", ").append(more);
}

/// "reserve succeeded, charge calling": what was decided.
std::string changes_text(const Document& item) {
    std::string text;
    for (const Document& change : list_of(item, "changes")) {
        append(text, text_of(change, "step") + " " + text_of(change, "status"));
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
    const std::string as = text_of(item, "as");
    if (!as.empty()) text += "as " + as;
    return printable(text);
}

}  // namespace

Table::Row journal_row(const Document& item) {
    std::string what = text_of(item, "type");
    const std::string by = text_of(item, "by");
    if (!by.empty()) what += " by " + by;
    std::string call = text_of(item, "step");
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
