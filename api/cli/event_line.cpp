#include "api/cli/event_line.h"

#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kDataColumns = 200;

}  // namespace

std::string event_line(Console& console, const Document& row) {
    const Document& event = object_of(row, "event");
    const std::string data = json_of(event, event.contains("data") ? "data" : "data_base64");
    const Table::Row cells = {{number_of(row, "offset"), Style::Dim},
                              {time_text(text_of(event, "time")), Style::Dim},
                              {printable(text_of(event, "type")), Style::Bold},
                              {printable(text_of(event, "subject"))},
                              {shortened(printable(data), kDataColumns)}};
    std::string line;
    for (const Table::Cell& cell : cells) {
        if (cell.text.empty()) continue;
        line.append(line.empty() ? "" : "  ").append(console.styled(cell.style, cell.text));
    }
    return line;
}

}  // namespace skald::cli
