#include <memory>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/request_body.h"
#include "api/topic_view.h"

/// Changes of topics' documents.
namespace skald::api {
namespace {

using TopicResult = engine::ChangeTopic::Result;

/// How often a change is held against the latest document, where others change it meanwhile.
constexpr int kChangeRoundsMax = 8;

/// A document on its way.
struct TopicChange {
    std::string name;
    sagas::Json source;
    TopicDocument document;
    Precondition precondition;
};
using TopicChangePtr = std::shared_ptr<const TopicChange>;  // By the rounds of one request.

Problem topic_mismatch(const std::string& name, std::uint32_t latest) {
    const std::string detail =
        latest == 0
            ? "Topic " + name + " has no document now."
            : "The latest document of topic " + name + " is version " + std::to_string(latest) +
                  ": read it, then send your change with If-Match: " + entity_tag(latest) + ".";
    return make_problem(ProblemType::VersionMismatch, detail);
}

Problem invalid_contract(const std::string& name, std::vector<sagas::Problem> errors) {
    const std::size_t count = errors.size();
    return {ProblemType::InvalidContract,
            "The document of topic " + name + " has " + std::to_string(count) +
                (count == 1 ? " fault; " : " faults; ") + "nothing was changed.",
            std::move(errors), nullptr};
}

Answer topic_changed(const Services& services, const std::string& name,
                     const store::TopicWritten& written) {
    const auto row = read_again([&] { return services.reader.topic(name, written.version); });
    if (!row) return to_problem(row.error());
    const bool is_new = written.how == store::TopicWritten::How::NewVersion;
    Reply reply = json_reply(is_new ? 201 : 200, topic_document(*row));
    reply.headers.emplace_back("ETag", entity_tag(written.version));
    if (is_new) {
        reply.headers.emplace_back(
            "Location", "/v1/topics/" + name + "?version=" + std::to_string(written.version));
    }
    return reply;
}

/// Holds the change against the latest document, and posts it for that one only.
Answer change_topic(const Services& services, const TopicChangePtr& change, int round) {
    const std::string& name = change->name;
    const auto latest = read_again([&] { return services.topics.latest(name); });
    if (!latest) return to_problem(latest.error());
    const std::uint32_t version = (*latest)->version;
    if (!holds_for(change->precondition, version)) return topic_mismatch(name, version);
    auto unsaid = change->document.unsaid_since((*latest)->document, version);
    if (!unsaid.empty()) return invalid_contract(name, std::move(unsaid));

    auto outcome = std::make_shared<Awaited<TopicResult>>();
    services.post(
        engine::ChangeTopic{{name, change->source.dump(), change->document.retain_for(),
                             change->document.retain_bytes(), version, services.clock.now()},
                            [&services, outcome, name](TopicResult result) {
                                services.topics.changed(name);  // Before anyone hears of it.
                                outcome->set(std::move(result));
                            }});
    Later later;
    later.time = kCommitTime;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [&services, outcome, change, round]() -> Answer {
        const TopicResult* result = outcome->get();
        if (result == nullptr) return commit_unconfirmed();
        if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
        const auto& written = std::get<store::TopicOutcome>(*result);
        const auto* mismatch = std::get_if<store::TopicVersionMismatch>(&written);
        if (mismatch == nullptr) {
            return topic_changed(services, change->name, std::get<store::TopicWritten>(written));
        }
        if (round < kChangeRoundsMax) return change_topic(services, change, round + 1);
        return topic_mismatch(change->name, mismatch->latest);
    };
    return later;
}

}  // namespace

Answer put_topic(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    if (auto refused = refuse_topic(name)) return std::move(*refused);
    const auto precondition = read_precondition(request);
    if (!precondition) return precondition.error();
    auto source = read_json(request);
    if (!source) return source.error();
    sagas::Problems problems;
    auto document = TopicDocument::read(*source, problems);
    if (!document) return invalid_contract(name, problems.take());
    return change_topic(services,
                        std::make_shared<const TopicChange>(TopicChange{
                            name, std::move(*source), std::move(*document), *precondition}),
                        1);
}

}  // namespace skald::api
