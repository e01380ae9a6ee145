#include <algorithm>
#include <array>

#include "sagas/ascii.h"
#include "sagas/checks.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Headers whose value is a credential, in lower case.
constexpr std::array<std::string_view, 6> kCredentials{
    "authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"};

bool is_credential(std::string_view name) {
    return std::find(kCredentials.begin(), kCredentials.end(), to_lower(name)) !=
           kCredentials.end();
}

/// Null: it isn't there.
const Json* find_json(const Json& document, const std::string& pointer) {
    const Json::json_pointer at(pointer);
    return document.contains(at) ? &document.at(at) : nullptr;
}

bool is_same_value(const Path& a, const Path& b) {
    return a.root.kind == b.root.kind && a.root.name == b.root.name && a.segments == b.segments;
}

/// Whether what `root` gives differs from saga to saga, so that a participant can tell by it what
/// is meant.
bool names_the_effect(RootKind root) {
    switch (root) {
        case RootKind::Secret:
        case RootKind::FailureStep:
        case RootKind::FailureReason:
        case RootKind::SagaStartedAt:
            return false;
        default:
            return true;
    }
}

/// A default header that hangs on the input says for whom a call is, not what it undoes.
bool name_the_saga(const std::vector<Template::Use>& default_headers) {
    return std::any_of(default_headers.begin(), default_headers.end(),
                       [](const Template::Use& use) {
                           const RootKind root = use.path.root.kind;
                           return root == RootKind::Key || root == RootKind::SagaId;
                       });
}

bool names_an_effect(const std::vector<Template::Use>& uses) {
    return std::any_of(uses.begin(), uses.end(), [](const Template::Use& use) {
        return names_the_effect(use.path.root.kind);
    });
}

class CallFinder {
 public:
    CallFinder(const Json& document, const ParsedDefinition& parsed, const StepGraph& graph,
               Problems& warnings)
        : document_(document), parsed_(parsed), graph_(graph), warnings_(warnings) {}

    void run() {
        look_at_headers("/defaults/headers", parsed_.default_headers);
        const std::optional<std::size_t> pivot = find_pivot(parsed_);
        for (std::size_t i = 0; i < parsed_.steps.size(); ++i) {
            const ParsedStep& step = parsed_.steps[i];
            if (const auto* call = action_as<ParsedCall>(step.action)) look_at(*call, step);
            if (const auto* call = action_as<ParsedCall>(step.undo.call)) look_at(*call, step);
            const std::optional<Position> where = position(graph_, pivot, i);
            if (where && *where != Position::After) look_at_undo(step);
            look_for_parallel_write(i);
        }
    }

 private:
    void look_at(const ParsedCall& call, const ParsedStep& step) {
        if (call.method == "GET" && call.has_body) {
            warnings_.add("get-with-body", call.pointer + "/body",
                          "many servers ignore the body of a GET, or refuse it",
                          "use \"query\", or POST");
        }
        if (call.url && call.url->scheme == HttpCall::Scheme::Http &&
            !is_loopback(call.url->host)) {
            warnings_.add(
                "plain-http", call.pointer + "/url",
                "calls to " + in_quotes(call.url->host) + " can be read and changed on their way",
                "use https://");
        }
        look_at_headers(call.pointer + "/headers", call.uses);
        look_at_url(call, step);
    }

    void look_at_headers(const std::string& pointer, const std::vector<Template::Use>& uses) {
        const Json* const headers = find_json(document_, pointer);
        if (headers == nullptr || !headers->is_object()) return;
        for (const auto& [name, value] : headers->get_ref<const Json::object_t&>()) {
            if (!is_credential(name) || !value.is_string()) continue;
            const std::string at = pointer + '/' + escape_pointer_token(name);
            const bool is_literal =
                std::none_of(uses.begin(), uses.end(),
                             [&at](const Template::Use& use) { return use.pointer == at; });
            if (!is_literal || value.get_ref<const std::string&>().empty()) continue;
            warnings_.add("literal-credential", at,
                          "a definition is stored and shown to everyone who may read it, with what "
                          "stands here",
                          "use {$secrets.NAME}");
        }
    }

    void look_at_url(const ParsedCall& call, const ParsedStep& step) {
        const std::string url = call.pointer + "/url";
        for (const Template::Use& use : call.uses) {
            if (use.pointer != url || use.path.missing == Missing::IsError) continue;
            const bool is_asked_for = std::any_of(
                step.when.begin(), step.when.end(),
                [&use](const Template::Use& asked) { return is_same_value(asked.path, use.path); });
            if (is_asked_for) continue;
            warnings_.add("null-in-url", url,
                          in_quotes(use.path.text) +
                              ": where there is no value, the text null stands in the URL",
                          "leave the \"?\" out, ask for the value in this step's \"when\", or send "
                          "it in \"query\", where it is left out then");
        }
    }

    void look_at_undo(const ParsedStep& step) {
        if (!step.action || !step.undo.call) return;
        const ParsedCall* const action = action_as<ParsedCall>(step.action);
        const ParsedCall* const undo = action_as<ParsedCall>(step.undo.call);
        if (undo != nullptr && undo->method == "GET") {
            warnings_.add("compensation-by-get", undo->pointer + "/method",
                          "a GET changes nothing, so it undoes nothing",
                          "use POST or DELETE, or \"compensation\": \"none\"");
        } else if (action != nullptr && action->method == "GET") {
            warnings_.add("compensation-of-get", step.undo.pointer,
                          "a GET changes nothing, so there is nothing to undo",
                          "write \"compensation\": \"none\"; a call that changes something is a "
                          "POST, PUT, PATCH or DELETE");
        } else if (action != nullptr && undo != nullptr && is_same_request(*action, *undo)) {
            warnings_.add("compensation-repeats-action", undo->pointer,
                          "it sends the request of the action once more",
                          "name the call that undoes it");
        } else if (!step.for_each) {
            look_at_reference(*step.undo.call);
        }
    }

    /// Of the elements of `for_each` each must be told (for_each_warnings.cpp).
    void look_at_reference(const ParsedAction& undo) {
        // An event says by itself what it is about: sagaid, sagastep and sagakey.
        if (names_an_effect(uses_of(undo)) || std::holds_alternative<ParsedEvent>(undo)) return;
        const auto* const call = std::get_if<ParsedCall>(&undo);
        if (call == nullptr) {
            warnings_.add("compensation-without-reference", pointer_of(undo),
                          "every saga is undone by a child with the same input: nothing tells what "
                          "is to be undone",
                          "name it in \"input\", by $action_key or an id from $input");
        } else if (call->url && !name_the_saga(parsed_.default_headers)) {
            warnings_.add("compensation-without-reference", call->pointer,
                          "it sends the same request for every saga: only the headers Skald-Saga "
                          "and Skald-Step tell what is to be undone",
                          "name it by $action_key, or by an id from $input");
        }
    }

    bool is_same_request(const ParsedCall& a, const ParsedCall& b) const {
        return a.url && b.url && is_same_member(a, b, "/method") && is_same_member(a, b, "/url") &&
               is_same_member(a, b, "/query") && is_same_member(a, b, "/body");
    }

    bool is_same_member(const ParsedCall& a, const ParsedCall& b, const char* member) const {
        const Json* const of_a = find_json(document_, a.pointer + member);
        const Json* const of_b = find_json(document_, b.pointer + member);
        if (of_a == nullptr || of_b == nullptr) return of_a == of_b;
        return *of_a == *of_b;
    }

    /// One earlier in the list than step `later` that may run at the same time.
    void look_for_parallel_write(std::size_t later) {
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            if (!are_parallel(earlier, later) || !write_the_same(earlier, later)) continue;
            const ParsedStep& step = parsed_.steps[later];
            warnings_.add("parallel-writes", pointer_of(*step.action) + "/url",
                          in_quotes(parsed_.step_names[earlier]) +
                              " writes there at the same time: one may overwrite what the other "
                              "wrote",
                          "order them with \"after\"");
            return;
        }
    }

    /// Not where the order isn't known in full, nor of two ways of which a saga takes one.
    bool are_parallel(std::size_t a, std::size_t b) const {
        const ParsedStep& one = parsed_.steps[a];
        const ParsedStep& other = parsed_.steps[b];
        return !graph_.is_ancestor(a, b) && !graph_.is_ancestor(b, a) &&
               !(one.has_when && other.has_when) &&
               std::none_of(parsed_.steps.begin(), parsed_.steps.end(),
                            [](const ParsedStep& step) { return step.has_unknown_after; });
    }

    bool write_the_same(std::size_t a, std::size_t b) const {
        const ParsedCall* const one = action_as<ParsedCall>(parsed_.steps[a].action);
        const ParsedCall* const other = action_as<ParsedCall>(parsed_.steps[b].action);
        if (one == nullptr || other == nullptr || !one->url || !other->url) return false;
        const auto overwrites = [](const std::string& method) {
            return method == "PUT" || method == "PATCH" || method == "DELETE";
        };
        const bool both_write = one->method != "GET" && other->method != "GET";
        return both_write && (overwrites(one->method) || overwrites(other->method)) &&
               one->url->host == other->url->host && one->url->port == other->url->port &&
               one->url->target == other->url->target;
    }

    const Json& document_;
    const ParsedDefinition& parsed_;
    const StepGraph& graph_;
    Problems& warnings_;
};

}  // namespace

void find_call_warnings(const Json& document, const ParsedDefinition& parsed,
                        const StepGraph& graph, Problems& warnings) {
    CallFinder(document, parsed, graph, warnings).run();
}

}  // namespace skald::sagas
