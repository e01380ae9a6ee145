#include <memory>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/cloud_event_request.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/topic_view.h"

namespace skald::api {
namespace {

using engine::Publish;

/// Of one request; more are only counted.
constexpr std::size_t kFaultsMax = 100;

/// None: every event keeps the contract of `topic`.
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

Problem publish_unconfirmed() {
    return make_problem(ProblemType::StoreUnavailable,
                        "The store has not confirmed the events in time, and may still do it. "
                        "Send them again: what has the same source and id is stored once.");
}

Answer answer_publish(const Publish::Result* result) {
    if (result == nullptr) return publish_unconfirmed();
    if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
    Document offsets = Document::array();
    for (const auto& written : std::get<std::vector<store::EventWritten>>(*result)) {
        offsets.push_back(static_cast<std::int64_t>(written.offset));
    }
    return json_reply(202, {{"offsets", std::move(offsets)}});
}

Publish to_command(const std::string& topic, SentEvents sent) {
    Publish command;
    command.topic = topic;
    for (sagas::Json& event : sent.events) {
        std::string source = event.at("source").get<std::string>();
        std::string id = event.at("id").get<std::string>();
        command.events.push_back({std::move(source), std::move(id), std::move(event)});
    }
    return command;
}

}  // namespace

Answer publish_events(const Services& services, const Request& request) {
    const std::string& topic = request.path.at(0);
    if (auto refused = refuse_topic(topic)) return std::move(*refused);
    auto sent = read_sent_events(request, services.clock.now());
    if (!sent) return sent.error();
    const auto latest = read_again([&] { return services.topics.latest(topic); });
    if (!latest) return to_problem(latest.error());
    if (auto broken = hold_against_contract(topic, **latest, *sent)) return std::move(*broken);

    auto outcome = std::make_shared<Awaited<Publish::Result>>();
    Publish command = to_command(topic, std::move(*sent));
    command.done = [outcome](Publish::Result result) { outcome->set(std::move(result)); };
    services.post(std::move(command));
    Later later;
    later.time = kCommitTime;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [outcome] { return answer_publish(outcome->get()); };
    return later;
}

}  // namespace skald::api
