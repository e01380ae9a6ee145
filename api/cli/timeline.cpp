#include "api/cli/timeline.h"

#include <array>
#include <cstdio>
#include <ostream>
#include <string_view>

#include "api/cli/problem_report.h"
#include "sagas/time.h"

namespace skald::cli {
namespace {

constexpr std::size_t kOutputColumns = 64;
constexpr std::size_t kErrorColumns = 160;

struct Look {
    std::string_view status;
    std::string_view symbol;
    Style style;
};
constexpr std::array kLooks = {
    Look{"pending", "·", Style::Dim},
    Look{"calling", "▸", Style::Busy},
    Look{"backing_off", "⟳", Style::Warning},
    Look{"settling", "▸", Style::Warning},
    Look{"succeeded", "✓", Style::Good},
    Look{"skipped", "–", Style::Dim},
    Look{"failed", "✗", Style::Bad},
    Look{"in_doubt", "?", Style::Warning},
    Look{"compensating", "↺", Style::Warning},
    Look{"compensated", "↩", Style::Warning},
    Look{"stuck", "!", Style::Bad},
    Look{"cancelled", "·", Style::Dim},
    Look{"running", "▸", Style::Busy},
    Look{"completed", "✓", Style::Good},
    Look{"abandoned", "!", Style::Bad},
};

const Look& look_of(std::string_view status) {
    static constexpr Look kUnknown{"", " ", Style::Plain};
    for (const Look& look : kLooks) {
        if (look.status == status) return look;
    }
    return kUnknown;
}

std::string number_of(const Document& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? found->dump() : "0";
}

std::string tries_text(const Document& step) {
    const std::string attempts = number_of(step, "attempts");
    const std::string undo = number_of(step, "compensation_attempts");
    if (attempts == "0") return "";
    std::string text = attempts + (attempts == "1" ? " try" : " tries");
    if (undo != "0") text += ", undo " + undo;
    return text;
}

std::string status_text(const Document& step) {
    std::string text = text_of(step, "status");
    const std::string stuck = text_of(step, "stuck_reason");
    if (!stuck.empty()) text += " (" + stuck + ")";
    const std::string by = text_of(step, "undone_by");
    if (!by.empty() && by != "call") text += " (" + by + ")";
    if (step.value("doubtful", false)) text += " (in doubt)";
    return printable(text);
}

std::string output_text(const Document& step) {
    const auto output = step.find("output");
    if (output == step.end() || output->is_null()) return "";
    return shortened(printable(output->dump(-1, ' ', false, Document::error_handler_t::replace)),
                     kOutputColumns);
}

void print_steps(Console& console, const Document& steps) {
    Table table;
    std::vector<std::string> notes;
    for (const Document& step : steps) {
        const Look& look = look_of(text_of(step, "status"));
        table.add(
            {{std::string(look.symbol), look.style},
             {printable(text_of(step, "name")), Style::Bold},
             {status_text(step), look.style},
             {tries_text(step)},
             {duration_between(text_of(step, "started_at"), text_of(step, "ended_at")), Style::Dim},
             {output_text(step), Style::Dim}});
        const std::string error = text_of(step, "error");
        if (!error.empty()) {
            notes.push_back(printable(text_of(step, "name")) + ": " +
                            shortened(printable(error), kErrorColumns));
        }
        const std::string next = text_of(step, "next_try_at");
        if (!next.empty()) {
            notes.push_back(printable(text_of(step, "name")) + ": next try at " + time_text(next));
        }
    }
    table.print(console, 2);
    if (!notes.empty()) console.out() << '\n';
    for (const std::string& note : notes) console.out() << "  " << note << '\n';
}

void print_heading(Console& console, const Document& saga) {
    const std::string status = text_of(saga, "status");
    const Look& look = look_of(status);
    console.out() << console.styled(Style::Bold, printable(text_of(saga, "id"))) << "  "
                  << printable(text_of(saga, "definition")) << " v" << number_of(saga, "version")
                  << "  " << console.styled(look.style, std::string(look.symbol) + " " + status);
    const std::string took =
        duration_between(text_of(saga, "started_at"), text_of(saga, "ended_at"));
    if (!took.empty()) console.out() << " in " << took;
    if (saga.value("suspended", false)) console.out() << ", suspended";
    console.out() << "\nstarted " << time_text(text_of(saga, "started_at"));
    const std::string deadline = text_of(saga, "deadline_at");
    if (!deadline.empty()) console.out() << ", deadline " << time_text(deadline);
    if (saga.contains("labels")) {
        for (const auto& [name, value] : saga["labels"].items()) {
            console.out() << ", " << printable(name) << "="
                          << printable(value.is_string() ? value.get<std::string>() : "");
        }
    }
    console.out() << "\n\n";
}

std::string failure_text(const Document& failure) {
    const std::string step = text_of(failure, "step");
    return (step.empty() ? "" : printable(step) + ": ") +
           shortened(printable(text_of(failure, "reason")), kErrorColumns);
}

}  // namespace

Style style_of(const std::string& status) { return look_of(status).style; }

std::string time_text(const std::string& rfc3339) {
    std::string text = printable(rfc3339);
    if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
    return text;
}

std::string duration_between(const std::string& from, const std::string& to) {
    const auto start = sagas::parse_rfc3339(from);
    const auto end = sagas::parse_rfc3339(to);
    if (!start || !end) return "";
    const long long ms = (*end - *start).count();
    char text[48];
    if (ms < 1'000) {
        std::snprintf(text, sizeof text, "%lld ms", ms);
    } else if (ms < 60'000) {
        std::snprintf(text, sizeof text, "%lld.%02lld s", ms / 1'000, ms % 1'000 / 10);
    } else if (ms < 3'600'000) {
        std::snprintf(text, sizeof text, "%lld m %lld s", ms / 60'000, ms / 1'000 % 60);
    } else {
        std::snprintf(text, sizeof text, "%lld h %lld m", ms / 3'600'000, ms / 60'000 % 60);
    }
    return text;
}

void print_timeline(Console& console, const Document& saga) {
    print_heading(console, saga);
    if (saga.contains("steps")) print_steps(console, saga["steps"]);
    if (saga.contains("failure")) {
        console.out() << "\n  turned back: " << failure_text(saga["failure"]) << '\n';
    }
    if (saga.contains("turn_wanted")) {
        console.out() << "\n  turns back unless the pivot succeeds: "
                      << failure_text(saga["turn_wanted"]) << '\n';
    }
    const std::string output = output_text(saga);
    if (!output.empty()) console.out() << "\n  output: " << output << '\n';
    const std::string output_error = text_of(saga, "output_error");
    if (!output_error.empty()) {
        console.out() << "\n  output: "
                      << console.styled(Style::Bad,
                                        shortened(printable(output_error), kErrorColumns))
                      << '\n';
    }
}

}  // namespace skald::cli
