#include "api/cli/timeline.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>

#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kOutputColumns = 64;
constexpr std::size_t kErrorColumns = 160;
constexpr std::size_t kSettledShown = 2;  ///< Steps before the first that isn't settled.

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

/// Steps with these are worked at, or wait to be.
constexpr std::array kAtWork = {"calling", "backing_off", "settling", "compensating", "stuck"};

const Look& look_of(std::string_view status) {
    static constexpr Look kUnknown{"", " ", Style::Plain};
    for (const Look& look : kLooks) {
        if (look.status == status) return look;
    }
    return kUnknown;
}

bool is_at_work(const Document& step) {
    return std::find(kAtWork.begin(), kAtWork.end(), text_of(step, "status")) != kAtWork.end();
}

std::string tries_text(const Document& step) {
    const std::string attempts = number_of(step, "attempts");
    const std::string undo = number_of(step, "compensation_attempts");
    if (attempts.empty() || attempts == "0") return "";
    std::string text = attempts + (attempts == "1" ? " try" : " tries");
    if (!undo.empty() && undo != "0") text += ", undo " + undo;
    return text;
}

std::string status_text(const Document& step) {
    std::string text = text_of(step, "status");
    const std::string stuck = text_of(step, "stuck_reason");
    if (!stuck.empty()) text += " (" + stuck + ")";
    const std::string by = text_of(step, "undone_by");
    if (!by.empty() && by != "call") text += " (" + by + ")";
    if (is_true(step, "doubtful")) text += " (in doubt)";
    return printable(text);
}

std::string output_text(const Document& object) {
    return shortened(printable(json_of(object, "output")), kOutputColumns);
}

Table::Row step_row(const Document& step) {
    const Look& look = look_of(text_of(step, "status"));
    return {{std::string(look.symbol), look.style},
            {printable(text_of(step, "name")), Style::Bold},
            {status_text(step), look.style},
            {tries_text(step)},
            {duration_between(text_of(step, "started_at"), text_of(step, "ended_at")), Style::Dim},
            {output_text(step), Style::Dim}};
}

void print_notes(Console& console, const Document& steps) {
    std::vector<std::string> notes;
    for (const Document& step : steps) {
        const std::string name = printable(text_of(step, "name"));
        const std::string error = text_of(step, "error");
        if (!error.empty()) {
            notes.push_back(name + ": " + shortened(printable(error), kErrorColumns));
        }
        const std::string next = text_of(step, "next_try_at");
        if (!next.empty()) notes.push_back(name + ": next try at " + time_text(next));
    }
    if (!notes.empty()) console.out() << '\n';
    for (const std::string& note : notes) console.out() << "  " << note << '\n';
}

/// The first of `steps_max` steps to show: the one that is worked at should be among them.
std::size_t first_shown(const Document& steps, std::size_t steps_max) {
    if (steps.size() <= steps_max) return 0;
    const auto found = std::find_if(steps.begin(), steps.end(), is_at_work);
    const auto at = static_cast<std::size_t>(found - steps.begin());
    return std::min(at - std::min(at, kSettledShown), steps.size() - steps_max);
}

void print_steps(Console& console, const Document& steps, std::size_t steps_max) {
    const std::size_t first = first_shown(steps, steps_max);
    const std::size_t end = first + std::min(steps.size() - first, steps_max);
    Table table;
    for (std::size_t at = first; at < end; ++at) table.add(step_row(steps[at]));
    if (first > 0) console.out() << "  ⋮  " << first << " steps before\n";
    table.print(console, 2);
    if (end < steps.size()) console.out() << "  ⋮  " << steps.size() - end << " steps behind\n";
    print_notes(console, steps);
}

void print_heading(Console& console, const Document& saga) {
    const std::string status = text_of(saga, "status");
    const Look& look = look_of(status);
    console.out() << console.styled(Style::Bold, printable(text_of(saga, "id"))) << "  "
                  << printable(text_of(saga, "definition")) << " v" << number_of(saga, "version")
                  << "  "
                  << console.styled(look.style, std::string(look.symbol) + " " + printable(status));
    const std::string took =
        duration_between(text_of(saga, "started_at"), text_of(saga, "ended_at"));
    if (!took.empty()) console.out() << " in " << took;
    if (is_true(saga, "suspended")) console.out() << ", suspended";
    console.out() << "\nstarted " << time_text(text_of(saga, "started_at"));
    const std::string deadline = text_of(saga, "deadline_at");
    if (!deadline.empty()) console.out() << ", deadline " << time_text(deadline);
    const Document& labels = object_of(saga, "labels");
    for (const auto& [name, value] : labels.items()) {
        console.out() << ", " << printable(name) << "="
                      << printable(value.is_string() ? value.get<std::string>() : "");
    }
    console.out() << '\n';
    const std::string replay_of = text_of(saga, "replay_of");
    if (!replay_of.empty()) console.out() << "replay of " << printable(replay_of) << '\n';
    const std::string replayed_as = text_of(saga, "replayed_as");
    if (!replayed_as.empty()) console.out() << "replayed as " << printable(replayed_as) << '\n';
    console.out() << '\n';
}

std::string failure_text(const Document& failure) {
    const std::string step = text_of(failure, "step");
    return (step.empty() ? "" : printable(step) + ": ") +
           shortened(printable(text_of(failure, "reason")), kErrorColumns);
}

/// What an operator can say of a step that is stuck.
void print_ways_out(Console& console, const std::string& id, const Document& step) {
    const bool is_undo = text_of(step, "stuck_reason").starts_with("compensation");
    const std::string name = printable(text_of(step, "name"));
    console.out() << "    skald retry " << id << " --step " << name << '\n'
                  << "    skald resolve " << id << " --step " << name << " --as "
                  << (is_undo ? "compensated|skipped" : "succeeded|compensated|skipped")
                  << " --reason WHY\n";
}

void print_what_to_do(Console& console, const Document& saga) {
    const std::string id = printable(text_of(saga, "id"));
    if (text_of(saga, "status") == "stuck") {
        console.out() << "\n  it waits for you; once you know what happened:\n";
        for (const Document& step : list_of(saga, "steps")) {
            if (text_of(step, "status") == "stuck") print_ways_out(console, id, step);
        }
        console.out() << "    skald abandon " << id << " --reason WHY\n";
    }
    if (is_true(saga, "suspended") && text_of(saga, "ended_at").empty()) {
        console.out() << "\n  suspended: it makes no calls until: skald resume " << id << '\n';
    }
}

}  // namespace

Style style_of(const std::string& status) { return look_of(status).style; }

void print_timeline(Console& console, const Document& saga, std::size_t steps_max) {
    print_heading(console, saga);
    print_steps(console, list_of(saga, "steps"), steps_max);
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
    print_what_to_do(console, saga);
}

}  // namespace skald::cli
