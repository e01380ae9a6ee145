#include "sagas/stored_parts.h"

#include <limits>

#include "sagas/path.h"
#include "sagas/url.h"

namespace skald::sagas {
namespace {

constexpr Milliseconds kAnyMin{0};
constexpr Milliseconds kAnyMax = std::chrono::days{36'500};

std::optional<Outcome> read_is(const std::string& text) {
    if (text == "success") return Outcome::Success;
    if (text == "failure") return Outcome::Failure;
    if (text == "retry") return Outcome::Retry;
    if (text == "unknown") return Outcome::Unknown;
    return std::nullopt;
}

}  // namespace

/// What the definition can't be built without.
template <typename T>
T StoredParts::needed(std::optional<T> value, const ObjectReader& reader, const char* field) {
    if (!value && problems_.is_empty()) {
        problems_.add("missing-field", reader.pointer(field), "the field is missing");
    }
    return value.value_or(T{});
}

std::string StoredParts::text(ObjectReader& reader, const char* field) {
    const std::string* const text = reader.text(field);
    if (text == nullptr) {
        problems_.add("missing-field", reader.pointer(field), "the field is missing");
        return {};
    }
    return *text;
}

bool StoredParts::flag(ObjectReader& reader, const char* field) {
    return needed(reader.flag(field), reader, field);
}

Milliseconds StoredParts::duration(ObjectReader& reader, const char* field) {
    return needed(reader.duration(field, kAnyMin, kAnyMax), reader, field);
}

std::optional<Template> StoredParts::any_template(ObjectReader& reader, const char* field) {
    const Json* const json = reader.any(field);
    if (json == nullptr) return std::nullopt;
    Result<Template> parsed = Template::parse(*json);
    if (!parsed) {
        problems_.add("bad-expression", reader.pointer(field), parsed.error().message);
        return std::nullopt;
    }
    return parsed->bind_steps(names_);
}

std::optional<Condition> StoredParts::any_condition(ObjectReader& reader, const char* field) {
    const std::string* const text = reader.text(field);
    if (text == nullptr) return std::nullopt;
    Result<Condition> parsed = Condition::parse(*text);
    if (!parsed) {
        problems_.add("bad-condition", reader.pointer(field), parsed.error().message);
        return std::nullopt;
    }
    return parsed->bind_steps(names_);
}

std::vector<std::pair<std::string, Template>> StoredParts::texts(const Json& json,
                                                                 const std::string& pointer) {
    std::vector<std::pair<std::string, Template>> texts;
    if (!json.is_object()) {
        problems_.add("wrong-type", pointer, expected("an object", json));
        return texts;
    }
    for (const auto& [name, text] : json.get_ref<const Json::object_t&>()) {
        Result<Template> parsed = Template::parse(text);
        if (!parsed || !text.is_string()) {
            problems_.add("bad-expression", pointer, "no text that can be read");
            continue;
        }
        texts.emplace_back(name, parsed->bind_steps(names_));
    }
    return texts;
}

std::optional<StoredParts::StoredAction> StoredParts::action(ObjectReader& reader) {
    if (const Json* const json = reader.any("http")) {
        std::optional<HttpCall> call = http(*json, reader.pointer("http"));
        if (!call) return std::nullopt;
        return StoredAction{std::move(*call), std::nullopt};
    }
    if (const Json* const json = reader.any("saga")) {
        std::optional<ChildSaga> called = child(*json, reader.pointer("saga"));
        if (!called) return std::nullopt;
        return StoredAction{std::move(*called), std::nullopt};
    }
    if (const Json* const json = reader.any("wait")) return wait(*json, reader.pointer("wait"));
    if (const Json* const json = reader.any("event")) return event(*json, reader.pointer("event"));
    problems_.add("missing-field", reader.pointer(), "there is no kind of call");
    return std::nullopt;
}

std::optional<HttpCall> StoredParts::http(const Json& json, const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    std::string method = text(reader, "method");
    tl::expected<Url, UrlFault> url = parse_url(text(reader, "url"));
    const Json* const query = reader.any("query");
    const Json* const headers = reader.any("headers");
    std::optional<Template> body = any_template(reader, "body");
    const std::string* const reply = reader.text("reply");
    reader.refuse_others();
    if (!url || query == nullptr || headers == nullptr ||
        (reply != nullptr && *reply != "callback")) {
        problems_.add("bad-url", reader.pointer(), "no call that can be made");
        return std::nullopt;
    }
    Result<Template> target = Template::parse(url->target);
    if (!target) {
        problems_.add("bad-expression", reader.pointer("url"), target.error().message);
        return std::nullopt;
    }
    return HttpCall{.method = std::move(method),
                    .scheme = url->scheme,
                    .host = std::move(url->host),
                    .port = url->port,
                    .target = target->bind_steps(names_),
                    .query = texts(*query, reader.pointer("query")),
                    .headers = texts(*headers, reader.pointer("headers")),
                    .body = std::move(body),
                    .reply = reply != nullptr ? ReplyMode::Callback : ReplyMode::Direct};
}

std::optional<StoredParts::StoredAction> StoredParts::wait(const Json& json,
                                                           const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    StoredAction read{Wait{}, std::nullopt};
    auto& end = std::get<Wait>(read.action).until;
    if (const Json* const event = reader.any("event")) {
        std::optional<StoredAwaited> stored = awaited(*event, reader.pointer("event"));
        if (!stored) return std::nullopt;
        end = std::move(stored->event);
        read.awaits = stored->timeout;
    } else if (std::optional<Template> until = any_template(reader, "until")) {
        end = std::move(*until);
    } else {
        end = duration(reader, "for");
    }
    reader.refuse_others();
    return read;
}

std::optional<StoredParts::StoredAction> StoredParts::event(const Json& json,
                                                            const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    StoredAction read{EventCall{}, std::nullopt};
    auto& call = std::get<EventCall>(read.action);
    call.topic = text(reader, "topic");
    call.type = text(reader, "type");
    call.subject = any_template(reader, "subject");
    call.data = any_template(reader, "data");
    const Json* const reply = reader.any("reply");
    reader.refuse_others();
    if (call.subject && !call.subject->document().is_string()) {
        problems_.add("wrong-type", reader.pointer("subject"), "no text that can be read");
    }
    if (reply != nullptr) {
        std::optional<StoredAwaited> stored = awaited(*reply, reader.pointer("reply"));
        if (!stored) return std::nullopt;
        call.reply = std::move(stored->event);
        read.awaits = stored->timeout;
    }
    return read;
}

std::optional<StoredParts::StoredAwaited> StoredParts::awaited(const Json& json,
                                                               const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    AwaitedEvent event{.topic = text(reader, "topic"), .success = {}, .failure = {}, .match = {}};
    const Json* const success = reader.any("success");
    const Json* const failure = reader.any("failure");
    const Json* const by = reader.any("match");
    const Milliseconds timeout = duration(reader, "timeout");
    reader.refuse_others();
    if (success == nullptr) {
        problems_.add("missing-field", reader.pointer("success"), "the field is missing");
        return std::nullopt;
    }
    event.success = types(*success, reader.pointer("success"));
    if (failure != nullptr) event.failure = types(*failure, reader.pointer("failure"));
    if (by != nullptr) {
        event.match = match(*by, reader.pointer("match"));
        if (!event.match) return std::nullopt;
    }
    return StoredAwaited{std::move(event), timeout};
}

std::optional<EventMatch> StoredParts::match(const Json& json, const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    const std::string path = text(reader, "event");
    std::optional<Template> saga = any_template(reader, "saga");
    reader.refuse_others();
    const bool is_path = is_whole_path(path);
    Result<PathText> event = read_path(is_path ? path : "$", PathPlace::Whole);
    if (!event || !saga) {
        problems_.add("bad-expression", reader.pointer(), "no match that can be read");
        return std::nullopt;
    }
    return EventMatch{std::move(event->path), std::move(*saga)};
}

std::vector<std::string> StoredParts::types(const Json& json, const std::string& pointer) {
    std::vector<std::string> types;
    ObjectReader reader(json, pointer, problems_);
    const Json* const list = reader.array("type");
    reader.refuse_others();
    for (const Json& type : list == nullptr ? Json::array() : *list) {
        if (type.is_string()) types.push_back(type.get<std::string>());
    }
    if (types.empty() || types.size() != list->size()) {
        problems_.add("bad-value", reader.pointer("type"), "no types that can be read");
    }
    return types;
}

std::optional<ChildSaga> StoredParts::child(const Json& json, const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    std::string definition = text(reader, "definition");
    std::optional<Template> input = any_template(reader, "input");
    reader.refuse_others();
    if (!input) {
        problems_.add("missing-field", reader.pointer("input"), "the field is missing");
        return std::nullopt;
    }
    return ChildSaga{std::move(definition), std::move(*input)};
}

std::optional<Trigger> StoredParts::trigger(const Json& json, const std::string& pointer) {
    ObjectReader reader(json, pointer, problems_);
    std::string topic = text(reader, "topic");
    std::string type = text(reader, "type");
    std::optional<Template> input = any_template(reader, "input");
    reader.refuse_others();
    if (!input) {
        problems_.add("missing-field", reader.pointer("input"), "the field is missing");
        return std::nullopt;
    }
    return Trigger{std::move(topic), std::move(type), std::move(*input)};
}

StoredParts::Tries StoredParts::tries(ObjectReader& reader, const StoredAction& action) {
    Tries tries;
    if (action.awaits) tries.callback_timeout = *action.awaits;
    const auto* const http = std::get_if<HttpCall>(&action.action);
    const auto* const event = std::get_if<EventCall>(&action.action);
    const bool is_once = http == nullptr && (event == nullptr || !event->reply);
    if (is_once) {
        tries.retry.maximum_attempts = 1;
        return tries;
    }
    if (http != nullptr) tries.timeout = duration(reader, "timeout");
    if (http != nullptr && http->reply == ReplyMode::Callback) {
        tries.callback_timeout = duration(reader, "callback_timeout");
    }
    tries.retry = retry(reader);
    return tries;
}

std::vector<OutcomeRule> StoredParts::outcome(ObjectReader& step) {
    std::vector<OutcomeRule> rules;
    const Json* const json = step.array("outcome");
    if (json == nullptr) {
        problems_.add("missing-field", step.pointer("outcome"), "the field is missing");
        return rules;
    }
    for (const Json& rule : *json) {
        ObjectReader reader(rule, step.pointer("outcome"), problems_);
        std::optional<Condition> when = any_condition(reader, "when");
        const std::optional<Outcome> is = read_is(text(reader, "is"));
        reader.refuse_others();
        if (when && is) {
            rules.push_back(OutcomeRule{std::move(*when), *is});
        } else {
            problems_.add("bad-value", step.pointer("outcome"), "no rule that can be read");
        }
    }
    return rules;
}

RetryPolicy StoredParts::retry(ObjectReader& reader) {
    RetryPolicy policy;
    const Json* const json = reader.any("retry");
    if (json == nullptr) {
        problems_.add("missing-field", reader.pointer("retry"), "the field is missing");
        return policy;
    }
    constexpr double kHuge = std::numeric_limits<double>::max();
    ObjectReader fields(*json, reader.pointer("retry"), problems_);
    policy.maximum_attempts =
        fields.count("maximum_attempts", std::numeric_limits<std::uint32_t>::max());
    policy.initial_interval = duration(fields, "initial_interval");
    policy.backoff_coefficient =
        needed(fields.number("backoff_coefficient", 0, kHuge), fields, "backoff_coefficient");
    policy.maximum_interval = duration(fields, "maximum_interval");
    policy.jitter = needed(fields.number("jitter", 0, kHuge), fields, "jitter");
    fields.refuse_others();
    return policy;
}

}  // namespace skald::sagas
