#include "tests/events/report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace skald::events {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string row(const std::string& name, const std::string& value, const std::string& more = {}) {
    char line[256];
    std::snprintf(line, sizeof line, "  %-34s %12s%s%s\n", name.c_str(), value.c_str(),
                  more.empty() ? "" : "  ", more.c_str());
    return line;
}
std::string row(const std::string& name, std::uint64_t number, const std::string& more = {}) {
    return row(name, grouped(number), more);
}

bool has_killed_all(const Result& result) {
    return std::all_of(result.processes.begin(), result.processes.end(),
                       [&result](const Household::Figures& process) {
                           return process.kills == result.kills_wanted;
                       });
}

std::string verdict(const Result& result) {
    std::string text =
        "\nEvery event that was acknowledged reaches every subscriber, in order per "
        "subject, and each saga settles once: ";
    text += passed(result) ? "TRUE\n" : "FALSE\n";
    if (!result.failure.empty()) text += "it ended early: " + result.failure + '\n';
    if (result.failure.empty() && !has_killed_all(result)) text += "not each kill was made\n";
    for (const Faults& faults : result.faults) {
        for (const std::string& told : faults.told()) text += "  " + told + '\n';
    }
    return text;
}

}  // namespace

std::uint64_t losses(const Result& result) {
    std::uint64_t sum = 0;
    for (const Faults& faults : result.faults) sum += faults.losses();
    return sum;
}

std::uint64_t wrongs(const Result& result) {
    std::uint64_t sum = 0;
    for (const Faults& faults : result.faults) sum += faults.wrongs();
    return sum;
}

bool passed(const Result& result) {
    return losses(result) == 0 && wrongs(result) == 0 && result.failure.empty() &&
           result.integrity == "ok" && has_killed_all(result) && result.published != 0 &&
           result.sagas == result.orders;
}

std::string table_of(const Result& result) {
    std::string text;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s", result.seconds);
    text += row("it took", seconds, "seed " + std::to_string(result.seed));
    text += row("published over HTTP", result.published,
                "and " + grouped(result.orders) + " that start sagas");
    text += row("published by an outsider", result.inbound,
                result.has_nats ? "into a stream of NATS, from where they came in"
                                : "without nats-server: left out");
    for (const SubscriberFigures& subscriber : result.subscribers) {
        text += row("  " + subscriber.name + " was given", subscriber.events,
                    "and " + grouped(subscriber.repeats) + " again; started " +
                        grouped(subscriber.lives) + " times");
    }
    for (const Household::Figures& process : result.processes) {
        text += row("kill -9 of " + process.name, process.kills);
    }
    text += row("requests sent again", result.sent_again, "for no answer came");
    text += row("sagas settled", result.sagas,
                grouped(result.saga_commands) + " commands, " +
                    grouped(result.saga_command_repeats) + " of them again");
    text += row("database", result.integrity);
    text += row("LOST", losses(result));
    text += row("WRONG", wrongs(result));
    return text + verdict(result);
}

std::string json_of(const Result& result) {
    OrderedJson document = {{"seed", result.seed},
                            {"seconds", result.seconds},
                            {"published", result.published},
                            {"inbound", result.inbound},
                            {"orders", result.orders},
                            {"sagas", result.sagas},
                            {"saga_commands", result.saga_commands},
                            {"saga_command_repeats", result.saga_command_repeats},
                            {"sent_again", result.sent_again},
                            {"lost", losses(result)},
                            {"wrong", wrongs(result)},
                            {"passed", passed(result)},
                            {"failure", result.failure}};
    for (const SubscriberFigures& subscriber : result.subscribers) {
        document["subscribers"][subscriber.name] = {{"events", subscriber.events},
                                                    {"repeats", subscriber.repeats},
                                                    {"lives", subscriber.lives}};
    }
    for (const Household::Figures& process : result.processes) {
        document["kills"][process.name] = process.kills;
    }
    return document.dump(2) + '\n';
}

}  // namespace skald::events
