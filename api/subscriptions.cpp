#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/asking_engine.h"
#include "api/definition_view.h"
#include "api/handlers.h"
#include "api/request_body.h"
#include "api/subscription_place.h"
#include "api/subscription_view.h"
#include "api/topic_view.h"
#include "engine/subscription_document.h"

/// Makes, changes and deletes subscriptions.
namespace skald::api {
namespace {

using engine::ChangeSubscription;
using engine::SubscriptionDocument;

// ---- Documents ---------------------------------------------------------------------------------

Problem invalid_subscription(const std::string& name, std::vector<sagas::Problem> errors) {
    const std::size_t count = errors.size();
    return {ProblemType::InvalidSubscription,
            "The document of subscription " + name + " has " + std::to_string(count) +
                (count == 1 ? " fault; " : " faults; ") + "nothing was changed.",
            std::move(errors), nullptr};
}

void check_topic(const std::string& topic, sagas::Problems& problems) {
    if (topic == kSagaTopic) return;
    if (!is_topic_name(topic)) {
        problems.add("bad-name", "/topic", "this is no name of a topic",
                     "it " + std::string(kTopicNameRule));
    } else if (refuse_topic(topic)) {
        problems.add("bad-name", "/topic", "the server has no topic of that name",
                     "its own one is " + std::string(kSagaTopic));
    }
}

void check_secret(const Services& services, const std::string& name, sagas::Problems& problems) {
    constexpr const char* kPointer = "/push/secret";
    if (!services.has_secret(name)) {
        problems.add("no-secret", kPointer, "the server has no secret " + name,
                     "add a file of that name to --secrets-dir, or start the server with "
                     "SKALD_SECRET_" +
                         name + " in its environment");
    } else if (const std::string why = services.why_no_webhook_key(name); !why.empty()) {
        problems.add("bad-secret", kPointer, "events can't be signed with it: " + why,
                     "a key is made by: echo whsec_$(openssl rand -base64 32)");
    }
}

/// Problems: InvalidSubscription, with all that is wrong.
Parsed<SubscriptionDocument> read_document(const Services& services, const std::string& name,
                                           const sagas::Json& source) {
    sagas::Problems problems;
    auto document = engine::read_subscription(source, engine::Author::People, problems);
    if (problems.is_empty()) {
        check_topic(document.topic, problems);
        if (const auto* push = std::get_if<engine::Push>(&document.how)) {
            check_secret(services, push->secret, problems);
        }
    }
    if (problems.is_empty()) return document;
    return tl::unexpected(invalid_subscription(name, problems.take()));
}

// ---- What it is, and whose ---------------------------------------------------------------------

using FoundRow = std::optional<store::SubscriptionRow>;

/// None: there is no such subscription. Problems: those of the store.
Parsed<FoundRow> find_row(const Services& services, const std::string& name) {
    auto row = read_again([&] { return services.reader.subscription(name); });
    if (row) return FoundRow(std::move(*row));
    if (row.error().code == sagas::ErrorCode::NotFound) return FoundRow();
    return tl::unexpected(to_problem(row.error()));
}

Problem of_owner(const store::SubscriptionRow& row) {
    return make_problem(ProblemType::Conflict, "Subscription " + row.name + " belongs to " +
                                                   owner_text(row.owner) +
                                                   ": it is changed and deleted with that.");
}

Problem of_topic(const std::string& name, const std::string& topic) {
    return make_problem(ProblemType::Conflict,
                        "Subscription " + name + " is one of topic " + topic +
                            "; delete it first, or take another name for another topic.");
}

/// What a change stands on: the version that must still be the latest then (none: any), and the row
/// as it is now. Problems: what keeps it from being changed.
struct Changeable {
    std::optional<std::uint32_t> if_version;
    FoundRow row;
};
Parsed<Changeable> find_changeable(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto precondition = read_precondition(request);
    if (!precondition) return tl::unexpected(precondition.error());
    auto row = find_row(services, name);
    if (!row) return tl::unexpected(row.error());
    if (*row && !(*row)->owner.empty()) return tl::unexpected(of_owner(**row));
    const std::uint32_t version = *row ? (*row)->version : 0;
    if (!holds_for(*precondition, version)) {
        return tl::unexpected(version_mismatch("subscription " + name, version));
    }
    Changeable found{std::nullopt, std::move(*row)};
    if (precondition->kind != Precondition::Kind::None) found.if_version = version;
    return found;
}

// ---- Answers -----------------------------------------------------------------------------------

Answer subscription_put(const Services& services, const std::string& name,
                        const store::SubscriptionWritten& written) {
    using How = store::SubscriptionWritten::How;
    const auto row = read_again([&] { return services.reader.subscription(name); });
    if (!row) return to_problem(row.error());
    const auto lag = SubscriptionLags(TopicLog(services.reader, services.catalog)).of(*row);
    if (!lag) return to_problem(lag.error());
    const bool is_new = written.how == How::Made || written.how == How::NewVersion;
    Reply reply = json_reply(is_new ? 201 : 200, subscription_document(*row, *lag));
    reply.headers.emplace_back("ETag", entity_tag(written.version));
    if (is_new) reply.headers.emplace_back("Location", "/v1/subscriptions/" + name);
    return reply;
}

Answer change_subscription(const Services& services, const std::string& name,
                           ChangeSubscription command,
                           std::function<Answer(const store::SubscriptionWritten&)> answer) {
    return ask_engine(
        services, std::move(command),
        [name, answer = std::move(answer)](const ChangeSubscription::Result& result) -> Answer {
            const auto& outcome = std::get<store::SubscriptionOutcome>(result);
            if (const auto* mismatch = std::get_if<store::SubscriptionVersionMismatch>(&outcome)) {
                return version_mismatch("subscription " + name, mismatch->latest);
            }
            if (const auto* other = std::get_if<store::SubscriptionOfTopic>(&outcome)) {
                return of_topic(name, other->topic);
            }
            if (std::holds_alternative<store::SubscriptionNotFound>(outcome)) {
                return no_such_subscription(name);
            }
            return answer(std::get<store::SubscriptionWritten>(outcome));
        });
}

}  // namespace

Answer put_subscription(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    auto changeable = find_changeable(services, request);
    if (!changeable) return std::move(changeable.error());
    if (!is_subscription_name(name)) {
        return make_problem(ProblemType::InvalidRequest,
                            "subscription name: " + std::string(kTopicNameRule));
    }
    const auto source = read_json(request);
    if (!source) return source.error();
    auto document = read_document(services, name, *source);
    if (!document) return std::move(document.error());
    if (changeable->row && changeable->row->topic != document->topic) {
        return of_topic(name, changeable->row->topic);
    }
    const auto begin =
        find_place(TopicLog(services.reader, services.catalog), document->topic, document->from);
    if (!begin) return to_problem(begin.error());
    ChangeSubscription command;
    command.change = store::PutSubscription{name,   document->topic,        source->dump(),
                                            *begin, changeable->if_version, services.clock.now()};
    command.document = std::move(*document);
    return change_subscription(services, name, std::move(command),
                               [&services, name](const store::SubscriptionWritten& written) {
                                   return subscription_put(services, name, written);
                               });
}

Answer delete_subscription(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    auto changeable = find_changeable(services, request);
    if (!changeable) return std::move(changeable.error());
    if (!changeable->row) return no_such_subscription(name);
    ChangeSubscription command;
    command.change = store::DeleteSubscription{name, changeable->if_version};
    return change_subscription(services, name, std::move(command),
                               [](const store::SubscriptionWritten&) {
                                   return Reply{204, {}, "", ""};
                               });
}

}  // namespace skald::api
