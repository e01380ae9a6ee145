#include "api/rehearsal_view.h"

#include <algorithm>
#include <cstddef>

namespace skald::api {
namespace {

using rehearsal::Cast;
using rehearsal::Report;
using rehearsal::Spot;
using rehearsal::Spots;
using rehearsal::Verdict;

// More elements than these are not named one by one.
constexpr std::size_t kListedInARowMax = 3;
constexpr std::size_t kListedTogetherMax = 8;

std::string of_schedules(std::size_t count, const Report& report) {
    return std::to_string(count) + " of " + std::to_string(report.schedules) + " schedules";
}

Document names_of(const Cast& cast, const Spots& spots) {
    Document names = Document::array();
    for (const Spot spot : spots) names.push_back(cast.name(spot));
    return names;
}

/// How many spots from `from` on are neighbouring elements of one step, in one direction.
std::size_t neighbours(const Spots& spots, std::size_t from, std::ptrdiff_t direction) {
    std::size_t count = 1;
    for (; from + count < spots.size(); ++count) {
        const Spot last = spots[from + count - 1];
        const Spot next = spots[from + count];
        const auto item = sagas::item_of(last.step);
        const auto next_item = sagas::item_of(next.step);
        const bool is_next = item && next_item && last.saga == next.saga &&
                             sagas::step_of(last.step) == sagas::step_of(next.step) &&
                             static_cast<std::ptrdiff_t>(*next_item) ==
                                 static_cast<std::ptrdiff_t>(*item) + direction;
        if (!is_next) break;
    }
    return count;
}

/// How many spots from `from` on are elements of one step, in whatever order.
std::size_t elements_together(const Spots& spots, std::size_t from) {
    const auto is_like = [&first = spots[from]](const Spot& spot) {
        return sagas::item_of(spot.step) && spot.saga == first.saga &&
               sagas::step_of(spot.step) == sagas::step_of(first.step);
    };
    const auto begin = spots.begin() + static_cast<std::ptrdiff_t>(from);
    return static_cast<std::size_t>(std::find_if_not(begin, spots.end(), is_like) - begin);
}

Document stuck_document(const Cast& cast, const rehearsal::Stuck& stuck) {
    return {{"step", cast.name(stuck.spot)},
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

Document found_document(const Cast& cast, const rehearsal::Found& found) {
    const rehearsal::Outcome& outcome = found.outcome;
    Document stuck = Document::array();
    for (const auto& each : outcome.stuck) stuck.push_back(stuck_document(cast, each));
    return {{"status", sagas::to_text(outcome.status)},
            {"done", names_of(cast, outcome.done)},
            {"undone", names_of(cast, outcome.undone)},
            {"left_out", names_of(cast, outcome.left_out)},
            {"in_doubt", names_of(cast, outcome.in_doubt)},
            {"stuck", std::move(stuck)},
            {"clean", outcome.is_clean()},
            {"standing", names_of(cast, outcome.standing)},
            {"missing", names_of(cast, outcome.missing)},
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

std::string stuck_text(const Cast& cast, const rehearsal::Stuck& stuck) {
    return cast.name(rehearsal::Place{stuck.spot, stuck.phase}) + ": " +
           std::string(sagas::to_text(stuck.reason));
}

std::string steps_text(const Cast& cast, const Spots& spots) {
    std::string text;
    for (std::size_t i = 0; i < spots.size();) {
        const std::size_t together = elements_together(spots, i);
        const std::size_t in_a_row = std::max(neighbours(spots, i, 1), neighbours(spots, i, -1));
        text.append(text.empty() ? "" : ", ");
        if (in_a_row > kListedInARowMax) {
            text.append(cast.name(spots[i])).append("..");
            text.append(std::to_string(*sagas::item_of(spots[i + in_a_row - 1].step)));
            i += in_a_row;
        } else if (together > kListedTogetherMax) {
            const Spot step{spots[i].saga, sagas::step_of(spots[i].step)};
            text.append(std::to_string(together)).append(" of ").append(cast.name(step));
            i += together;
        } else {
            text.append(cast.name(spots[i]));
            ++i;
        }
    }
    return text;
}

Document rehearsal_document(const Report& report) {
    Document needs = Document::array();
    for (const rehearsal::Need& need : report.needs) {
        Document document = stuck_document(*report.cast, need.stuck);
        document["schedules"] = need.schedules;
        needs.push_back(std::move(document));
    }
    Document outcomes = Document::array();
    for (const auto& found : report.outcomes) {
        outcomes.push_back(found_document(*report.cast, found));
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
