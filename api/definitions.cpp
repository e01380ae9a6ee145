#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "api/awaited.h"
#include "api/definition_check.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/request_body.h"
#include "api/subscription_view.h"
#include "engine/owned_subscriptions.h"
#include "engine/subscriptions.h"
#include "sagas/event_match.h"

namespace skald::api {
namespace {

using Outcome = engine::ChangeDefinition::Result;

/// The version that the latest must have, for the store; none: any. Problems: VersionMismatch.
Parsed<std::optional<std::uint32_t>> needed_version(const Services& services,
                                                    const std::string& name,
                                                    const Precondition& precondition) {
    switch (precondition.kind) {
        case Precondition::Kind::None:
            return std::nullopt;
        case Precondition::Kind::MustNotExist:
            return 0;
        case Precondition::Kind::Version:
            if (precondition.version == 0) break;
            return precondition.version;
        case Precondition::Kind::MustExist: {
            // The store knows no "any version": what is the latest now must still be it then.
            const auto row = read_again([&] { return services.reader.definition(name, {}); });
            if (!row && row.error().code != sagas::ErrorCode::NotFound) {
                return tl::unexpected(to_problem(row.error()));
            }
            if (!row || row->state == store::DefinitionRow::State::Deleted) break;
            return row->version;
        }
    }
    return refuse(ProblemType::VersionMismatch,
                  "If-Match: definition " + name + " has no such version now.");
}

/// Nothing, unless there would be too many with so many of the definition.
std::optional<Problem> too_many_subscriptions(const Services& services, const std::string& name,
                                              std::size_t own) {
    constexpr std::size_t kMax = engine::Subscriptions::kSubscriptionsMax;
    const auto rows = read_again(
        [&] { return services.reader.subscriptions("", static_cast<std::uint32_t>(kMax)); });
    if (!rows) return to_problem(rows.error());
    const std::string owner = "definition/" + name;
    const auto others = static_cast<std::size_t>(std::count_if(
        rows->begin(), rows->end(), [&owner](const auto& row) { return row.owner != owner; }));
    if (others + own <= kMax) return std::nullopt;
    return to_problem(engine::Busy{engine::Busy::Why::TooMuch,
                                   "with its triggers there would be more than " +
                                       std::to_string(kMax) + " subscriptions; delete some"});
}

/// What the definition has for its triggers. Problems: StoreUnavailable, TooBusy.
Parsed<std::vector<store::OwnedSubscription>> subscriptions_for(
    const Services& services, const sagas::Definition& definition) {
    if (definition.triggers.empty()) return std::vector<store::OwnedSubscription>();
    auto subscriptions = engine::trigger_subscriptions(
        definition, [log = TopicLog(services.reader, services.catalog)](const std::string& topic) {
            return end_of_topic(log, topic);
        });
    if (!subscriptions) return tl::unexpected(to_problem(subscriptions.error()));
    if (auto problem = too_many_subscriptions(services, definition.name, subscriptions->size())) {
        return tl::unexpected(std::move(*problem));
    }
    return std::move(*subscriptions);
}

/// Posts `change`, and answers with what `answer` makes of its outcome once that is durable.
template <typename Change>
Later change_definition(const Services& services, Change change,
                        std::vector<sagas::MatchPath> match_paths,
                        std::function<Answer(const store::DefinitionWritten&)> answer) {
    const std::string name = change.name;
    auto outcome = std::make_shared<Awaited<Outcome>>();
    services.post(engine::ChangeDefinition{std::move(change),
                                           [&services, outcome, name](Outcome result) {
                                               services.catalog.changed(
                                                   name);  // Before anyone hears of it.
                                               outcome->set(std::move(result));
                                           },
                                           std::move(match_paths)});
    Later later;
    later.time = kCommitTime;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [outcome, name, answer = std::move(answer)]() -> Answer {
        const Outcome* result = outcome->get();
        if (result == nullptr) return commit_unconfirmed();
        if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
        const auto& written = std::get<store::DefinitionOutcome>(*result);
        if (const auto* mismatch = std::get_if<store::DefinitionVersionMismatch>(&written)) {
            return version_mismatch("definition " + name, mismatch->latest);
        }
        if (std::holds_alternative<store::DefinitionNotFound>(written)) {
            return no_such_definition(name, std::nullopt);
        }
        return answer(std::get<store::DefinitionWritten>(written));
    };
    return later;
}

Answer definition_registered(const Services& services, const std::string& name,
                             const store::DefinitionWritten& written, const Document& warnings) {
    const auto row = read_again([&] { return services.reader.definition(name, written.version); });
    if (!row) return to_problem(row.error());
    Document document = definition_document(*row);
    document["warnings"] = warnings;
    const bool is_new = written.how == store::DefinitionWritten::How::NewVersion;
    Reply reply = json_reply(is_new ? 201 : 200, document);
    reply.headers.emplace_back("ETag", entity_tag(written.version));
    if (is_new) {
        reply.headers.emplace_back(
            "Location", "/v1/definitions/" + name + "/versions/" + std::to_string(written.version));
    }
    return reply;
}

}  // namespace

Answer put_definition(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    if (!is_definition_name(name)) return no_such_definition(name, std::nullopt);
    const auto precondition = read_precondition(request);
    if (!precondition) return precondition.error();
    const auto document = read_json(request);
    if (!document) return document.error();
    const auto checked = check_definition_here(services, *document, name);
    if (!checked) return checked.error();
    if (!checked->definition) {
        const std::size_t count = checked->errors.size();
        return Problem{ProblemType::InvalidDefinition,
                       "Definition " + name + " has " + std::to_string(count) +
                           (count == 1 ? " fault" : " faults") + "; nothing was registered.",
                       checked->errors, nullptr};
    }
    const auto version = needed_version(services, name, *precondition);
    if (!version) return version.error();
    auto subscriptions = subscriptions_for(services, *checked->definition);
    if (!subscriptions) return subscriptions.error();

    return change_definition(
        services,
        store::PutDefinition{name, document->dump(), checked->filled.dump(), *version,
                             services.clock.now(), std::move(*subscriptions)},
        sagas::match_paths(*checked->definition),
        [&services, name,
         warnings = problems_document(checked->warnings)](const store::DefinitionWritten& written) {
            return definition_registered(services, name, written, warnings);
        });
}

Answer delete_definition(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    if (!is_definition_name(name)) return no_such_definition(name, std::nullopt);
    const auto precondition = read_precondition(request);
    if (!precondition) return precondition.error();
    const auto version = needed_version(services, name, *precondition);
    if (!version) return version.error();

    return change_definition(services,
                             store::DeleteDefinition{name, *version, services.clock.now()}, {},
                             [](const store::DefinitionWritten&) {
                                 return Reply{204, {}, "", ""};
                             });
}

Answer lint_definition(const Services& services, const Request& request) {
    const auto document = read_json(request);
    if (!document) return document.error();
    const auto checked = check_definition_here(services, *document, std::nullopt);
    if (!checked) return checked.error();
    Document answer;
    answer["valid"] = checked->definition != nullptr;
    answer["errors"] = problems_document(checked->errors);
    answer["warnings"] = problems_document(checked->warnings);
    return json_reply(200, answer);
}

}  // namespace skald::api
