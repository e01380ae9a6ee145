#include "api/cli/timeline.h"

#include <algorithm>
#include <ostream>

#include "api/cli/reply_members.h"
#include "api/cli/status_look.h"
#include "api/cli/step_table.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kOutputColumns = 64;
constexpr std::size_t kErrorColumns = 160;

std::string output_text(const Document& object) {
    return shortened(printable(json_of(object, "output")), kOutputColumns);
}

/// What stands around a saga: what it replays, its parent, its lock.
void print_relations(Console& console, const Document& saga) {
    const auto print = [&console](const char* what, const std::string& id) {
        if (!id.empty()) console.out() << what << printable(id) << '\n';
    };
    print("replay of ", text_of(saga, "replay_of"));
    print("replayed as ", text_of(saga, "replayed_as"));
    const Document& parent = object_of(saga, "parent");
    const std::string step = text_of(parent, "step");
    print("child of ", text_of(parent, "id") + (step.empty() ? "" : ", step " + step));
    const Document& lock = object_of(saga, "lock");
    if (is_true(lock, "held")) print("holds lock ", text_of(lock, "value"));
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
    print_relations(console, saga);
    print_waits(console, saga);
    console.out() << '\n';
}

std::string failure_text(const Document& failure) {
    const std::string step = place_of(failure);
    return (step.empty() ? "" : printable(step) + ": ") +
           shortened(printable(text_of(failure, "reason")), kErrorColumns);
}

/// What an operator can say of a step that is stuck; of many stuck elements, the first shows how.
void print_ways_out(Console& console, const std::string& id, const Document& step) {
    const std::vector<StuckPlace> stuck = stuck_places(step);
    if (stuck.empty()) return;
    if (stuck.size() > 1) {
        console.out() << "    skald retry " << id << " --step " << printable(text_of(step, "name"))
                      << "  (all " << stuck.size() << " elements)\n";
    }
    const std::string place = printable(stuck.front().place);
    const bool is_undo = stuck.front().reason.starts_with("compensation");
    console.out() << "    skald retry " << id << " --step " << place << '\n'
                  << "    skald resolve " << id << " --step " << place << " --as "
                  << (is_undo ? "compensated|skipped" : "succeeded|compensated|skipped")
                  << " --reason WHY\n";
}

void print_what_to_do(Console& console, const Document& saga) {
    const std::string id = printable(text_of(saga, "id"));
    if (text_of(saga, "status") == "stuck") {
        console.out() << "\n  it waits for you; once you know what happened:\n";
        for (const Document& step : list_of(saga, "steps")) print_ways_out(console, id, step);
        console.out() << "    skald abandon " << id << " --reason WHY\n";
    }
    if (is_true(saga, "suspended") && text_of(saga, "ended_at").empty()) {
        console.out() << "\n  suspended: it makes no calls until: skald resume " << id << '\n';
    }
}

}  // namespace

void print_timeline(Console& console, const Document& saga, std::size_t steps_max) {
    print_heading(console, saga);
    print_steps(console, saga, steps_max);
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
