#include "sagas/event_match.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>

#include "sagas/check.h"
#include "sagas/event_call.h"
#include "sagas/event_scope.h"
#include "sagas/json_text.h"
#include "sagas/path.h"
#include "sagas/saga_scope.h"

namespace skald::sagas {
namespace {

constexpr std::string_view kBySaga = "saga";
constexpr std::string_view kByPath = "path";

/// The fields, each behind its length: no two lists of fields give one key.
std::string joined_key(std::initializer_list<std::string_view> fields) {
    std::string key;
    for (const std::string_view field : fields) {
        append_number(key, field.size());
        key.append(1, ':').append(field);
    }
    return key;
}

/// As an integer, where it is one that 64 bits hold: 1 and 1.0 are equal.
Json plain_number(const Json& value) {
    constexpr double kTwo63 = 9'223'372'036'854'775'808.0;
    if (!value.is_number_float()) return value;
    const auto number = value.get<double>();
    if (std::trunc(number) != number) return value;
    if (number >= -kTwo63 && number < kTwo63) return static_cast<std::int64_t>(number);
    if (number >= kTwo63 && number < 2 * kTwo63) return static_cast<std::uint64_t>(number);
    return value;
}

/// None: it is no text, number or boolean.
std::optional<std::string> canonical(const Json& value) {
    if (!value.is_string() && !value.is_number() && !value.is_boolean()) return std::nullopt;
    std::string text;
    append_json(text, plain_number(value), NotUtf8::Replaced);
    return text;
}

/// Empty: there is none, or it is no text.
std::string_view text_member(const Json& event, const char* name) {
    const auto found = event.find(name);
    if (found == event.end() || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

/// Empty: it doesn't name both a saga and a step.
std::string saga_key(std::string_view topic, std::string_view type, const Json& event) {
    const std::string_view saga = text_member(event, "sagaid");
    const std::string_view step = text_member(event, "sagastep");
    if (saga.empty() || step.empty()) return {};
    const std::string_view phase =
        event.contains("sagaphase") ? text_member(event, "sagaphase") : to_text(Phase::Action);
    return joined_key({topic, type, kBySaga, saga, step, phase});
}

std::optional<std::string> value_at(const std::string& path, const Json& event) {
    const Result<PathText> read = read_path(path, PathPlace::Whole);
    if (!read) return std::nullopt;
    const Result<Json> value = evaluate(read->path, EventScope(event));
    return value ? canonical(*value) : std::nullopt;
}

const Compensation* compensation_of(const Step& step) {
    return std::get_if<Compensation>(&step.undo);
}

std::vector<std::string> types_of(const AwaitedEvent& awaited) {
    std::vector<std::string> types = awaited.success;
    types.insert(types.end(), awaited.failure.begin(), awaited.failure.end());
    return types;
}

/// The value by which the event is looked for, as it stands in a key.
Result<std::string> awaited_value(const EventMatch& match, const Scope& scope) {
    const Result<Json> value = match.saga.render(scope);
    if (!value) return fail(value.error().code, "match: " + value.error().message);
    auto text = canonical(*value);
    if (text) return std::move(*text);
    return fail(ErrorCode::InvalidArgument,
                "match: not a text, number or boolean, but " + std::string(value->type_name()));
}

/// Why, as far as its data says.
std::string reason_in(const Json& data) {
    if (!data.is_object()) return {};
    for (const char* const name : {"error", "reason"}) {
        const std::string_view text = text_member(data, name);
        if (!text.empty()) return std::string(text);
    }
    return {};
}

std::optional<Outcome> outcome_by(const AwaitedEvent& awaited, std::string_view type) {
    const auto is_among = [type](const std::vector<std::string>& types) {
        return std::find(types.begin(), types.end(), type) != types.end();
    };
    if (is_among(awaited.success)) return Outcome::Success;
    if (is_among(awaited.failure)) return Outcome::Failure;
    return std::nullopt;
}

}  // namespace

std::vector<MatchPath> match_paths(const Definition& definition) {
    std::vector<MatchPath> paths;
    for (const Step& step : definition.steps) {
        for (const Phase phase : {Phase::Action, Phase::Compensation}) {
            const AwaitedEvent* const awaited = awaited_event(step, phase);
            if (awaited == nullptr) continue;
            for (std::string& type : types_of(*awaited)) {
                paths.push_back({awaited->topic, std::move(type),
                                 awaited->match ? awaited->match->event.text : std::string()});
            }
        }
    }
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    return paths;
}

const EventCall* event_called(const Step& step, Phase phase) {
    if (phase == Phase::Action) return std::get_if<EventCall>(&step.action);
    const Compensation* const compensation = compensation_of(step);
    return compensation == nullptr ? nullptr : std::get_if<EventCall>(&compensation->call);
}

const AwaitedEvent* awaited_event(const Step& step, Phase phase) {
    if (const EventCall* const call = event_called(step, phase)) {
        return call->reply ? &*call->reply : nullptr;
    }
    const auto* const wait = phase == Phase::Action ? std::get_if<Wait>(&step.action) : nullptr;
    return wait == nullptr ? nullptr : std::get_if<AwaitedEvent>(&wait->until);
}

bool speaks_events(const Definition& definition) { return definition.has_events; }

EventKeys keys_of_event(std::string_view topic, const Json& event,
                        const std::vector<MatchPath>& paths) {
    EventKeys keys;
    if (!event.is_object()) return keys;
    const std::string_view type = text_member(event, "type");
    bool is_by_saga = false;
    for (const MatchPath& path : paths) {
        const bool is_own = (path.topic == topic && path.type == type) || path == MatchPath{};
        if (!is_own) continue;
        if (path.path.empty()) {
            is_by_saga = true;
        } else if (const auto value = value_at(path.path, event)) {
            keys.values.push_back(joined_key({topic, type, kByPath, path.path, *value}));
        }
    }
    if (is_by_saga) keys.saga = saga_key(topic, type, event);
    return keys;
}

bool is_awaited(const EventKeys& keys, const std::vector<std::string>& awaited) {
    return std::any_of(awaited.begin(), awaited.end(), [&keys](const std::string& key) {
        return key == keys.saga ||
               std::find(keys.values.begin(), keys.values.end(), key) != keys.values.end();
    });
}

Result<std::vector<std::string>> keys_awaited(const Definition& definition, const Saga& saga,
                                              StepIndex step, Phase phase) {
    const AwaitedEvent* const awaited = awaited_event(definition.step(step), phase);
    SKALD_CHECK(awaited != nullptr);
    std::string value;
    if (awaited->match) {
        auto made = awaited_value(*awaited->match, SagaScope(definition, saga).in(step, phase));
        if (!made) return tl::unexpected<Error>(std::move(made.error()));
        value = std::move(*made);
    }
    std::vector<std::string> keys;
    for (const std::string& type : types_of(*awaited)) {
        keys.push_back(awaited->match ? joined_key({awaited->topic, type, kByPath,
                                                    awaited->match->event.text, value})
                                      : joined_key({awaited->topic, type, kBySaga, saga.id,
                                                    event_step(definition, step), to_text(phase)}));
    }
    return keys;
}

std::optional<CalledBack> reply_by_event(const Definition& definition, StepIndex step, Phase phase,
                                         const Json& event, EventRef ref) {
    const AwaitedEvent* const awaited = awaited_event(definition.step(step), phase);
    if (awaited == nullptr || !event.is_object() || ref.topic != awaited->topic) {
        return std::nullopt;
    }
    const auto outcome = outcome_by(*awaited, text_member(event, "type"));
    if (!outcome) return std::nullopt;
    const auto data = event.find("data");
    const bool has_data = data != event.end();
    const bool is_good = *outcome == Outcome::Success;
    return CalledBack{step,
                      phase,
                      *outcome,
                      is_good && has_data ? make_value(*data) : nullptr,
                      !is_good && has_data ? reason_in(*data) : std::string(),
                      std::move(ref)};
}

}  // namespace skald::sagas
