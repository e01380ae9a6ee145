#include <memory>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/cloud_event_request.h"
#include "api/document.h"
#include "api/event_contract.h"
#include "api/handlers.h"
#include "api/topic_view.h"

namespace skald::api {
namespace {

using engine::Publish;

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
    Publish command = publish_command(topic, std::move(*sent));
    command.done = [outcome](Publish::Result result) { outcome->set(std::move(result)); };
    services.post(std::move(command));
    Later later;
    later.time = kCommitTime;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [outcome] { return answer_publish(outcome->get()); };
    return later;
}

}  // namespace skald::api
