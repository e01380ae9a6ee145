#include "api/plan_entries.h"

#include <string>
#include <utility>
#include <variant>

#include "api/masking.h"
#include "api/saga_view.h"
#include "api/step_place.h"
#include "sagas/event_call.h"
#include "sagas/event_match.h"
#include "sagas/request.h"
#include "sagas/saga_scope.h"
#include "sagas/sensitive.h"

namespace skald::api {
namespace {

using sagas::Definition;
using sagas::Phase;
using sagas::StepIndex;

std::string origin_of(sagas::HttpCall::Scheme scheme, const std::string& host, std::uint16_t port) {
    const bool is_secure = scheme == sagas::HttpCall::Scheme::Https;
    const bool is_ipv6 = host.find(':') != std::string::npos;
    std::string origin = is_secure ? "https://" : "http://";
    origin += is_ipv6 ? "[" + host + "]" : host;
    if (port != (is_secure ? 443 : 80)) origin += ":" + std::to_string(port);
    return origin;
}

const sagas::HttpCall* call_of(const sagas::Step& step, Phase phase) {
    if (phase == Phase::Action) return std::get_if<sagas::HttpCall>(&step.action);
    const auto* undo = std::get_if<sagas::Compensation>(&step.undo);
    return undo == nullptr ? nullptr : std::get_if<sagas::HttpCall>(&undo->call);
}

sagas::SagaScope shown_scope(const Definition& definition, const sagas::Saga& saga, StepIndex place,
                             Phase phase) {
    static const sagas::MaskedSecrets kMasked;
    sagas::SagaScope scope(definition, saga);
    scope.in(place, phase).with(kMasked);
    return scope;
}

bool is_sensitive(const Definition& definition, StepIndex place, const sagas::Template& text) {
    return !sagas::find_sensitive(definition, place, text).empty();
}

/// Values in the path are never sensitive (find_shown), those behind it may be.
bool has_sensitive_query(const Definition& definition, StepIndex place,
                         const sagas::HttpCall& call) {
    bool is_any = is_sensitive(definition, place, call.target);
    for (const auto& [name, text] : call.query) is_any |= is_sensitive(definition, place, text);
    return is_any;
}

std::string shown_target(const Definition& definition, StepIndex place, const sagas::HttpCall& call,
                         const std::string& target) {
    const std::size_t query = target.find('?');
    if (query == std::string::npos || !has_sensitive_query(definition, place, call)) return target;
    return target.substr(0, query) + "?" + std::string(sagas::kMasked);
}

Document shown_headers(const Definition& definition, StepIndex place, const sagas::HttpCall& call,
                       const sagas::Request& request) {
    Document headers = Document::object();
    for (const auto& [name, value] : request.headers) headers[name] = value;
    for (const auto& [name, text] : call.headers) {
        const bool is_hidden = headers.contains(name) && is_sensitive(definition, place, text);
        if (is_hidden) headers[name] = sagas::kMasked;
    }
    return headers;
}

/// {topic, success, failure?, match?}
Document awaited_document(const sagas::AwaitedEvent& event) {
    Document document{{"topic", event.topic}, {"success", event.success}};
    if (!event.failure.empty()) document["failure"] = event.failure;
    if (event.match) document["match"] = event.match->event.text;
    return document;
}

}  // namespace

Document PlanEntries::begin(StepIndex place, const sagas::StepState& state) const {
    Document entry;
    set_place(entry, definition_, place);
    set_state(entry, definition_.step(place), state);
    return entry;
}

Document PlanEntries::entry(StepIndex place, Phase phase, const sagas::StepState& state) const {
    Document entry = begin(place, state);
    const sagas::Step& step = definition_.step(place);
    if (const sagas::ChildSaga* child = sagas::child_called(step, phase)) {
        set_child(entry, place, phase, *child);
    } else if (const sagas::HttpCall* call = call_of(step, phase)) {
        set_call(entry, place, phase, *call);
    } else if (const sagas::EventCall* event = sagas::event_called(step, phase)) {
        set_event(entry, place, phase, *event);
    } else if (const auto* wait = std::get_if<sagas::Wait>(&step.action)) {
        set_wait(entry, place, *wait);
    }
    return entry;
}

Document PlanEntries::turn_of_child(StepIndex place, const sagas::StepState& state) const {
    Document entry = begin(place, state);
    const auto* child = sagas::child_called(definition_.step(place), Phase::Action);
    if (child != nullptr) set_child(entry, place, Phase::Action, *child);
    return entry;
}

Document PlanEntries::all_elements(StepIndex step) const {
    Document all = entry(step, Phase::Action, saga_.step(step).state);
    const sagas::Template& items = definition_.step(step).for_each->items;
    all["for_each"] = Document(items.document());
    // These are of one element.
    for (const char* name : {"unknown_yet", "key", "headers"}) all.erase(name);
    const auto made = items.render(shown_scope(definition_, saga_, step, Phase::Action));
    if (made && made->is_array()) all["elements"] = made->size();
    return all;
}

void PlanEntries::set_wait(Document& entry, StepIndex place, const sagas::Wait& wait) const {
    if (const auto* event = std::get_if<sagas::AwaitedEvent>(&wait.until)) {
        entry["awaits"] = awaited_document(*event);
        if (entry.contains("event_until")) return;
        entry["for"] = sagas::to_duration_text(definition_.step(place).callback_timeout);
        return;
    }
    if (entry.contains("until")) return;
    if (const auto* time = std::get_if<sagas::Milliseconds>(&wait.until)) {
        entry["for"] = sagas::to_duration_text(*time);
        return;
    }
    const auto& until = std::get<sagas::Template>(wait.until);
    const auto made =
        until.render_text(shown_scope(definition_, saga_, place, Phase::Action), nullptr);
    entry["until"] = made ? Document(*made) : Document(until.document());
    if (!made) entry["unknown_yet"] = made.error().message;
}

void PlanEntries::set_event(Document& entry, StepIndex place, Phase phase,
                            const sagas::EventCall& call) const {
    Document& event = entry["event"] = {{"topic", call.topic}, {"type", call.type}};
    const auto made = sagas::render_event(definition_, saga_, place, phase, 1, {});
    if (!made) entry["unknown_yet"] = made.error().message;
    const sagas::Json json = made ? made->json() : sagas::Json::object();
    if (json.contains("subject")) {
        const bool is_hidden = is_sensitive(definition_, place, *call.subject);
        event["subject"] = is_hidden ? Document(sagas::kMasked) : Document(json.at("subject"));
    }
    if (json.contains("data")) {
        event["data"] = masked(Document(json.at("data")),
                               sagas::find_sensitive(definition_, place, *call.data));
    }
    if (call.reply) entry["awaits"] = awaited_document(*call.reply);
    entry["key"] = sagas::idempotency_key(definition_, saga_, place, phase);
}

void PlanEntries::set_child(Document& entry, StepIndex place, Phase phase,
                            const sagas::ChildSaga& called) const {
    Document& child = entry["child"] = Document::object();
    const auto there = child_of(definition_, saga_, place, phase);
    if (there) child["id"] = there->id;
    child["definition"] = called.definition;
    if (const auto pin = saga_.pins.find(called.definition); pin != saga_.pins.end()) {
        child["version"] = pin->second;
    }
    const auto status = there ? around_.children.find(there->id) : around_.children.end();
    if (status != around_.children.end()) child["status"] = sagas::to_text(status->second);
    const auto input = called.input.render(shown_scope(definition_, saga_, place, phase));
    if (!input) {
        entry["unknown_yet"] = input.error().message;
        return;
    }
    entry["input"] =
        masked(Document(*input), sagas::find_sensitive(definition_, place, called.input));
}

void PlanEntries::set_call(Document& entry, StepIndex place, Phase phase,
                           const sagas::HttpCall& call) const {
    static const sagas::MaskedSecrets kSecrets;
    static const sagas::MaskedCallbackUrls kCallbacks;
    const auto request = sagas::render(definition_, saga_, place, phase, kSecrets, kCallbacks);
    const std::string origin = origin_of(call.scheme, call.host, call.port);
    entry["method"] = call.method;
    if (request) {
        entry["url"] = origin + shown_target(definition_, place, call, request->target);
        entry["headers"] = shown_headers(definition_, place, call, *request);
    } else {
        entry["url"] = origin + call.target.document().get<std::string>();
        entry["unknown_yet"] = request.error().message;
    }
    if (request && call.body) {
        entry["body"] = masked(Document::parse(request->body, nullptr, false),
                               sagas::find_sensitive(definition_, place, *call.body));
    }
    entry["key"] = sagas::idempotency_key(definition_, saga_, place, phase);
}

}  // namespace skald::api
