#include "api/bridge/document.h"

#include <set>
#include <utility>
#include <variant>

#include "api/topic_view.h"
#include "sagas/object_reader.h"
#include "sagas/secret_name.h"

namespace skald::api {
namespace {

using engine::NatsInbound;
using sagas::Json;
using sagas::ObjectReader;
using sagas::Problems;

constexpr std::size_t kUrlsMax = 16;
constexpr const char* kSecretHint = R"(name a secret of the server: "$secrets.NATS_PASSWORD")";

// ---- The broker --------------------------------------------------------------------------------

void read_url(const Json& json, const std::string& pointer, engine::NatsServer& server,
              Problems& problems) {
    if (!json.is_string()) {
        problems.add("wrong-type", pointer, sagas::expected("a string", json));
        return;
    }
    auto url = engine::parse_nats_url(json.get_ref<const std::string&>());
    if (url) {
        server.urls.push_back(std::move(*url));
    } else {
        problems.add("bad-url", pointer, "this URL " + url.error(),
                     "such as \"nats://broker.example:4222\"");
    }
}

void read_urls(ObjectReader& nats, engine::NatsServer& server, Problems& problems) {
    nats.require("url", R"(where the broker is: "nats://broker.example:4222")");
    const Json* const url = nats.any("url");
    if (url == nullptr) return;
    const std::string pointer = nats.pointer("url");
    if (!url->is_array()) return read_url(*url, pointer, server, problems);
    if (url->empty() || url->size() > kUrlsMax) {
        problems.add("out-of-range", pointer,
                     "must hold 1 to " + std::to_string(kUrlsMax) + " URLs");
    }
    for (std::size_t i = 0; i < url->size(); ++i) {
        read_url((*url)[i], pointer + '/' + std::to_string(i), server, problems);
    }
}

MaybeSecret read_maybe_secret(ObjectReader& nats, const std::string& member) {
    const std::string* const text = nats.text(member);
    if (text == nullptr) return {};
    return {*text, std::string(sagas::secret_named_by(*text).value_or(""))};
}

/// One that may stand there by its name only.
MaybeSecret read_secret(ObjectReader& nats, const std::string& member, Problems& problems) {
    MaybeSecret read = read_maybe_secret(nats, member);
    if (!read.text.empty() && read.secret.empty()) {
        problems.add("literal-secret", nats.pointer(member),
                     "a secret does not stand in a document, which is stored and shown",
                     kSecretHint);
    }
    return read;
}

BridgeLogin read_login(ObjectReader& nats, Problems& problems) {
    BridgeLogin login;
    login.user = read_maybe_secret(nats, "user");
    login.password = read_secret(nats, "password", problems);
    login.token = read_secret(nats, "token", problems);
    login.credentials = read_secret(nats, "credentials", problems);
    const bool has_user = !login.user.text.empty() || !login.password.text.empty();
    if (login.user.text.empty() != login.password.text.empty()) {
        problems.add("missing-field", nats.pointer(),
                     "\"user\" and \"password\" stand there together, or not at all");
    }
    const int ways = (has_user ? 1 : 0) + (login.token.text.empty() ? 0 : 1) +
                     (login.credentials.text.empty() ? 0 : 1);
    if (ways > 1) {
        problems.add("one-login", nats.pointer(),
                     "there are " + std::to_string(ways) + " ways to log in",
                     "leave one of \"user\" and \"password\", \"token\", and \"credentials\"");
    }
    return login;
}

/// A file of the server's, which is read with each connection: what is wrong with it then, the
/// bridge's state says.
std::string read_path(ObjectReader& tls, const std::string& member, Problems& problems) {
    const std::string* const path = tls.text(member);
    if (path == nullptr) return {};
    if (!path->starts_with('/') || path->find('\0') != std::string::npos) {
        problems.add("wrong-value", tls.pointer(member), "must be an absolute path",
                     "such as \"/etc/skald/nats-ca.pem\"");
    }
    return *path;
}

void read_tls(const Json& json, const std::string& pointer, engine::NatsServer& server,
              Problems& problems) {
    ObjectReader tls(json, pointer, problems);
    server.needs_tls = true;
    server.ca_file = read_path(tls, "ca", problems);
    server.certificate_file = read_path(tls, "certificate", problems);
    server.key_file = read_path(tls, "key", problems);
    if (server.certificate_file.empty() != server.key_file.empty()) {
        problems.add("missing-field", pointer,
                     "\"certificate\" and \"key\" stand there together, or not at all");
    }
    tls.refuse_others();
}

void read_nats(const Json& json, const std::string& pointer, BridgeDocument& document,
               Problems& problems) {
    ObjectReader nats(json, pointer, problems);
    read_urls(nats, document.server, problems);
    document.login = read_login(nats, problems);
    if (const Json* const tls = nats.any("tls")) {
        read_tls(*tls, nats.pointer("tls"), document.server, problems);
    }
    if (const std::string* const domain = nats.text("domain")) {
        document.server.domain = *domain;
        if (!engine::is_nats_stream(*domain)) {
            problems.add("wrong-value", nats.pointer("domain"), "this is no name of a domain");
        }
    }
    nats.refuse_others();
}

// ---- What goes where ---------------------------------------------------------------------------

constexpr const char* kSubjectHint = R"(tokens with "." between them, such as "orders.placed")";

std::string read_topic(ObjectReader& binding, Problems& problems) {
    binding.require("topic", "the topic of the event log");
    const std::string* const topic = binding.text("topic");
    if (topic == nullptr) return {};
    if (!is_topic_name(*topic)) {
        problems.add("bad-name", binding.pointer("topic"), "this is no name of a topic",
                     "it " + std::string(kTopicNameRule));
    }
    return *topic;
}

/// What is wrong with a place is told of "/from".
TopicPlace read_out_place(const Json& json, const std::string& pointer, Problems& problems) {
    Problems found;
    TopicPlace place = read_place(json, found);
    for (sagas::Problem& each : found.take()) {
        problems.add(std::move(each.code), pointer, std::move(each.detail), std::move(each.hint));
    }
    return place;
}

BridgeDocument::Out read_out(const Json& json, const std::string& pointer, Problems& problems) {
    BridgeDocument::Out out;
    ObjectReader binding(json, pointer, problems);
    out.topic = read_topic(binding, problems);
    if (out.topic != kSagaTopic && is_topic_name(out.topic) && refuse_topic(out.topic)) {
        problems.add("bad-name", binding.pointer("topic"), "the server has no topic of that name",
                     "its own one is " + std::string(kSagaTopic));
    }
    binding.require("subject", kSubjectHint);
    if (const std::string* const subject = binding.text("subject")) {
        out.subject = *subject;
        if (!engine::is_nats_subject(*subject)) {
            problems.add("wrong-value", binding.pointer("subject"),
                         "this is no subject to publish to", kSubjectHint);
        }
    }
    if (const Json* const from = binding.any("from")) {
        out.from = read_out_place(*from, binding.pointer("from"), problems);
    }
    binding.refuse_others();
    return out;
}

decltype(NatsInbound::from) read_in_place(const Json& json, const std::string& pointer,
                                          Problems& problems) {
    if (json.is_string()) {
        const auto& text = json.get_ref<const std::string&>();
        if (text == "start") return NatsInbound::Start{};
        if (text == "end") return NatsInbound::End{};
        if (const auto time = sagas::parse_rfc3339(text)) return *time;
    }
    problems.add("wrong-value", pointer, "this is no place in a stream",
                 R"(one of "start", "end", or an RFC 3339 time)");
    return NatsInbound::Start{};
}

NatsInbound read_in(const Json& json, const std::string& pointer, Problems& problems) {
    NatsInbound in;
    ObjectReader binding(json, pointer, problems);
    binding.require("stream", "the stream that messages come from");
    if (const std::string* const stream = binding.text("stream")) {
        in.stream = *stream;
        if (!engine::is_nats_stream(*stream)) {
            problems.add("wrong-value", binding.pointer("stream"), "this is no name of a stream",
                         "such as \"ORDERS\"");
        }
    }
    binding.require("subject", R"(which of its messages: "orders.>", or ">" for all)");
    if (const std::string* const subject = binding.text("subject")) {
        in.subject = *subject;
        if (!engine::is_nats_filter(*subject)) {
            problems.add("wrong-value", binding.pointer("subject"), "this is no subject",
                         R"(such as "orders.placed", "orders.*" or "orders.>")");
        }
    }
    in.topic = read_topic(binding, problems);
    if (is_topic_name(in.topic) && refuse_topic(in.topic)) {
        problems.add("bad-name", binding.pointer("topic"),
                     "topics whose names begin with \"skald.\" are the server's own");
    }
    if (const Json* const from = binding.any("from")) {
        in.from = read_in_place(*from, binding.pointer("from"), problems);
    }
    binding.refuse_others();
    return in;
}

/// Reads the elements of the array `member`, of which no two may have one `key`.
template <typename Binding, typename Read, typename Key>
std::vector<Binding> read_bindings(ObjectReader& reader, const std::string& member, Read read,
                                   Key key, Problems& problems) {
    std::vector<Binding> bindings;
    const Json* const array = reader.array(member);
    if (array == nullptr) return bindings;
    const std::string pointer = reader.pointer(member);
    if (array->size() > kBindingsMax) {
        problems.add("too-many", pointer,
                     "has " + std::to_string(array->size()) + " bindings; at most " +
                         std::to_string(kBindingsMax));
        return bindings;
    }
    std::set<std::string> known;
    for (std::size_t i = 0; i < array->size(); ++i) {
        const std::string at = pointer + '/' + std::to_string(i);
        bindings.push_back(read((*array)[i], at, problems));
        if (!known.insert(key(bindings.back())).second) {
            problems.add("repeated", at, "is there already");
        }
    }
    return bindings;
}

}  // namespace

std::vector<std::string> BridgeLogin::secrets() const {
    std::vector<std::string> names;
    for (const MaybeSecret* each : {&user, &password, &token, &credentials}) {
        if (!each->secret.empty()) names.push_back(each->secret);
    }
    return names;
}

sagas::Result<engine::NatsLogin> BridgeLogin::find(const sagas::Secrets& secrets) const {
    engine::NatsLogin found;
    const std::pair<const MaybeSecret*, std::string*> members[] = {
        {&user, &found.user},
        {&password, &found.password},
        {&token, &found.token},
        {&credentials, &found.credentials}};
    for (const auto& [from, to] : members) {
        if (from->secret.empty()) {
            *to = from->text;
            continue;
        }
        auto value = secrets.find(from->secret);
        if (!value) {
            return sagas::fail(sagas::ErrorCode::Unavailable,
                               "the server has no secret " + from->secret);
        }
        *to = std::move(*value);
    }
    return found;
}

BridgeDocument read_bridge(const Json& document, Problems& problems) {
    BridgeDocument read;
    sagas::ObjectReader reader(document, "", problems);
    reader.require("nats", R"(the broker: {"url": "nats://broker.example:4222"})");
    if (const Json* const nats = reader.any("nats")) {
        read_nats(*nats, reader.pointer("nats"), read, problems);
    }
    read.out = read_bindings<BridgeDocument::Out>(
        reader, "out", read_out,
        [](const BridgeDocument::Out& out) { return out.topic + ' ' + out.subject; }, problems);
    read.in = read_bindings<NatsInbound>(
        reader, "in", read_in,
        [](const NatsInbound& in) { return in.stream + ' ' + in.subject + ' ' + in.topic; },
        problems);
    if (reader.is_object() && !document.contains("out") && !document.contains("in")) {
        problems.add("missing-field", "", "neither \"out\" nor \"in\" is there",
                     R"(write {"out": [{"topic": "orders", "subject": "orders"}]})");
    }
    reader.refuse_others();
    if (reader.is_object()) {
        read.wiring =
            Json::array({document.value("nats", Json()), document.value("in", Json())}).dump();
    }
    return read;
}

void check_bridge_secrets(const BridgeDocument& document,
                          const std::function<bool(std::string_view)>& has_secret,
                          Problems& problems) {
    const BridgeLogin& login = document.login;
    const std::pair<const MaybeSecret*, const char*> members[] = {
        {&login.user, "user"},
        {&login.password, "password"},
        {&login.token, "token"},
        {&login.credentials, "credentials"}};
    for (const auto& [each, member] : members) {
        if (each->secret.empty() || has_secret(each->secret)) continue;
        problems.add("no-secret", std::string("/nats/") + member,
                     "the server has no secret " + each->secret,
                     "add a file of that name to --secrets-dir, or start the server with "
                     "SKALD_SECRET_" +
                         each->secret + " in its environment");
    }
}

}  // namespace skald::api
