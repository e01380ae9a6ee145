#include "api/rehearsal_view.h"

namespace skald::api {
namespace {

using rehearsal::Report;
using rehearsal::Steps;
using rehearsal::Verdict;

std::string of_schedules(std::size_t count, const Report& report) {
    return std::to_string(count) + " of " + std::to_string(report.schedules) + " schedules";
}

Document names_of(const sagas::Definition& definition, const Steps& steps) {
    Document names = Document::array();
    for (const sagas::StepIndex step : steps) names.push_back(definition.step(step).name);
    return names;
}

Document stuck_document(const sagas::Definition& definition, const rehearsal::Stuck& stuck) {
    return {{"step", definition.step(stuck.step).name},
            {"phase", sagas::to_text(stuck.phase)},
            {"reason", sagas::to_text(stuck.reason)}};
}

Document story_document(const std::vector<rehearsal::Happening>& story) {
    Document lines = Document::array();
    for (const rehearsal::Happening& each : story) {
        lines.push_back({{"at_ms", each.at.count()}, {"text", each.text}});
    }
    return lines;
}

Document found_document(const sagas::Definition& definition, const rehearsal::Found& found) {
    const rehearsal::Outcome& outcome = found.outcome;
    Document stuck = Document::array();
    for (const auto& each : outcome.stuck) stuck.push_back(stuck_document(definition, each));
    return {{"status", sagas::to_text(outcome.status)},
            {"done", names_of(definition, outcome.done)},
            {"undone", names_of(definition, outcome.undone)},
            {"left_out", names_of(definition, outcome.left_out)},
            {"in_doubt", names_of(definition, outcome.in_doubt)},
            {"stuck", std::move(stuck)},
            {"clean", outcome.is_clean()},
            {"standing", names_of(definition, outcome.standing)},
            {"missing", names_of(definition, outcome.missing)},
            {"schedules", found.schedules},
            {"faults", found.faults},
            {"story", story_document(found.story)}};
}

std::string verdict_of_tried(const Report& report) {
    switch (report.verdict) {
        case Verdict::Sound:
            return "sound: each of " + std::to_string(report.schedules) +
                   " schedules ends completed or compensated, with clean ledgers";
        case Verdict::NeedsOperator:
            return "needs an operator in " + of_schedules(report.with_operator, report) +
                   "; the ledgers are clean in all";
        case Verdict::Unsound:
            return "unsound: in " + of_schedules(report.unsound, report) +
                   " the ledgers are not what the saga says";
    }
    return "";
}

}  // namespace

std::string_view verdict_word(Verdict verdict) {
    switch (verdict) {
        case Verdict::Sound:
            return "sound";
        case Verdict::NeedsOperator:
            return "needs-operator";
        case Verdict::Unsound:
            return "unsound";
    }
    return "";
}

std::string verdict_text(const Report& report) {
    const std::string text = verdict_of_tried(report);
    return report.is_broken_off ? text + " (it was broken off: this is of what was tried)" : text;
}

std::string stuck_text(const sagas::Definition& definition, const rehearsal::Stuck& stuck) {
    const std::string& name = definition.step(stuck.step).name;
    return (stuck.phase == sagas::Phase::Action ? name : "undo of " + name) + ": " +
           std::string(sagas::to_text(stuck.reason));
}

std::string steps_text(const sagas::Definition& definition, const Steps& steps) {
    std::string text;
    for (const sagas::StepIndex step : steps) {
        text.append(text.empty() ? "" : ", ").append(definition.step(step).name);
    }
    return text;
}

Document rehearsal_document(const sagas::Definition& definition, const Report& report) {
    Document needs = Document::array();
    for (const rehearsal::Need& need : report.needs) {
        Document document = stuck_document(definition, need.stuck);
        document["schedules"] = need.schedules;
        needs.push_back(std::move(document));
    }
    Document outcomes = Document::array();
    for (const auto& found : report.outcomes) {
        outcomes.push_back(found_document(definition, found));
    }
    return {{"definition", report.definition},
            {"verdict", verdict_word(report.verdict)},
            {"detail", verdict_text(report)},
            {"schedules",
             {{"total", report.schedules},
              {"single", report.singles},
              {"pairs", report.pairs},
              {"pairs_known", report.pairs_known},
              {"with_operator", report.with_operator},
              {"unsound", report.unsound},
              {"endless", report.endless},
              {"broken_off", report.is_broken_off}}},
            {"operator", std::move(needs)},
            {"outcomes", std::move(outcomes)},
            {"outcomes_found", report.outcomes_found},
            {"input", Document::parse(report.input.dump())},
            {"replies", Document::parse(report.replies.dump())},
            {"notes", report.notes}};
}

}  // namespace skald::api
