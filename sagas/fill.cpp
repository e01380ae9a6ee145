#include "sagas/fill.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sagas/ascii.h"
#include "sagas/check.h"
#include "sagas/checks.h"
#include "sagas/retry_defaults.h"

namespace skald::sagas {
namespace {

constexpr std::uint32_t kDefaultParallel = 10;

Json field_or(const Json& object, const char* field, const Json& otherwise) {
    const auto found = object.find(field);
    return found == object.end() ? otherwise : *found;
}

void copy_field(const Json& from, const char* field, Json& to) {
    if (const auto found = from.find(field); found != from.end()) to[field] = *found;
}

/// What the call names wins; names of headers don't differ by case.
Json merge_headers(const Json& defaults, Json own) {
    for (const auto& [name, text] : defaults.items()) {
        const std::string key = to_lower(name);
        bool is_named = false;
        for (const auto& [own_name, own_text] : own.items()) {
            is_named = is_named || to_lower(own_name) == key;
        }
        if (!is_named) own[name] = text;
    }
    return own;
}

Json retry_json(const RetryPolicy& policy) {
    Json json{{"initial_interval", to_duration_text(policy.initial_interval)},
              {"backoff_coefficient", policy.backoff_coefficient},
              {"maximum_interval", to_duration_text(policy.maximum_interval)},
              {"jitter", policy.jitter}};
    if (policy.maximum_attempts) json["maximum_attempts"] = *policy.maximum_attempts;
    return json;
}

class Filler {
 public:
    Filler(const Json& document, const ParsedDefinition& parsed, const StepGraph& graph)
        : document_(document),
          parsed_(parsed),
          graph_(graph),
          default_headers_(document.value("/defaults/headers"_json_pointer, Json::object())),
          pivot_(find_pivot(parsed)) {}

    Json run() const {
        Json filled{{"name", parsed_.name},
                    {"description", field_or(document_, "description", "")},
                    {"labels", field_or(document_, "labels", Json::object())},
                    {"steps", Json::array()}};
        if (parsed_.deadline) filled["deadline"] = to_duration_text(*parsed_.deadline);
        copy_field(document_, "input_schema", filled);
        copy_field(document_, "lock", filled);
        copy_field(document_, "output", filled);
        copy_field(document_, "sensitive", filled);
        if (!parsed_.triggers.empty()) filled["triggers"] = document_["triggers"];
        for (std::size_t i = 0; i < parsed_.steps.size(); ++i) {
            filled["steps"].push_back(step(document_["steps"][i], i));
        }
        return filled;
    }

 private:
    using Pointer = Json::json_pointer;

    Json step(const Json& from, std::size_t index) const {
        const ParsedStep& parsed = parsed_.steps[index];
        const std::optional<Position> where = position(graph_, pivot_, index);
        SKALD_CHECK(where.has_value());
        Json after = Json::array();
        for (const std::size_t earlier : parsed.after) {
            after.push_back(parsed_.step_names[earlier]);
        }
        Json to{{"name", parsed.name},
                {"after", std::move(after)},
                {"action", action(from["action"], *parsed.action)},
                {"pivot", parsed.is_pivot},
                {"optional", parsed.is_optional}};
        copy_field(from, "when", to);
        // What a kind of action has no use for is not filled in: it could not be given either.
        copy_field(from, "output", to);
        if (std::holds_alternative<ParsedWait>(*parsed.action)) return to;
        const auto* const event = action_as<ParsedEvent>(parsed.action);
        const bool is_answered = event == nullptr || event->reply;
        if (is_answered) to["in_doubt"] = parsed.in_doubt.value_or("compensate");
        if (parsed.for_each) {
            to["for_each"] = from["for_each"];
            to["max_parallel"] = parsed.for_each->max_parallel.value_or(kDefaultParallel);
        }
        if (parsed.undo.kind == ParsedUndoKind::Nothing) to["compensation"] = "none";
        if (parsed.undo.kind == ParsedUndoKind::Call) {
            to["compensation"] = compensation(from["compensation"], parsed.undo);
        }
        const RetryPolicy retry =
            resolve_retry(parsed.retry, parsed_.default_retry, action_role(parsed, *where));
        if (const auto* const http = std::get_if<ParsedCall>(&*parsed.action)) {
            to["outcome"] = field_or(from, "outcome", Json::array());
            fill_tries(*http, parsed.timeout, parsed.callback_timeout, retry, to);
        } else if (event != nullptr && is_answered) {
            to["retry"] = retry_json(retry);
        }
        return to;
    }

    Json compensation(const Json& from, const ParsedUndo& undo) const {
        Json to = action(from, *undo.call);
        const RetryPolicy retry =
            resolve_retry(undo.retry, parsed_.default_retry, RetryRole::Compensations);
        if (const auto* const http = std::get_if<ParsedCall>(&*undo.call)) {
            fill_tries(*http, undo.timeout, undo.callback_timeout, retry, to);
        } else if (reply_waited_for(undo.call) != nullptr) {
            to["retry"] = retry_json(retry);
        }
        return to;
    }

    void fill_tries(const ParsedCall& http, const std::optional<Milliseconds>& own_timeout,
                    const std::optional<Milliseconds>& callback_timeout, const RetryPolicy& retry,
                    Json& to) const {
        to["timeout"] = timeout(own_timeout);
        to["retry"] = retry_json(retry);
        if (http.reply == ReplyMode::Direct) return;
        to["callback_timeout"] =
            to_duration_text(callback_timeout.value_or(kDefaultCallbackTimeout));
    }

    /// `from`: the object that names the kind.
    Json action(const Json& from, const ParsedAction& parsed) const {
        if (const auto* const http = std::get_if<ParsedCall>(&parsed)) {
            return {{"http", call(from["http"], *http)}};
        }
        if (const auto* const wait = std::get_if<ParsedWait>(&parsed)) {
            if (wait->duration) return {{"wait", {{"for", to_duration_text(*wait->duration)}}}};
            if (!wait->event) return {{"wait", {{"until", from["wait"]["until"]}}}};
            return {{"wait", {{"event", awaited(from["wait"]["event"], *wait->event)}}}};
        }
        if (const auto* const event = std::get_if<ParsedEvent>(&parsed)) {
            return {{"event", published(from["event"], *event)}};
        }
        const Json& saga = from["saga"];
        return {{"saga",
                 {{"definition", saga["definition"]},
                  {"input", field_or(saga, "input", Json::object())}}}};
    }

    Json call(const Json& from, const ParsedCall& parsed) const {
        Json to{{"method", from["method"]},
                {"url", from["url"]},
                {"query", field_or(from, "query", Json::object())},
                {"headers",
                 merge_headers(default_headers_, field_or(from, "headers", Json::object()))}};
        copy_field(from, "body", to);
        if (parsed.reply == ReplyMode::Callback) to["reply"] = "callback";
        return to;
    }

    static Json published(const Json& from, const ParsedEvent& parsed) {
        Json to{{"topic", from["topic"]}, {"type", from["type"]}};
        copy_field(from, "subject", to);
        copy_field(from, "data", to);
        if (parsed.reply) to["reply"] = awaited(from["reply"], *parsed.reply);
        return to;
    }

    static Json awaited(const Json& from, const ParsedAwaited& parsed) {
        Json to{{"topic", from["topic"]}, {"success", types(from["success"])}};
        if (from.contains("failure")) to["failure"] = types(from["failure"]);
        copy_field(from, "match", to);
        to["timeout"] = to_duration_text(parsed.timeout.value_or(kDefaultReplyTimeout));
        return to;
    }

    /// One type that stands alone is a list of it.
    static Json types(const Json& from) {
        const Json& type = from["type"];
        return {{"type", type.is_array() ? type : Json::array({type})}};
    }

    std::string timeout(const std::optional<Milliseconds>& own) const {
        return to_duration_text(own.value_or(parsed_.default_timeout.value_or(kDefaultTimeout)));
    }

    const Json& document_;
    const ParsedDefinition& parsed_;
    const StepGraph& graph_;
    Json default_headers_;
    std::optional<std::size_t> pivot_;
};

}  // namespace

Json fill_definition(const Json& document, const ParsedDefinition& parsed, const StepGraph& graph) {
    return Filler(document, parsed, graph).run();
}

}  // namespace skald::sagas
