#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/benchmark/scenario.h"

/// Makes one table, and one JSON file, of the runs that `run` gathered.
namespace skald::benchmark {
namespace {

using Json = nlohmann::json;

/// The numbers of one figure over the runs.
using Runs = std::vector<double>;
/// Of one scenario with one build, by name of the figure.
using Figures = std::map<std::string, Runs>;

double median(Runs runs) {
    std::sort(runs.begin(), runs.end());
    const std::size_t half = runs.size() / 2;
    return runs.size() % 2 == 1 ? runs[half] : (runs[half - 1] + runs[half]) / 2;
}

/// How far apart the runs are, as a share of their median.
double spread(const Runs& runs) {
    const auto [least, most] = std::minmax_element(runs.begin(), runs.end());
    const double middle = median(runs);
    return middle == 0 ? 0 : (*most - *least) / middle;
}

std::optional<double> middle(const Figures& figures, const char* name) {
    const auto found = figures.find(name);
    return found == figures.end() ? std::nullopt : std::optional<double>(median(found->second));
}

struct Column {
    const char* title;
    const char* figure;
    int width;
    int decimals;
};

constexpr std::array<Column, 15> kColumns{{
    {"sagas/s", "per_second", 9, 0},
    {"p50 ms", "p50_ms", 8, 2},
    {"p99 ms", "p99_ms", 8, 2},
    {"p99.9", "p999_ms", 8, 2},
    {"cpu ms", "cpu_ms_per_saga", 8, 3},
    {"tools", "tools_cpu_ms_per_saga", 7, 3},
    {"rss MB", "resident_mb", 8, 1},
    {"peak MB", "resident_peak_mb", 8, 1},
    {"written B", "written_bytes_per_saga", 10, 0},
    {"disk B", "disk_bytes_per_saga", 8, 0},
    {"syncs", "syncs_per_saga", 7, 3},
    {"at once", "at_once", 8, 0},
    {"ready ms", "ready_ms", 9, 1},
    {"done ms", "done_ms", 9, 0},
    {"errors", "errors", 7, 0},
}};

constexpr std::array<Column, 18> kEventColumns{{
    {"events/s", "per_second", 9, 0},
    {"POST p50", "post_p50_ms", 9, 2},
    {"p99", "post_p99_ms", 8, 2},
    {"push p50", "push_p50_ms", 9, 2},
    {"p99", "push_p99_ms", 8, 2},
    {"p99.9", "push_p999_ms", 8, 2},
    {"pull p50", "pull_p50_ms", 9, 2},
    {"p99", "pull_p99_ms", 8, 2},
    {"p99.9", "pull_p999_ms", 8, 2},
    {"cpu ms", "cpu_ms_per_event", 8, 4},
    {"tools", "tools_cpu_ms_per_event", 8, 4},
    {"rss MB", "resident_mb", 8, 1},
    {"written B", "written_bytes_per_event", 10, 0},
    {"disk B", "disk_bytes_per_event", 8, 0},
    {"syncs", "syncs_per_event", 8, 4},
    {"repeats", "repeats", 8, 0},
    {"missing", "missing", 8, 0},
    {"errors", "errors", 7, 0},
}};
using Columns = std::span<const Column>;

bool is_of_events(const Scenario& scenario) {
    return scenario.kind == Kind::Publishing || scenario.kind == Kind::Delivering;
}
Columns columns_of(const Scenario& scenario) {
    return is_of_events(scenario) ? Columns(kEventColumns) : Columns(kColumns);
}

using Results = std::map<std::string, std::map<std::string, Figures>>;  ///< Scenario, build.

struct Gathered {
    Results results;
    std::vector<std::string> builds;  ///< In the order of their first run.
    std::vector<std::string> first_errors;
};

Gathered gather(const std::string& file) {
    Gathered gathered;
    std::ifstream lines(file);
    std::string line;
    while (std::getline(lines, line)) {
        const Json run = Json::parse(line);
        const std::string scenario = run.at("scenario").get<std::string>();
        const std::string build = run.at("build").get<std::string>();
        if (std::find(gathered.builds.begin(), gathered.builds.end(), build) ==
            gathered.builds.end()) {
            gathered.builds.push_back(build);
        }
        for (const auto& [name, value] : run.at("figures").items()) {
            if (value.is_number()) {
                gathered.results[scenario][build][name].push_back(value.get<double>());
            } else if (name == "first_error") {
                gathered.first_errors.push_back(scenario + ": " + value.get<std::string>());
            }
        }
    }
    return gathered;
}

void print_head(Columns columns) {
    std::printf("%-31s", "");
    for (const Column& column : columns) {
        std::printf("%*s", column.width, column.title);
    }
    std::printf("%8s\n", "spread");
}

void print_row(const std::string& title, const Figures& figures, Columns columns) {
    std::printf("%-31s", title.c_str());
    for (const Column& column : columns) {
        if (const std::optional<double> value = middle(figures, column.figure)) {
            std::printf("%*.*f", column.width, column.decimals, *value);
        } else {
            std::printf("%*s", column.width, "");
        }
    }
    const auto rate = figures.find("per_second");
    if (rate != figures.end() && rate->second.size() > 1) {
        std::printf("%7.0f%%", 100 * spread(rate->second));
    }
    std::printf("\n");
}

/// Figures of a row's own: the times of each list.
void print_queries(const Figures& figures) {
    const std::string prefix = "query_ms ";
    for (const auto& [name, runs] : figures) {
        if (!name.starts_with(prefix)) continue;
        const std::string query = name.substr(prefix.size());
        const std::optional<double> most = middle(figures, ("query_max_ms " + query).c_str());
        std::printf("  %-29s p50 %8.2f ms, longest %8.2f ms\n", query.c_str(), median(runs),
                    most.value_or(0));
    }
}

/// The other build's row, and how the first compares with it.
void print_comparison(const std::string& build, const Figures& ours, const Figures& theirs,
                      Columns columns) {
    print_row("  " + build, theirs, columns);
    const bool is_of_sagas = columns.data() == kColumns.data();
    const char* cpu_name = is_of_sagas ? "cpu_ms_per_saga" : "cpu_ms_per_event";
    const std::optional<double> rate = middle(ours, "per_second");
    const std::optional<double> their_rate = middle(theirs, "per_second");
    const std::optional<double> cpu = middle(ours, cpu_name);
    const std::optional<double> their_cpu = middle(theirs, cpu_name);
    if (rate && their_rate && *their_rate > 0) {
        std::printf("  %-29s%8.3fx %s", "ratio", *rate / *their_rate,
                    is_of_sagas ? "sagas/s" : "events/s");
        if (cpu && their_cpu && *their_cpu > 0) {
            std::printf(", %.3fx cpu", *cpu / *their_cpu);
        }
        std::printf("\n");
    }
}

void print_scenario(const Scenario& scenario, const Gathered& gathered) {
    const auto found = gathered.results.find(std::string(scenario.name));
    if (found == gathered.results.end()) {
        return;
    }
    const Columns columns = columns_of(scenario);
    const std::string& first = gathered.builds.front();
    const auto ours = found->second.find(first);
    if (ours != found->second.end()) {
        print_row(std::string(scenario.title), ours->second, columns);
        print_queries(ours->second);
    }
    for (const auto& [build, theirs] : found->second) {
        if (build != first && ours != found->second.end()) {
            print_comparison(build, ours->second, theirs, columns);
        }
    }
}

/// Those that are of events, or those that aren't.
void print_table(const Gathered& gathered, Columns columns) {
    bool has_head = false;
    for (const Scenario& scenario : scenarios()) {
        if (columns_of(scenario).data() != columns.data() ||
            !gathered.results.contains(std::string(scenario.name))) {
            continue;
        }
        if (!std::exchange(has_head, true)) {
            print_head(columns);
        }
        print_scenario(scenario, gathered);
    }
}

void print_tables(const Gathered& gathered) {
    print_table(gathered, kColumns);
    print_table(gathered, kEventColumns);
    for (const std::string& error : gathered.first_errors) {
        std::printf("error in %s\n", error.c_str());
    }
}

/// How a scenario compares with another one, of the same build.
struct Ratio {
    const char* ours;
    const char* base;
    double aim;  ///< Of sagas/s, at the least.
};
constexpr std::array<Ratio, 7> kRatios{{{"wait_1", "null_1", 0.65},
                                        {"wait_16", "null_16", 0.65},
                                        {"wait_64", "null_64", 0.65},
                                        {"wait_256", "null_256", 0.65},
                                        {"grown", "wait_64", 0.9},
                                        {"event_sagas", "wait_64", 0.5},
                                        {"event_sagas_256", "wait_256", 0.5}}};

const Figures* find_figures(const Gathered& gathered, const char* scenario,
                            const std::string& build) {
    const auto found = gathered.results.find(scenario);
    if (found == gathered.results.end()) return nullptr;
    const auto figures = found->second.find(build);
    return figures == found->second.end() ? nullptr : &figures->second;
}

/// Of each pair that was measured: sagas/s as a ratio, CPU as a difference.
Json ratios(const Gathered& gathered, const std::string& build) {
    Json all = Json::array();
    for (const Ratio& ratio : kRatios) {
        const Figures* ours = find_figures(gathered, ratio.ours, build);
        const Figures* base = find_figures(gathered, ratio.base, build);
        // The null coordinator is measured with the first build only.
        if (base == nullptr) base = find_figures(gathered, ratio.base, gathered.builds.front());
        if (ours == nullptr || base == nullptr) continue;
        const double rate = middle(*ours, "per_second").value_or(0);
        const double base_rate = middle(*base, "per_second").value_or(0);
        if (base_rate <= 0) continue;
        all.push_back({{"scenario", ratio.ours},
                       {"base", ratio.base},
                       {"per_second_ratio", rate / base_rate},
                       {"aim", ratio.aim},
                       {"cpu_ms_more", middle(*ours, "cpu_ms_per_saga").value_or(0) -
                                           middle(*base, "cpu_ms_per_saga").value_or(0)}});
    }
    return all;
}

void print_ratios(const Gathered& gathered) {
    for (const std::string& build : gathered.builds) {
        const Json all = ratios(gathered, build);
        if (all.empty()) continue;
        std::printf("\nRatios of %s\n", build.c_str());
        for (const Json& ratio : all) {
            const std::string pair = ratio.at("scenario").get<std::string>() + " to " +
                                     ratio.at("base").get<std::string>();
            std::printf("  %-29s%8.3f of its sagas/s (aim: %.2f), %+.3f ms CPU a saga",
                        pair.c_str(), ratio.at("per_second_ratio").get<double>(),
                        ratio.at("aim").get<double>(), ratio.at("cpu_ms_more").get<double>());
            std::printf("%s\n", pair.find("null") == std::string::npos ? "" : " (aim: +0.070)");
        }
    }
}

Json to_json(const Gathered& gathered, const std::vector<std::string>& facts) {
    Json document = {{"machine", facts}, {"builds", gathered.builds}};
    for (const auto& [scenario, by_build] : gathered.results) {
        for (const auto& [build, figures] : by_build) {
            for (const auto& [name, runs] : figures) {
                document["scenarios"][scenario][build][name] = {{"median", median(runs)},
                                                                {"runs", runs}};
            }
        }
    }
    for (const std::string& build : gathered.builds) {
        document["ratios"][build] = ratios(gathered, build);
    }
    return document;
}

}  // namespace
}  // namespace skald::benchmark

int main(int argc, char** argv) try {
    CLI::App app("Prints the table of the runs in a file of JSON lines");
    std::string file;
    std::string json;
    std::vector<std::string> facts;
    app.add_option("file", file, "The runs")->required();
    app.add_option("--json", json, "Where to write the figures");
    app.add_option("--fact", facts, "About the machine; goes into the JSON file");
    CLI11_PARSE(app, argc, argv);
    const skald::benchmark::Gathered gathered = skald::benchmark::gather(file);
    if (gathered.results.empty()) {
        std::cerr << "report: " << file << " has no runs\n";
        return 1;
    }
    skald::benchmark::print_tables(gathered);
    skald::benchmark::print_ratios(gathered);
    if (!json.empty()) {
        std::ofstream(json) << skald::benchmark::to_json(gathered, facts).dump(2) << '\n';
    }
    return 0;
} catch (const std::exception& error) {
    std::cerr << "report: " << error.what() << '\n';
    return 1;
}
