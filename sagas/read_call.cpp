#include <algorithm>
#include <array>

#include "sagas/ascii.h"
#include "sagas/definition_limits.h"
#include "sagas/did_you_mean.h"
#include "sagas/object_reader.h"
#include "sagas/parsed_definition.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

const std::vector<std::string>& methods() {
    static const std::vector<std::string> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
    return kMethods;
}

/// Set by Skald itself, or between it and the next server only (RFC 9110, 7.6.1).
/// Accept-Encoding: encoded replies are not read.
constexpr std::array<std::string_view, 15> kForbiddenHeaders{
    "host",       "content-length",  "transfer-encoding", "connection",       "keep-alive",
    "te",         "trailer",         "upgrade",           "expect",           "traceparent",
    "tracestate", "idempotency-key", "http2-settings",    "proxy-connection", "accept-encoding"};

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char byte) {
        const auto code = static_cast<std::uint8_t>(byte);
        return code < 0x20 || code == 0x7F;
    });
}

void append(std::vector<Template::Use>& uses, std::vector<Template::Use> more) {
    uses.insert(uses.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

void check_header_name(const std::string& name, const std::string& pointer, Problems& problems) {
    const std::string key = to_lower(name);
    if (!is_http_token(name)) {
        problems.add("bad-header", pointer, in_quotes(name) + " can't name a header",
                     "a header's name is letters, digits and -");
    } else if (key.starts_with("skald-") ||
               std::find(kForbiddenHeaders.begin(), kForbiddenHeaders.end(), key) !=
                   kForbiddenHeaders.end()) {
        problems.add("forbidden-header", pointer, in_quotes(name) + " can't be set by a definition",
                     "leave it out: Skald and its HTTP client set it themselves where needed");
    }
}

void read_method(ObjectReader& reader, ParsedCall& call, Problems& problems) {
    reader.require("method", "one of GET, POST, PUT, PATCH, DELETE");
    const std::string* const method = reader.text("method");
    if (method == nullptr) return;
    if (std::find(methods().begin(), methods().end(), *method) != methods().end()) {
        call.method = *method;
        return;
    }
    std::string upper = *method;
    for (char& byte : upper) {
        if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
    }
    const std::string hint = did_you_mean_hint(upper, methods());
    problems.add("bad-method", reader.pointer("method"),
                 in_quotes(*method) + " is no method that Skald calls with",
                 hint.empty() ? "one of GET, POST, PUT, PATCH, DELETE" : hint);
}

void read_url(ObjectReader& reader, ParsedCall& call, Problems& problems) {
    reader.require("url", "such as \"http://127.0.0.1:9001/reservations\"");
    const std::string* const text = reader.text("url");
    if (text == nullptr) return;
    const std::string pointer = reader.pointer("url");
    if (text->size() > kUrlBytesMax) {
        problems.add("too-long", pointer,
                     std::to_string(text->size()) + " bytes; at most " +
                         std::to_string(kUrlBytesMax) + " are allowed");
        return;
    }
    tl::expected<Url, UrlFault> url = parse_url(*text);
    if (!url) {
        problems.add(url.error().code, pointer, url.error().detail, url.error().hint);
        return;
    }
    Result<std::vector<TextPart>> parts = read_text(url->target);
    if (!parts) {
        problems.add("bad-expression", pointer, parts.error().message);
        return;
    }
    if (const tl::expected<void, UrlFault> good = check_target(*parts); !good) {
        problems.add(good.error().code, pointer, good.error().detail, good.error().hint);
        return;
    }
    for (TextPart& part : *parts) {
        if (auto* path = std::get_if<Path>(&part)) call.uses.push_back({std::move(*path), pointer});
    }
    call.url = std::move(*url);
}

void read_query(const Json& json, const std::string& pointer, ParsedCall& call,
                Problems& problems) {
    if (!json.is_object()) {
        problems.add("wrong-type", pointer, expected("an object", json));
        return;
    }
    if (json.size() > kQueryParametersMax) {
        problems.add("too-many", pointer,
                     std::to_string(json.size()) + " parameters; at most " +
                         std::to_string(kQueryParametersMax) + " are allowed");
        return;
    }
    for (const auto& [name, text] : json.get_ref<const Json::object_t&>()) {
        append(call.uses,
               read_text_template(text, pointer + '/' + escape_pointer_token(name), problems));
    }
}

void read_reply(ObjectReader& reader, ParsedCall& call, Problems& problems) {
    const std::string* const reply = reader.text("reply");
    if (reply == nullptr) return;
    if (*reply == "callback") {
        call.reply = ReplyMode::Callback;
    } else if (*reply != "direct") {
        const std::string hint = did_you_mean_hint(*reply, {"direct", "callback"});
        problems.add(
            "bad-value", reader.pointer("reply"),
            in_quotes(*reply) + " is neither \"direct\" nor \"callback\"",
            hint.empty() ? "leave it out where the reply itself says how the call ended" : hint);
    }
}

}  // namespace

std::vector<Template::Use> read_template(const Json& json, const std::string& pointer,
                                         Problems& problems, const std::string& hint) {
    std::vector<Template::Fault> faults;
    const std::optional<Template> parsed = Template::parse(json, faults);
    for (Template::Fault& fault : faults) {
        problems.add("bad-expression", pointer + fault.pointer, std::move(fault.message), hint);
    }
    if (!parsed) return {};
    std::vector<Template::Use> uses = parsed->uses();
    for (Template::Use& use : uses) use.pointer.insert(0, pointer);
    return uses;
}

std::vector<Template::Use> read_text_template(const Json& json, const std::string& pointer,
                                              Problems& problems) {
    if (json.is_string()) return read_template(json, pointer, problems);
    problems.add("wrong-type", pointer, expected("a string", json),
                 json.is_number() || json.is_boolean() ? "put it in quotes" : "");
    return {};
}

std::vector<Template::Use> read_headers(const Json& json, const std::string& pointer,
                                        Problems& problems) {
    std::vector<Template::Use> uses;
    if (!json.is_object()) {
        problems.add("wrong-type", pointer, expected("an object", json));
        return uses;
    }
    if (json.size() > kHeadersMax) {
        problems.add("too-many", pointer,
                     std::to_string(json.size()) + " headers; at most " +
                         std::to_string(kHeadersMax) + " are allowed");
        return uses;
    }
    std::vector<std::string> seen;
    for (const auto& [name, text] : json.get_ref<const Json::object_t&>()) {
        const std::string at = pointer + '/' + escape_pointer_token(name);
        check_header_name(name, at, problems);
        if (std::find(seen.begin(), seen.end(), to_lower(name)) != seen.end()) {
            problems.add("duplicate-header", at, in_quotes(name) + " is there in another case too",
                         "leave one of them out");
        }
        seen.push_back(to_lower(name));
        if (text.is_string() && has_control_character(text.get_ref<const std::string&>())) {
            problems.add("bad-header", at, "the value holds a control character",
                         "leave line breaks and tabs out");
        }
        append(uses, read_text_template(text, at, problems));
    }
    return uses;
}

ParsedCall read_call(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedCall call;
    call.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    read_method(reader, call, problems);
    read_url(reader, call, problems);
    if (const Json* const query = reader.any("query")) {
        read_query(*query, reader.pointer("query"), call, problems);
    }
    if (const Json* const headers = reader.any("headers")) {
        append(call.uses, read_headers(*headers, reader.pointer("headers"), problems));
    }
    if (const Json* const body = reader.any("body")) {
        call.has_body = true;
        append(call.uses, read_template(*body, reader.pointer("body"), problems));
    }
    read_reply(reader, call, problems);
    reader.refuse_others();
    return call;
}

}  // namespace skald::sagas
