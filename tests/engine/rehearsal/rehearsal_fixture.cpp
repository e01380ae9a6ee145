#include "tests/engine/rehearsal/rehearsal_fixture.h"

#include <spdlog/spdlog.h>

#include "tests/sagas/golden.h"

namespace skald::rehearsal {
namespace {

std::string text_of(const Report& report, const Outcome& outcome) {
    std::string text(sagas::to_text(outcome.status));
    text += " done=" + names(report, outcome.done) + " undone=" + names(report, outcome.undone);
    const auto add = [&](const char* name, const Spots& spots) {
        if (!spots.empty()) text += std::string(" ") + name + "=" + names(report, spots);
    };
    add("left-out", outcome.left_out);
    add("in-doubt", outcome.in_doubt);
    add("standing", outcome.standing);
    add("missing", outcome.missing);
    for (const Stuck& stuck : outcome.stuck) {
        text += " stuck=" + report.cast->name(stuck.spot) + "/" +
                std::string(sagas::to_text(stuck.phase)) + "/" +
                std::string(sagas::to_text(stuck.reason));
    }
    return text;
}

}  // namespace

Rehearsal::Rehearsal() { spdlog::set_level(spdlog::level::off); }
Rehearsal::~Rehearsal() { spdlog::set_level(spdlog::level::info); }

Json document_of(const std::string& path) {
    return sagas::parse_json(read_file(std::string(SKALD_SOURCE_DIR) + "/" + path)).value();
}

Json document_named(const std::string& name) { return document_of(kFolder + name + ".json"); }

Script script_of(const Json& document, const std::vector<Json>& children) {
    Script script;
    script.checked = sagas::check_definition(document, std::nullopt);
    EXPECT_TRUE(script.checked.definition) << document;
    for (const Json& child : children) {
        script.children.push_back(sagas::check_definition(child, std::nullopt));
        EXPECT_TRUE(script.children.back().definition) << child;
    }
    return script;
}

Script script_at(const std::string& path) { return script_of(document_of(path)); }
Script script_named(const std::string& name) { return script_of(document_named(name)); }

Report rehearsed(const Script& script, const Limits& limits) {
    auto report = rehearse(script, limits);
    if (report) return std::move(*report);
    for (const sagas::Problem& each : report.error()) {
        ADD_FAILURE() << each.code << " " << each.pointer << " " << each.detail;
    }
    return Report{};
}

Report rehearsed_singly(const Script& script) {
    Limits limits;
    limits.depth = Depth::Singles;
    return rehearsed(script, limits);
}

std::vector<sagas::Problem> refused(const Script& script) {
    const auto report = rehearse(script, {});
    EXPECT_FALSE(report.has_value());
    return report ? std::vector<sagas::Problem>{} : report.error();
}

std::unique_ptr<Stage> make_stage(const Family& family) {
    Samples samples = make_samples(family, kSampleElementsMax);
    Properties properties{std::move(samples.input), std::nullopt, std::move(samples.replies), {}};
    for (std::size_t i = 0; i < family.size(); ++i) {
        properties.reads.emplace_back(family.at(i).steps.size());
    }
    return std::make_unique<Stage>(family, std::move(properties));
}

std::string names(const Cast& cast, const Spots& spots) {
    std::string text;
    for (const Spot spot : spots) text.append(text.empty() ? "" : ",").append(cast.name(spot));
    return text.empty() ? "-" : text;
}

std::string names(const Report& report, const Spots& spots) { return names(*report.cast, spots); }

std::string table_of(const Report& report) {
    static const char* const kVerdicts[] = {"sound", "needs-operator", "unsound"};
    std::string table = std::string(kVerdicts[static_cast<int>(report.verdict)]) + ": " +
                        std::to_string(report.schedules) + " schedules, " +
                        std::to_string(report.singles) + " with one fault, " +
                        std::to_string(report.with_operator) + " need an operator, " +
                        std::to_string(report.unsound) + " are unsound\n";
    for (const Found& found : report.outcomes) {
        table += "\n" + text_of(report, found.outcome) + "\n  " + std::to_string(found.schedules) +
                 " schedules";
        for (const std::string& fault : found.faults) table += "; " + fault;
        table += "\n";
    }
    return table;
}

std::vector<std::string> texts_of(const std::vector<Happening>& story) {
    std::vector<std::string> texts;
    for (const Happening& each : story) texts.push_back(each.text);
    return texts;
}

}  // namespace skald::rehearsal
