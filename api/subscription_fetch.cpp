#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/asking_engine.h"
#include "api/handlers.h"
#include "api/json_writer.h"
#include "api/query_parameters.h"
#include "api/request_body.h"
#include "api/subscription_view.h"

/// Events for those who ask, and what became of them.
namespace skald::api {
namespace {

using engine::AnswerLeases;
using engine::Fetch;
using engine::Lease;
using sagas::Milliseconds;

constexpr std::uint32_t kFetchDefault = 100;
constexpr std::uint32_t kFetchMax = 1'000;
constexpr std::size_t kLeasesMax = 1'000;
constexpr std::size_t kErrorBytesMax = 1'000;
constexpr Milliseconds kExtendMin{1'000};
constexpr Milliseconds kExtendMax{12 * 3'600'000};
/// The engine ends a wait by itself; it is only gone for so long when it is busy elsewhere.
constexpr Milliseconds kPastWait{5'000};

// ---- What is asked for -------------------------------------------------------------------------

/// A member that is a duration; what is wrong with it is noted.
std::optional<Milliseconds> read_duration(ObjectReader& reader, const std::string& name,
                                          Milliseconds least, Milliseconds most,
                                          Presence presence) {
    const auto text = reader.text(name, presence);
    if (!text) return std::nullopt;
    const auto duration = sagas::parse_duration(*text);
    if (duration && *duration >= least && *duration <= most) return *duration;
    reader.note("wrong-value", "/" + name, duration ? "is out of range" : duration.error().message,
                "a duration from " + sagas::to_duration_text(least) + " to " +
                    sagas::to_duration_text(most));
    return std::nullopt;
}

struct FetchRequest {
    std::uint32_t limit = kFetchDefault;
    Milliseconds wait{0};
};
Parsed<FetchRequest> read_fetch(const Request& request) {
    const auto body = read_object(request, EmptyBody::IsEmptyObject);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"limit", "wait"});
    FetchRequest fetch;
    fetch.limit = reader.positive_integer("limit").value_or(kFetchDefault);
    if (fetch.limit > kFetchMax) {
        reader.note("wrong-value", "/limit", "must be 1 to " + std::to_string(kFetchMax), "");
    }
    fetch.wait = read_duration(reader, "wait", Milliseconds{0}, kWaitMax, Presence::Optional)
                     .value_or(Milliseconds{0});
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
    return fetch;
}

std::vector<Lease> read_leases(ObjectReader& reader) {
    std::vector<Lease> leases;
    const sagas::Json* const sent = reader.member("leases", Presence::Required);
    if (sent == nullptr) return leases;
    if (!sent->is_array() || sent->empty() || sent->size() > kLeasesMax) {
        reader.note("wrong-type", "/leases",
                    "must be an array of 1 to " + std::to_string(kLeasesMax) + " leases", "");
        return leases;
    }
    for (std::size_t at = 0; at < sent->size(); ++at) {
        const auto* const text = (*sent)[at].get_ptr<const std::string*>();
        const auto lease = text != nullptr ? read_lease(*text) : std::nullopt;
        if (lease) {
            leases.push_back(*lease);
        } else {
            reader.note("wrong-value", "/leases/" + std::to_string(at),
                        "is no lease: send it as it came with its event", "");
        }
    }
    return leases;
}

/// In one line, as it is shown.
std::string read_refusal(ObjectReader& reader) {
    std::string error = reader.text("error", Presence::Optional).value_or("");
    if (error.size() > kErrorBytesMax) {
        reader.note("too-long", "/error",
                    "has " + std::to_string(error.size()) + " bytes; at most " +
                        std::to_string(kErrorBytesMax),
                    "");
    }
    std::replace_if(
        error.begin(), error.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; },
        ' ');
    return error;
}

// ---- Answers -----------------------------------------------------------------------------------

Problem not_pulled(const std::string& name) {
    return make_problem(ProblemType::Conflict,
                        "Subscription " + name + " has no \"pull\": its events are not fetched.");
}

std::string deliveries_text(const std::vector<Fetch::Delivery>& deliveries) {
    JsonWriter to;
    to.begin_object();
    to.member("events").begin_array();
    for (const Fetch::Delivery& each : deliveries) {
        to.begin_object();
        to.member("offset").number(static_cast<std::int64_t>(each.lease.offset));
        to.member("lease").text(lease_text(each.lease));
        to.member("attempt").number(each.attempt);
        to.member("until").time(each.until);
        to.member("event").raw(each.event);
        to.end_object();
    }
    to.end_array();
    to.end_object();
    return to.take();
}

Answer answer_fetch(const std::string& name, const Fetch::Result* result) {
    // Too many wait, or the server stops: nothing is leased to who does not wait any more.
    if (result == nullptr) return json_text_reply(200, deliveries_text({}));
    if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
    if (std::holds_alternative<engine::NoSuchSubscription>(*result)) {
        return no_such_subscription(name);
    }
    if (std::holds_alternative<engine::IsNotPulled>(*result)) return not_pulled(name);
    return json_text_reply(200, deliveries_text(std::get<std::vector<Fetch::Delivery>>(*result)));
}

Answer answer_leases(const Services& services, const Request& request, AnswerLeases command) {
    const std::string name = request.path.at(0);
    command.name = name;
    const std::size_t sent = command.leases.size();
    return ask_engine(
        services, std::move(command), [name, sent](const AnswerLeases::Result& result) -> Answer {
            if (std::holds_alternative<engine::NoSuchSubscription>(result)) {
                return no_such_subscription(name);
            }
            if (std::holds_alternative<engine::IsNotPulled>(result)) {
                return not_pulled(name);
            }
            Document stale = Document::array();
            for (const Lease& lease : std::get<std::vector<Lease>>(result)) {
                stale.push_back(lease_text(lease));
            }
            return json_reply(200, {{"done", sent - stale.size()}, {"stale", std::move(stale)}});
        });
}

}  // namespace

Answer fetch_events(const Services& services, const Request& request) {
    const std::string& name = request.path.at(0);
    const auto fetch = read_fetch(request);
    if (!fetch) return fetch.error();
    // It is gone when nobody waits any more.
    auto outcome = std::make_shared<Awaited<Fetch::Result>>();
    const std::weak_ptr<Awaited<Fetch::Result>> wanted = outcome;
    Fetch command;
    command.name = name;
    command.limit = fetch->limit;
    command.until = services.clock.now() + fetch->wait;
    command.done = [wanted](Fetch::Result result) {
        if (const auto waiting = wanted.lock()) waiting->set(std::move(result));
    };
    command.is_wanted = [wanted] { return !wanted.expired(); };
    services.post(std::move(command));
    Later later;
    later.kind = fetch->wait > Milliseconds{0} ? Later::Kind::Long : Later::Kind::Short;
    later.time = fetch->wait + kPastWait;
    later.arm = [outcome](std::function<void()> ready) { outcome->when_set(std::move(ready)); };
    later.finish = [outcome, name] { return answer_fetch(name, outcome->get()); };
    return later;
}

Answer acknowledge_events(const Services& services, const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return body.error();
    ObjectReader reader(*body, {"leases"});
    AnswerLeases command;
    command.as = AnswerLeases::As::Acknowledged;
    command.leases = read_leases(reader);
    if (auto problem = reader.problem()) return std::move(*problem);
    return answer_leases(services, request, std::move(command));
}

Answer refuse_events(const Services& services, const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return body.error();
    ObjectReader reader(*body, {"leases", "error"});
    AnswerLeases command;
    command.as = AnswerLeases::As::Refused;
    command.leases = read_leases(reader);
    command.error = read_refusal(reader);
    if (auto problem = reader.problem()) return std::move(*problem);
    return answer_leases(services, request, std::move(command));
}

Answer extend_leases(const Services& services, const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return body.error();
    ObjectReader reader(*body, {"leases", "by"});
    AnswerLeases command;
    command.as = AnswerLeases::As::Extended;
    command.leases = read_leases(reader);
    command.by = read_duration(reader, "by", kExtendMin, kExtendMax, Presence::Required)
                     .value_or(kExtendMin);
    if (auto problem = reader.problem()) return std::move(*problem);
    return answer_leases(services, request, std::move(command));
}

}  // namespace skald::api
