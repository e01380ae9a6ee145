#include "api/trigger_starts.h"

#include <algorithm>
#include <utility>

#include "api/starting.h"
#include "sagas/event_scope.h"

namespace skald::api {
namespace {

constexpr std::string_view kTrigger = "\x1ftrigger\x1f";
constexpr char kBetween = '\x1f';

using sagas::ErrorCode;
using sagas::Json;

/// For people, in the dead letters; but an error that asking again may mend stays one.
sagas::Error to_error(const Problem& problem) {
    switch (problem.type) {
        case ProblemType::StoreUnavailable:
            return {ErrorCode::Unavailable, problem.detail};
        case ProblemType::Internal:
            return {ErrorCode::Corruption, problem.detail};
        case ProblemType::DefinitionNotFound:
            return {ErrorCode::NotFound, problem.detail};
        default:
            break;
    }
    std::string message = problem.detail;
    if (!problem.errors.empty()) {
        const sagas::Problem& first = problem.errors.front();
        message += " " + first.pointer + ": " + first.detail;
    }
    return {ErrorCode::InvalidArgument, std::move(message)};
}

std::string text_at(const Json& event, const char* name) {
    const auto found = event.find(name);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const sagas::Trigger* find_trigger(const sagas::Definition& definition, const std::string& topic,
                                   const std::string& type) {
    const auto found = std::find_if(definition.triggers.begin(), definition.triggers.end(),
                                    [&](const sagas::Trigger& trigger) {
                                        return trigger.topic == topic && trigger.type == type;
                                    });
    return found == definition.triggers.end() ? nullptr : &*found;
}

/// What a client would send. Errors: as StartsByEvents::make_start.
sagas::Result<StartRequest> to_request(const engine::Version& version,
                                       const engine::TriggerOrder& order, const Json& event) {
    const sagas::Definition& definition = version.definition;
    const std::string type = text_at(event, "type");
    const sagas::Trigger* const trigger = find_trigger(definition, order.topic, type);
    if (trigger == nullptr) {
        return sagas::fail(ErrorCode::NotFound, "version " + std::to_string(version.number) +
                                                    " of definition " + definition.name +
                                                    " has no trigger for " + type + " on " +
                                                    order.topic);
    }
    auto input = trigger->input.render(sagas::EventScope(event));
    if (!input) {
        return sagas::fail(input.error().code,
                           "the input of the trigger can't be made: " + input.error().message);
    }
    auto request = parse_start(Json{{"definition", definition.name},
                                    {"version", version.number},
                                    {"input", std::move(*input)}},
                               std::nullopt);
    if (!request) return tl::unexpected(to_error(request.error()));
    return std::move(*request);
}

}  // namespace

sagas::Result<engine::Start> StartsByEvents::make_start(const engine::TriggerOrder& order) const {
    const auto event = sagas::parse_json(order.event);
    if (!event || !event->is_object()) {
        return sagas::fail(ErrorCode::Corruption,
                           "an event of topic " + order.topic + " can't be read: " +
                               (event ? "it is no object" : event.error().message));
    }
    const auto version =
        read_again([&] { return ground_.catalog.to_start(order.definition, std::nullopt); });
    if (!version) return tl::unexpected(version.error());
    auto request = to_request(**version, order, *event);
    if (!request) return tl::unexpected(request.error());
    auto prepared = prepare_start(ground_, *request);
    if (!prepared) return tl::unexpected(to_error(prepared.error()));
    sagas::RequestKey key{
        trigger_key(order.definition, text_at(*event, "source"), text_at(*event, "id")), ""};
    return start_command(std::move(*request), std::move(*prepared), std::move(key), uuids_.next());
}

std::string trigger_key(std::string_view definition, std::string_view source, std::string_view id) {
    std::string key(kTrigger);
    key.append(definition).append(1, kBetween).append(source).append(1, kBetween).append(id);
    return key;
}

std::optional<TriggeringEvent> read_trigger_key(std::string_view key) {
    if (!key.starts_with(kTrigger)) return std::nullopt;
    const auto source = key.find(kBetween, kTrigger.size());
    const auto id = key.rfind(kBetween);
    if (source == std::string_view::npos || id <= source) return std::nullopt;
    return TriggeringEvent{std::string(key.substr(source + 1, id - source - 1)),
                           std::string(key.substr(id + 1))};
}

}  // namespace skald::api
