#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/benchmark/measurement.h"
#include "tests/benchmark/scenario.h"
#include "tests/outside/socket.h"

int main(int argc, char** argv) try {
    using namespace skald::benchmark;
    CLI::App app(
        "Runs one scenario of the benchmark against a skald of its own and prints its "
        "figures as one line of JSON");
    MeasurementOptions options;
    std::string name;
    std::uint64_t warm_up_ms = 1000;
    std::uint64_t measured_ms = 5000;
    bool has_syncs = false;
    bool is_list = false;
    app.add_flag("--list", is_list, "Print the names of the scenarios");
    app.add_option("--scenario", name, "Which one");
    app.add_option("--skald", options.skald, "The binary");
    app.add_option("--database", options.database, "A file that may be made and removed");
    app.add_option("--participants", options.participants, "Three ports")->delimiter(',');
    app.add_option("--participant-pid", options.participant_pid, "To tell its CPU time too");
    app.add_option("--warm-up-ms", warm_up_ms, "Before measuring");
    app.add_option("--measured-ms", measured_ms, "How long to measure");
    app.add_option("--null-coordinator", options.null_coordinator,
                   "The binary of the scenarios null_…");
    app.add_option("--filled", options.filled,
                   "A file of finished sagas, made where it isn't there and kept");
    app.add_option("--finished", options.finished, "How many it holds")
        ->check(CLI::Range(std::uint64_t{1'000}, std::uint64_t{100'000'000}));
    app.add_option("--in-flight", options.in_flight, "Calls of the scenario in_flight");
    app.add_option("--live", options.live, "Sagas of the scenario recovery");
    app.add_option("--parked", options.parked, "Sagas of the scenario parked");
    app.add_option("--due", options.due, "Timers of the scenario parked");
    app.add_option("--starts", options.starts, "Starts of the scenario ready");
    app.add_flag("--syncs", has_syncs, "Count fsyncs too, in a second run under strace");
    CLI11_PARSE(app, argc, argv);

    if (is_list) {
        for (const Scenario& scenario : scenarios()) {
            std::cout << scenario.name << '\n';
        }
        return 0;
    }
    const Scenario* scenario = find_scenario(name);
    if (scenario == nullptr || options.participants.size() != 3 || options.database.empty()) {
        std::cerr << "load: needs --scenario (see --list), --skald, --database, --participants\n";
        return 2;
    }
    options.warm_up = std::chrono::milliseconds(warm_up_ms);
    options.measured = std::chrono::milliseconds(measured_ms);
    options.syncs = has_syncs ? Syncs::Counted : Syncs::Skipped;
    skald::outside::raise_descriptor_limit();
    std::cout << measure(*scenario, options).dump() << '\n';
    return 0;
} catch (const std::exception& error) {
    std::cerr << "load: " << error.what() << '\n';
    return 1;
}
