#include "api/cli/step_table.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "api/cli/reply_members.h"
#include "api/cli/status_look.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kStepOutputColumns = 64;
constexpr std::size_t kStepErrorColumns = 160;
constexpr std::size_t kSettledShown = 2;   ///< Steps before the first that isn't settled.
constexpr std::size_t kElementsShown = 6;  ///< Of one step.
constexpr std::size_t kWaitsShown = 6;

bool is_step_at_work(const Document& step) {
    return look_of(text_of(step, "status")).weight == Look::Weight::AtWork;
}

/// Whether there is more to say of an element than how many are like it.
bool is_remarkable(const Document& element) {
    const std::string status = text_of(element, "status");
    return is_step_at_work(element) || status == "failed" || status == "in_doubt";
}

std::string tries_text(const Document& step) {
    const std::string attempts = number_of(step, "attempts");
    const std::string undo = number_of(step, "compensation_attempts");
    if (attempts.empty() || attempts == "0") return "";
    std::string text = attempts + (attempts == "1" ? " try" : " tries");
    if (!undo.empty() && undo != "0") text += ", undo " + undo;
    return text;
}

std::string step_status_text(const Document& step) {
    std::string text = text_of(step, "status");
    const auto add = [&text](const std::string& remark) {
        if (!remark.empty()) text += " (" + remark + ")";
    };
    add(text_of(step, "stuck_reason"));
    if (step.contains("callback_until")) add("callback");
    if (step.contains("event_until")) add("event");
    const std::string by = text_of(step, "undone_by");
    if (by != "call") add(by);
    if (is_true(step, "doubtful")) add("in doubt");
    return printable(text);
}

/// "17 succeeded, 2 calling, 1 failed".
std::string counts_text(const Document& elements) {
    std::string text;
    const Document& counts = object_of(elements, "counts");
    for (const auto& [status, count] : counts.items()) {
        text.append(text.empty() ? "" : ", ").append(count.dump()).append(" ").append(status);
    }
    return printable(text);
}

std::string step_output_text(const Document& step) {
    if (step.contains("elements")) return counts_text(step["elements"]);
    return shortened(printable(json_of(step, "output")), kStepOutputColumns);
}

Table::Row step_row(const Document& step, const std::string& name) {
    const Look& look = look_of(text_of(step, "status"));
    return {{std::string(look.symbol), look.style},
            {printable(name), Style::Bold},
            {step_status_text(step), look.style},
            {tries_text(step)},
            {duration_between(text_of(step, "started_at"), text_of(step, "ended_at")), Style::Dim},
            {step_output_text(step), Style::Dim}};
}

/// The elements of `step` that are shown: the stuck ones first.
std::vector<const Document*> shown_elements(const Document& step) {
    std::vector<const Document*> found;
    for (const Document& element : list_of(object_of(step, "elements"), "items")) {
        if (is_remarkable(element)) found.push_back(&element);
    }
    std::stable_partition(found.begin(), found.end(), [](const Document* element) {
        return text_of(*element, "status") == "stuck";
    });
    return found;
}

std::string element_name(const Document& step, const Document& element) {
    return text_of(step, "name") + "/" + number_of(element, "item");
}

void add_rows(Table& table, const Document& step) {
    table.add(step_row(step, text_of(step, "name")));
    const auto elements = shown_elements(step);
    for (std::size_t at = 0; at < std::min(elements.size(), kElementsShown); ++at) {
        table.add(step_row(*elements[at], element_name(step, *elements[at])));
    }
    if (elements.size() > kElementsShown) {
        table.add({{"⋮", Style::Dim},
                   {std::to_string(elements.size() - kElementsShown) + " more", Style::Dim}});
    }
}

class StepNotes {
 public:
    /// What is wrong with a step or an element, and its children.
    void add(const std::string& name, const Document& step) {
        const std::string error = text_of(step, "error");
        if (!error.empty()) note(name, shortened(printable(error), kStepErrorColumns));
        const std::string next = text_of(step, "next_try_at");
        if (!next.empty()) note(name, "next try at " + time_text(next));
        add_child(name, "child ", object_of(step, "child"));
        add_child(name, "undone by child ", object_of(step, "undo_child"));
    }
    void print(Console& console) const {
        if (!notes_.empty()) console.out() << '\n';
        for (const std::string& each : notes_) console.out() << "  " << each << '\n';
    }

 private:
    void add_child(const std::string& name, const char* what, const Document& child) {
        if (child.empty()) return;
        const std::string status = text_of(child, "status");
        note(name, what + printable(text_of(child, "id") + " (" + text_of(child, "definition") +
                                    ")" + (status.empty() ? "" : " " + status)));
    }
    void note(const std::string& name, const std::string& text) {
        notes_.push_back(printable(name) + ": " + text);
    }

    std::vector<std::string> notes_;
};

void print_notes(Console& console, const Document& steps) {
    StepNotes notes;
    for (const Document& step : steps) {
        notes.add(text_of(step, "name"), step);
        const auto elements = shown_elements(step);
        for (std::size_t at = 0; at < std::min(elements.size(), kElementsShown); ++at) {
            notes.add(element_name(step, *elements[at]), *elements[at]);
        }
    }
    notes.print(console);
}

/// The first of `steps_max` steps to show: the one that is worked at should be among them.
std::size_t first_shown(const Document& steps, std::size_t steps_max) {
    if (steps.size() <= steps_max) return 0;
    const auto found = std::find_if(steps.begin(), steps.end(), is_step_at_work);
    const auto at = static_cast<std::size_t>(found - steps.begin());
    return std::min(at - std::min(at, kSettledShown), steps.size() - steps_max);
}

void add_if_stuck(std::vector<StuckPlace>& places, const std::string& name, const Document& step) {
    if (text_of(step, "status") != "stuck") return;
    places.push_back({name, text_of(step, "stuck_reason")});
}

}  // namespace

std::vector<StuckPlace> stuck_places(const Document& step) {
    std::vector<StuckPlace> places;
    for (const Document& element : list_of(object_of(step, "elements"), "items")) {
        add_if_stuck(places, element_name(step, element), element);
    }
    if (places.empty()) add_if_stuck(places, text_of(step, "name"), step);
    return places;
}

void print_waits(Console& console, const Document& saga) {
    const Document& waits = list_of(saga, "waiting_for");
    for (std::size_t at = 0; at < std::min(waits.size(), kWaitsShown); ++at) {
        const Document& each = waits[at];
        console.out() << "waits for " << printable(each.is_string() ? each.get<std::string>() : "")
                      << '\n';
    }
    if (waits.size() > kWaitsShown) console.out() << "waits for more: -o json\n";
}

void print_steps(Console& console, const Document& saga, std::size_t steps_max) {
    const Document& steps = list_of(saga, "steps");
    const std::size_t first = first_shown(steps, steps_max);
    const std::size_t end = first + std::min(steps.size() - first, steps_max);
    Table table;
    for (std::size_t at = first; at < end; ++at) add_rows(table, steps[at]);
    if (first > 0) console.out() << "  ⋮  " << first << " steps before\n";
    table.print(console, 2);
    if (end < steps.size()) console.out() << "  ⋮  " << steps.size() - end << " steps behind\n";
    print_notes(console, steps);
}

}  // namespace skald::cli
