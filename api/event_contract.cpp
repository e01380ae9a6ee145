#include "api/event_contract.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace skald::api {
namespace {

/// Of one request; more are only counted.
constexpr std::size_t kFaultsMax = 100;

}  // namespace

std::optional<Problem> hold_against_contract(const std::string& topic,
                                             const TopicDocuments::Latest& latest,
                                             const SentEvents& sent) {
    if (latest.version == 0) return std::nullopt;
    std::vector<sagas::Problem> faults;
    std::size_t broken = 0;
    for (std::size_t i = 0; i < sent.events.size(); ++i) {
        auto found = latest.document.faults_of(sent.events[i], sent.pointer(i));
        broken += !found.empty();
        for (sagas::Problem& fault : found) {
            if (faults.size() < kFaultsMax) faults.push_back(std::move(fault));
        }
    }
    if (broken == 0) return std::nullopt;
    const std::string which = sent.way == SentEvents::Way::Batch
                                  ? std::to_string(broken) + " of " +
                                        std::to_string(sent.events.size()) +
                                        (broken == 1 ? " events breaks" : " events break")
                                  : "The event breaks";
    return Problem{ProblemType::ContractBroken,
                   which + " the contract of topic " + topic + " (version " +
                       std::to_string(latest.version) + "): " + faults.front().pointer + ": " +
                       faults.front().detail + ". Nothing was published.",
                   std::move(faults), nullptr};
}

engine::Publish publish_command(const std::string& topic, SentEvents sent) {
    engine::Publish command;
    command.topic = topic;
    for (sagas::Json& event : sent.events) {
        std::string source = event.at("source").get<std::string>();
        std::string id = event.at("id").get<std::string>();
        command.events.push_back({std::move(source), std::move(id), std::move(event)});
    }
    return command;
}

}  // namespace skald::api
