#include "tests/torture/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace skald::torture {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::uint64_t kCompletedMin = 100;
constexpr const char* kInvariant =
    "An acknowledged saga is never lost, and always ends fully done, fully undone, or in front of "
    "an operator";

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string counted(std::uint64_t number, const std::string& thing) {
    return grouped(number) + ' ' + thing + (number == 1 ? "" : "s");
}

double quantile(std::vector<double> values, double share) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    const double last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::lround(share * last))];
}

std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::llround(value)); }

std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::uint64_t count(const Result& result, End end) {
    return result.totals.ends.at(static_cast<std::size_t>(end));
}

std::uint64_t count(const Result& result, Sight sight) {
    return result.sights.at(static_cast<std::size_t>(sight));
}

std::uint64_t per_second(const Result& result) {
    return result.seconds == 0
               ? 0
               : rounded(static_cast<double>(result.totals.settled) / result.seconds);
}

std::uint64_t left(const Totals& totals) { return totals.effects_done - totals.effects_undone; }

class Table {
 public:
    void row(const std::string& name, std::uint64_t number, const std::string& more = {}) {
        row(name, grouped(number), more);
    }
    void row(const std::string& name, const std::string& value, const std::string& more = {}) {
        char line[256];
        std::snprintf(line, sizeof line, "  %-43s %12s%s%s\n", name.c_str(), value.c_str(),
                      more.empty() ? "" : "  ", more.c_str());
        text_ += line;
    }
    void line(const std::string& text) { text_ += text + '\n'; }
    std::string take() { return std::move(text_); }

 private:
    std::string text_;
};

void add_blows(Table& table, const Result& result) {
    const KeeperFigures& blows = result.blows;
    table.row("load", decimal(result.seconds) + " s", counted(result.clients, "client"));
    table.row("kill -9", blows.kills,
              grouped(blows.kills_in_recovery) + " of them before it was ready again");
    table.row("stopped for 1 s (SIGSTOP)", blows.stops);
    if (!blows.ready_ms.empty()) {
        table.row("ready after a kill, p50", decimal(quantile(blows.ready_ms, 0.5)) + " ms",
                  "max " + decimal(quantile(blows.ready_ms, 1)) + " ms, from the kill on");
    }
    table.row("requests sent again", count(result, Sight::Unanswered), "for no answer came");
}

void add_sagas(Table& table, const Result& result) {
    table.row("sagas acknowledged", result.acknowledged);
    table.row("sagas ended and checked", result.totals.settled,
              grouped(per_second(result)) + " a second, with the time that it was down");
    for (const End end : {End::Completed, End::Compensated, End::Abandoned}) {
        table.row("  " + std::string(name_of(end)), count(result, end));
    }
    table.row("  of them with calls before and after a kill", result.totals.interrupted);
    table.row("  of them stuck, then moved by an operator", count(result, Sight::Stuck));
    table.row("listed by skald at the end", result.listed,
              "and " + counted(result.children, "child saga") +
                  (result.is_retained ? "; it deletes ended ones by age" : ""));
}

void add_effects(Table& table, const Result& result) {
    const Totals& totals = result.totals;
    table.row("calls to participants", totals.calls);
    table.row("effects done", totals.effects_done);
    table.row("effects undone", totals.effects_undone);
    table.row("effects left", left(totals),
              "the ends of the sagas say " + grouped(totals.effects_wanted));
    table.row("duplicates absorbed by the barrier", totals.absorbed);
    table.row("late calls of a killed skald", totals.late_calls, "for sagas that had ended");
}

void add_counts(Table& table, const Result& result) {
    table.line("\n  stories that ended, and what clients did");
    for (std::size_t i = 0; i < kStories; ++i) {
        table.row("  " + std::string(name_of(static_cast<Story>(i))), result.totals.stories[i]);
    }
    for (std::size_t i = 0; i < kSights; ++i) {
        if (static_cast<Sight>(i) != Sight::Unanswered) {
            table.row("  " + std::string(name_of(static_cast<Sight>(i))), result.sights[i]);
        }
    }
}

void add_database(Table& table, const Result& result) {
    table.line("");
    table.row("database", decimal(static_cast<double>(result.database_bytes) / 1'000'000) + " MB",
              "integrity_check: " + result.integrity.substr(0, 100));
    table.row("skald doctor --deep", "exit " + std::to_string(result.doctor_code));
    table.row("skald, told to stop", result.exit_code.has_value()
                                         ? "exit " + std::to_string(*result.exit_code)
                                         : std::string("did not"));
    table.row("memory of this program",
              decimal(static_cast<double>(result.own_memory_kb) / 1000) + " MB");
}

}  // namespace

std::vector<std::string> missing(const Result& result) {
    std::vector<std::string> all;
    if (count(result, End::Completed) < kCompletedMin) {
        all.push_back("fewer than " + std::to_string(kCompletedMin) + " sagas were completed");
    }
    if (result.blows.kills < result.kills_wanted) {
        all.push_back("only " + std::to_string(result.blows.kills) + " of " +
                      counted(result.kills_wanted, "kill"));
    }
    if (result.kills_wanted != 0 && result.totals.interrupted == 0) {
        all.push_back("no saga went on after a kill");
    }
    if (result.totals.absorbed == 0) {
        all.push_back("no duplicate was absorbed");
    }
    for (std::size_t i = 0; i < kStories; ++i) {
        if (result.totals.stories[i] == 0) {
            all.push_back("no saga of the story " + std::string(name_of(static_cast<Story>(i))));
        }
    }
    for (std::size_t i = 0; i < kSights; ++i) {
        const Sight sight = static_cast<Sight>(i);
        const bool is_moot = sight == Sight::Unanswered && result.kills_wanted == 0;
        if (result.sights[i] == 0 && is_required(sight) && !is_moot) {
            all.push_back("never: " + std::string(name_of(sight)));
        }
    }
    return all;
}

bool holds(const Result& result) {
    return result.lost == 0 && result.wrong == 0 && result.failure.empty() &&
           result.acknowledged == result.totals.settled &&
           (result.is_retained || result.listed == result.totals.settled) &&
           left(result.totals) == result.totals.effects_wanted;
}

bool passed(const Result& result) {
    return holds(result) && missing(result).empty() && result.integrity == "ok" &&
           result.doctor_code == 0 && result.exit_code == 0;
}

std::string table_of(const Result& result) {
    Table table;
    table.line("");
    add_blows(table, result);
    add_sagas(table, result);
    add_effects(table, result);
    add_counts(table, result);
    add_database(table, result);
    table.line("");
    table.row("LOST", result.lost);
    table.row("WRONG", result.wrong);
    table.line("");
    if (!result.failure.empty()) {
        table.line("It broke off: " + result.failure);
    }
    for (const std::string& what : missing(result)) {
        table.line("This run proves little: " + what + '.');
    }
    table.line(std::string(kInvariant) + ": " + (holds(result) ? "true" : "FALSE"));
    return table.take();
}

std::string json_of(const Result& result) {
    const Totals& totals = result.totals;
    OrderedJson json = {{"seed", result.seed},
                        {"clients", result.clients},
                        {"seconds", result.seconds},
                        {"kills", result.blows.kills},
                        {"kills_in_recovery", result.blows.kills_in_recovery},
                        {"stops", result.blows.stops},
                        {"ready_ms_p50", quantile(result.blows.ready_ms, 0.5)},
                        {"ready_ms_max", quantile(result.blows.ready_ms, 1)},
                        {"acknowledged", result.acknowledged},
                        {"ended", totals.settled},
                        {"interrupted", totals.interrupted},
                        {"stuck", count(result, Sight::Stuck)},
                        {"per_second", per_second(result)},
                        {"listed", result.listed},
                        {"children", result.children},
                        {"calls", totals.calls},
                        {"effects_done", totals.effects_done},
                        {"effects_undone", totals.effects_undone},
                        {"effects_left", left(totals)},
                        {"effects_wanted", totals.effects_wanted},
                        {"duplicates_absorbed", totals.absorbed},
                        {"late_calls", totals.late_calls},
                        {"database_bytes", result.database_bytes},
                        {"integrity_check", result.integrity},
                        {"doctor_exit_code", result.doctor_code},
                        {"lost", result.lost},
                        {"wrong", result.wrong},
                        {"failure", result.failure},
                        {"missing", missing(result)},
                        {"invariant", kInvariant},
                        {"holds", holds(result)},
                        {"passed", passed(result)}};
    json["exit_code"] =
        result.exit_code.has_value() ? OrderedJson(*result.exit_code) : OrderedJson(nullptr);
    for (const End end : {End::Completed, End::Compensated, End::Abandoned}) {
        json["ends"][std::string(name_of(end))] = count(result, end);
    }
    for (std::size_t i = 0; i < kStories; ++i) {
        json["stories"][std::string(name_of(static_cast<Story>(i)))] = totals.stories[i];
    }
    for (std::size_t i = 0; i < kSights; ++i) {
        json["sights"][std::string(name_of(static_cast<Sight>(i)))] = result.sights[i];
    }
    return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + '\n';
}

}  // namespace skald::torture
