#include "engine/subscription_document.h"

#include <chrono>
#include <utility>

#include "sagas/object_reader.h"
#include "sagas/secret_name.h"
#include "sagas/url.h"

namespace skald::engine {
namespace {

using sagas::Json;
using sagas::Milliseconds;
using sagas::ObjectReader;
using sagas::Problems;
using namespace std::chrono_literals;

constexpr std::uint32_t kAttemptsDefault = 16;
constexpr std::uint32_t kAttemptsMax = 1'000;
constexpr std::uint32_t kParallelMax = 100;
/// As far as a log never comes.
constexpr std::int64_t kOffsetMax = std::int64_t{1} << 62;
constexpr const char* kFromHint = R"(one of "start", "end", an offset, or an RFC 3339 time)";

Pull read_pull(const Json& json, const std::string& pointer, Problems& problems) {
    Pull pull;
    ObjectReader reader(json, pointer, problems);
    pull.visibility = reader.duration("visibility", 1s, 12h).value_or(pull.visibility);
    reader.refuse_others();
    return pull;
}

/// The name in "$secrets.NAME"; empty, and a problem: it is something else.
std::string read_secret(ObjectReader& reader, Problems& problems) {
    reader.require("secret", R"(name a secret of the server: "$secrets.WEBHOOK_KEY")");
    const std::string* const text = reader.text("secret");
    if (text == nullptr) return {};
    if (const auto name = sagas::secret_named_by(*text)) return std::string(*name);
    problems.add("literal-secret", reader.pointer("secret"),
                 "a secret does not stand in a document, which is stored and shown",
                 R"(name a secret of the server: "$secrets.WEBHOOK_KEY")");
    return {};
}

Push read_push(const Json& json, const std::string& pointer, Problems& problems) {
    Push push{};
    ObjectReader reader(json, pointer, problems);
    reader.require("url", "where events are POSTed: \"https://shop.example/events\"");
    if (const std::string* const text = reader.text("url")) {
        auto url = sagas::parse_literal_url(*text);
        if (url) {
            push.scheme = url->scheme;
            push.host = std::move(url->host);
            push.port = url->port;
            push.target = std::move(url->target);
        } else {
            problems.add(url.error().code, reader.pointer("url"), url.error().detail,
                         url.error().hint);
        }
    }
    push.secret = read_secret(reader, problems);
    push.timeout = reader.duration("timeout", 1ms, 5min).value_or(Push{}.timeout);
    push.max_parallel = reader.count("max_parallel", kParallelMax).value_or(Push{}.max_parallel);
    reader.refuse_others();
    return push;
}

const sagas::RetryPolicy kRetry{kAttemptsDefault, 1s, 2.0, 5min, 0.2};
/// The broker comes back some time, and order says that nothing is passed over.
const sagas::RetryPolicy kRelayRetry{std::nullopt, 200ms, 2.0, 5s, 0.2};

sagas::RetryPolicy read_retry(const Json& json, const std::string& pointer, Problems& problems) {
    sagas::RetryPolicy policy = kRetry;
    ObjectReader reader(json, pointer, problems);
    policy.initial_interval =
        reader.duration("initial_interval", 1ms, 24h).value_or(policy.initial_interval);
    policy.maximum_interval =
        reader.duration("maximum_interval", 1ms, 24h).value_or(policy.maximum_interval);
    policy.backoff_coefficient =
        reader.number("backoff_coefficient", 1, 10).value_or(policy.backoff_coefficient);
    policy.jitter = reader.number("jitter", 0, 1).value_or(policy.jitter);
    reader.refuse_others();
    return policy;
}

/// Into `from`, for GCC 12 takes a moved variant of these for uninitialised.
void read_from(const Json& json, const std::string& pointer, Problems& problems,
               decltype(SubscriptionDocument::from)& from) {
    if (json.is_number_integer()) {
        const auto offset = json.get<std::int64_t>();  // Negative, where it is too large for that.
        if (offset >= 0 && offset <= kOffsetMax) {
            from = store::Offset{offset};
            return;
        }
    }
    if (json.is_string()) {
        const auto& text = json.get_ref<const std::string&>();
        if (text == "end") return;
        if (text == "start") {
            from = store::Offset{0};
            return;
        }
        if (const auto time = sagas::parse_rfc3339(text)) {
            from = *time;
            return;
        }
    }
    problems.add("wrong-value", pointer, "this is no place in a topic", kFromHint);
}

/// Pull where nothing says how, which is a problem.
decltype(SubscriptionDocument::how) read_delivery(ObjectReader& reader, Problems& problems) {
    const Json* const pull = reader.any("pull");
    const Json* const push = reader.any("push");
    if (pull != nullptr && push != nullptr) {
        problems.add("one-delivery", "", "both \"pull\" and \"push\"", "leave one of them out");
    } else if (pull != nullptr) {
        return read_pull(*pull, reader.pointer("pull"), problems);
    } else if (push != nullptr) {
        return read_push(*push, reader.pointer("push"), problems);
    } else if (reader.is_object()) {
        problems.add(
            "missing-field", "", "neither \"pull\" nor \"push\" is there",
            R"(write {"pull": {}} or {"push": {"url": "https://...", "secret": "$secrets.NAME"}})");
    }
    return Pull{};
}

/// The text of a field that must be there.
std::string read_name(ObjectReader& reader, const std::string& field) {
    reader.require(field, "");
    const std::string* const text = reader.text(field);
    return text != nullptr ? *text : std::string();
}

decltype(SubscriptionDocument::how) read_owned_delivery(ObjectReader& reader, Problems& problems) {
    if (const Json* const start = reader.any("start")) {
        ObjectReader fields(*start, reader.pointer("start"), problems);
        StartSaga to{read_name(fields, "definition")};
        fields.refuse_others();
        return to;
    }
    reader.require("relay", "");
    Relay to;
    if (const Json* const relay = reader.any("relay")) {
        ObjectReader fields(*relay, reader.pointer("relay"), problems);
        to = {read_name(fields, "bridge"), read_name(fields, "subject")};
        fields.refuse_others();
    }
    return to;
}

void read_what_people_say(ObjectReader& reader, SubscriptionDocument& read, Problems& problems) {
    if (const Json* const from = reader.any("from")) {
        read_from(*from, reader.pointer("from"), problems, read.from);
    }
    read.how = read_delivery(reader, problems);
    if (const Json* const retry = reader.any("retry")) {
        read.retry = read_retry(*retry, reader.pointer("retry"), problems);
    }
    if (const auto most = reader.count("maximum_attempts", kAttemptsMax)) {
        read.retry.maximum_attempts = *most;
    }
}

}  // namespace

SubscriptionDocument read_subscription(const Json& document, Author author, Problems& problems) {
    SubscriptionDocument read;
    read.retry = kRetry;
    ObjectReader reader(document, "", problems);
    reader.require("topic", "the topic whose events are wanted");
    if (const std::string* const topic = reader.text("topic")) read.topic = *topic;
    if (const Json* const filter = reader.any("filter")) {
        read.filter = read_event_filter(*filter, reader.pointer("filter"), problems);
    }
    if (author == Author::People) {
        read_what_people_say(reader, read, problems);
    } else {
        read.how = read_owned_delivery(reader, problems);
        if (std::holds_alternative<Relay>(read.how)) read.retry = kRelayRetry;
    }
    reader.refuse_others();
    return read;
}

}  // namespace skald::engine
