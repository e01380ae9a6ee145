#include "engine/nats/jet_stream.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <vector>

#include "engine/text_hash.h"
#include "sagas/json.h"

namespace skald::engine {
namespace {

using sagas::Json;

constexpr std::size_t kSubjectBytesMax = 255;
constexpr std::size_t kMaxAckPending = 1'000;

// Of its error codes.
constexpr int kConsumerNotFound = 10'014;
constexpr int kNotEnabled = 10'076;
constexpr int kNotEnabledForAccount = 10'039;
constexpr int kStreamNotFound = 10'059;

enum class Wildcards : std::uint8_t { No, Yes };

std::int64_t nanoseconds(std::chrono::nanoseconds time) { return time.count(); }

bool is_token_byte(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value > 0x20 && value != 0x7f && byte != '*' && byte != '>' && byte != '.';
}

bool is_subject(std::string_view subject, Wildcards wildcards) {
    // "$" and "_INBOX." are the server's and its clients' own.
    if (subject.empty() || subject.size() > kSubjectBytesMax) return false;
    if (subject.front() == '$' || subject.starts_with("_INBOX.")) return false;
    while (true) {
        const std::size_t dot = subject.find('.');
        const std::string_view token = subject.substr(0, dot);
        const bool is_last = dot == std::string_view::npos;
        const bool is_wild =
            wildcards == Wildcards::Yes && (token == "*" || (token == ">" && is_last));
        if (!is_wild &&
            (token.empty() || !std::all_of(token.begin(), token.end(), is_token_byte))) {
            return false;
        }
        if (is_last) return true;
        subject.remove_prefix(dot + 1);
    }
}

/// None: at the beginning of the stream. "new" would be whenever the consumer is made: after the
/// broker was away, or somebody deleted it.
std::optional<sagas::Timestamp> start_time(const NatsInbound& inbound) {
    if (const auto* const end = std::get_if<NatsInbound::End>(&inbound.from)) return end->at;
    const auto* const time = std::get_if<sagas::Timestamp>(&inbound.from);
    return time == nullptr ? std::nullopt : std::optional(*time);
}

JetStreamError error_of(const Json& error) {
    using Kind = JetStreamError::Kind;
    const int code = error.value("err_code", 0);
    const Kind kind = code == kConsumerNotFound                              ? Kind::NoConsumer
                      : code == kStreamNotFound                              ? Kind::NoStream
                      : code == kNotEnabled || code == kNotEnabledForAccount ? Kind::NoJetStream
                                                                             : Kind::Other;
    return {kind, error.value("description", std::string("an error without a description"))};
}

/// The answer of the API, or why it is none. Nothing of what a server sends may throw.
tl::expected<Json, JetStreamError> read_answer(const NatsMessage& answer) {
    using Kind = JetStreamError::Kind;
    if (answer.status == 503) {
        return tl::unexpected(JetStreamError{Kind::NoJetStream, "JetStream is not enabled there"});
    }
    auto json = sagas::parse_json(answer.data);
    if (!json || !json->is_object()) {
        return tl::unexpected(JetStreamError{Kind::Other, "its answer can't be read"});
    }
    const auto error = json->find("error");
    if (error == json->end()) return std::move(*json);
    try {
        return tl::unexpected(error_of(*error));
    } catch (const Json::exception&) {
        return tl::unexpected(JetStreamError{Kind::Other, "its error can't be read"});
    }
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc() && read.ptr == end;
}

tl::expected<ConsumerState, JetStreamError> check_consumer(const Json& answer,
                                                           const NatsInbound& inbound) {
    const Json& config = answer.at("config");
    const auto other = [](const char* what) {
        return tl::unexpected(JetStreamError{
            JetStreamError::Kind::Other,
            std::string("the consumer is there already, and ") + what + "; delete it, or mend it"});
    };
    if (!config.value("deliver_subject", std::string()).empty()) return other("is a push consumer");
    if (config.value("ack_policy", std::string()) != "explicit") {
        return other("takes other acknowledgements than explicit ones");
    }
    const std::string filter = config.value("filter_subject", std::string());
    const bool is_same = filter == inbound.subject || (filter.empty() && inbound.subject == ">");
    if (!is_same) return other("selects other subjects");
    const std::chrono::nanoseconds ack_wait(config.value("ack_wait", std::int64_t{0}));
    return ConsumerState{answer.value("num_pending", std::uint64_t{0}),
                         answer.value("num_ack_pending", std::uint64_t{0}),
                         std::chrono::duration_cast<sagas::Milliseconds>(ack_wait)};
}

}  // namespace

bool is_nats_subject(std::string_view subject) { return is_subject(subject, Wildcards::No); }
bool is_nats_filter(std::string_view subject) { return is_subject(subject, Wildcards::Yes); }

bool is_nats_stream(std::string_view name) {
    return !name.empty() && name.size() <= kSubjectBytesMax &&
           std::all_of(name.begin(), name.end(), is_token_byte) &&
           name.find_first_of("/\\") == std::string_view::npos;
}

std::string bridge_identity(const std::string& name, sagas::Timestamp created_at) {
    return hash_text(std::to_string(created_at.time_since_epoch().count()) + ' ' + name);
}

std::string consumer_name(const std::string& bridge, const std::string& identity,
                          const NatsInbound& inbound) {
    std::string name =
        "skald-" + bridge + '-' + hash_text(identity + ' ' + inbound.subject + ' ' + inbound.topic);
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

std::string origin(const std::string& identity, const std::string& topic, std::string_view event) {
    return identity + ' ' + topic + ' ' + hash_text(event);
}

bool is_from(const std::string& identity, const std::string& topic, const NatsMessage& message) {
    return std::any_of(message.headers.begin(), message.headers.end(), [&](const auto& header) {
        const auto& [name, value] = header;
        return name == kOriginHeader && value.starts_with(identity) &&
               value == origin(identity, topic, message.data);
    });
}

std::string api_prefix(const std::string& domain) {
    return domain.empty() ? "$JS.API." : "$JS." + domain + ".API.";
}

std::string consumer_config(const NatsInbound& inbound, const std::string& name,
                            sagas::Milliseconds ack_wait) {
    Json config = {{"durable_name", name},
                   {"description", "of a Skald bridge, into its topic " + inbound.topic},
                   {"ack_policy", "explicit"},
                   {"ack_wait", nanoseconds(ack_wait)},
                   {"max_ack_pending", kMaxAckPending},
                   {"max_deliver", -1},
                   {"replay_policy", "instant"},
                   {"filter_subject", inbound.subject}};
    if (const auto time = start_time(inbound)) {
        config["deliver_policy"] = "by_start_time";
        config["opt_start_time"] = sagas::to_rfc3339(*time);
    } else {
        config["deliver_policy"] = "all";
    }
    return Json{{"stream_name", inbound.stream}, {"config", std::move(config)}}.dump();
}

std::string pull_request(const PullRequest& request) {
    Json asked = {{"batch", request.messages},
                  {"expires", nanoseconds(request.expires)},
                  {"idle_heartbeat", nanoseconds(request.heartbeat)}};
    if (request.bytes > 0) asked["max_bytes"] = request.bytes;
    return asked.dump();
}

tl::expected<ConsumerState, JetStreamError> read_consumer(const NatsMessage& answer,
                                                          const NatsInbound& inbound) {
    const auto json = read_answer(answer);
    if (!json) return tl::unexpected(json.error());
    try {
        return check_consumer(*json, inbound);
    } catch (const Json::exception&) {
        return tl::unexpected(
            JetStreamError{JetStreamError::Kind::Other, "its answer can't be read"});
    }
}

tl::expected<void, PublishError> read_publish_ack(const NatsMessage& answer) {
    if (answer.status == 503) {
        return tl::unexpected(PublishError{true, "no stream takes the subject"});
    }
    const auto json = sagas::parse_json(answer.data);
    const bool is_object = json && json->is_object();
    if (is_object && json->contains("error")) {
        return tl::unexpected(
            PublishError{true, "the stream refused it: " + read_answer(answer).error().text});
    }
    if (is_object && json->contains("seq")) return {};
    return tl::unexpected(PublishError{false, "what is no stream's acknowledgement"});
}

std::optional<Delivered> read_delivered(std::string_view ack_subject) {
    // $JS.ACK.STREAM.CONSUMER.deliveries.sequence.consumer's.time.pending, and of newer servers
    // $JS.ACK.DOMAIN.ACCOUNT.STREAM.CONSUMER. and so on, with a token more at the end.
    std::vector<std::string_view> tokens;
    while (true) {
        const std::size_t dot = ack_subject.find('.');
        tokens.push_back(ack_subject.substr(0, dot));
        if (dot == std::string_view::npos) break;
        ack_subject.remove_prefix(dot + 1);
    }
    if (tokens.size() < 9 || tokens[0] != "$JS" || tokens[1] != "ACK") return std::nullopt;
    const std::size_t first = tokens.size() >= 11 ? 4 : 2;
    Delivered delivered{tokens[first], tokens[first + 1], 0, 0};
    const bool is_read = read_number(tokens[first + 3], delivered.sequence) &&
                         read_number(tokens[first + 6], delivered.pending);
    return is_read ? std::optional(delivered) : std::nullopt;
}

}  // namespace skald::engine
