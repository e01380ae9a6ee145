#include <algorithm>

#include "sagas/checks.h"
#include "sagas/retry_defaults.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

class Finder {
 public:
    Finder(const ParsedDefinition& parsed, const StepGraph& graph, Problems& warnings)
        : parsed_(parsed), graph_(graph), warnings_(warnings), pivot_(find_pivot(parsed)) {}

    void run() {
        if (!parsed_.has_input_schema) {
            warnings_.add("no-input-schema", "", "any input is accepted",
                          "add \"input_schema\": a wrong input is then refused at once, and not "
                          "found out in the middle of a saga");
        }
        for (std::size_t i = 0; i < parsed_.steps.size(); ++i) {
            const ParsedStep& step = parsed_.steps[i];
            if (step.action) look_at_call(*step.action);
            if (step.undo.call) look_at_call(*step.undo.call);
            look_at_output(step);
            look_at_compensation(step);
            if (const std::optional<Position> where = position(graph_, pivot_, i)) {
                look_at_position(step, *where);
                look_at_deadline(step, *where);
            }
        }
    }

 private:
    void look_at_call(const ParsedCall& call) {
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
    }

    void look_at_output(const ParsedStep& step) {
        if (!step.is_optional || !step.has_output || step.name.empty()) return;
        if (!is_used(step.name)) {
            warnings_.add("unused-optional-output", step.pointer + "/output",
                          "no expression uses the output of this optional step",
                          "leave \"output\" out: a template that fails would only hide that the "
                          "step worked");
        }
    }

    static bool has_step(const std::vector<Template::Use>& uses, const std::string& name) {
        return std::any_of(uses.begin(), uses.end(), [&name](const Template::Use& use) {
            return use.path.root.kind == RootKind::StepOutput && use.path.root.name == name;
        });
    }

    bool is_used(const std::string& name) const {
        if (has_step(parsed_.output, name)) return true;
        return std::any_of(parsed_.steps.begin(), parsed_.steps.end(),
                           [&name](const ParsedStep& step) {
                               return has_step(step.when, name) || has_step(step.outcome, name) ||
                                      has_step(step.output, name) ||
                                      (step.action && has_step(step.action->uses, name)) ||
                                      (step.undo.call && has_step(step.undo.call->uses, name));
                           });
    }

    void look_at_compensation(const ParsedStep& step) {
        if (!step.undo.call) return;
        const ParsedCall& call = *step.undo.call;
        for (const Template::Use& use : call.uses) {
            const Root& root = use.path.root;
            const bool is_own = root.kind == RootKind::OwnOutput ||
                                (root.kind == RootKind::StepOutput && root.name == step.name);
            if (!is_own) continue;
            warnings_.add("own-output-in-compensation", use.pointer,
                          in_quotes(use.path.text) +
                              ": there is no output when the step is in doubt, and the saga would "
                              "be stuck",
                          "name what is to be undone by $action_key, or by an id from $input");
        }
        if (call.method == "GET") {
            warnings_.add("compensation-by-get", call.pointer + "/method",
                          "a GET changes nothing, so it undoes nothing",
                          "use POST or DELETE, or \"compensation\": \"none\"");
        }
        if (step.undo.retry.maximum_attempts) {
            warnings_.add("limited-compensation", step.undo.pointer + "/retry/maximum_attempts",
                          "the saga is stuck when these tries run out",
                          "leave the number out: a compensation is tried until it works");
        }
    }

    void look_at_position(const ParsedStep& step, Position where) {
        if (where == Position::After) {
            look_after_pivot(step);
            return;
        }
        const bool writes =
            step.action && step.action->method != "GET" && !step.action->method.empty();
        if (where == Position::Before && writes && step.undo.kind == ParsedUndoKind::Nothing) {
            warnings_.add("writes-without-undo", step.undo.pointer,
                          "a " + step.action->method +
                              " mostly leaves something behind, and nothing takes it back",
                          "right where it does not, or where that may stay; else say how it is "
                          "undone, or put the step after a pivot");
        }
    }

    void look_after_pivot(const ParsedStep& step) {
        if (step.undo.call) {
            warnings_.add("never-runs", step.undo.pointer,
                          "nothing after the pivot is ever compensated",
                          "leave it out, or move the step before the pivot");
        }
        if (step.in_doubt) {
            warnings_.add("never-applies", step.pointer + "/in_doubt",
                          "after the pivot a step is tried until it succeeds", "leave it out");
        }
        if (step.retry.maximum_attempts && !step.is_optional) {
            warnings_.add("limited-after-pivot", step.pointer + "/retry/maximum_attempts",
                          "after the pivot there is no way back: the saga is stuck when these "
                          "tries run out",
                          "leave the number out");
        }
    }

    void look_at_deadline(const ParsedStep& step, Position where) {
        if (!parsed_.deadline || where == Position::After) return;
        const RetryPolicy policy =
            resolve_retry(step.retry, parsed_.default_retry, action_role(step, where));
        const Milliseconds timeout =
            step.timeout.value_or(parsed_.default_timeout.value_or(kDefaultTimeout));
        const Milliseconds needed = time_to_exhaust(policy, timeout, *parsed_.deadline);
        if (needed < *parsed_.deadline) return;
        warnings_.add("retries-exceed-deadline", step.pointer,
                      "its tries, each of up to " + to_duration_text(timeout) +
                          ", can't all be made within the deadline of " +
                          to_duration_text(*parsed_.deadline),
                      "shorten \"timeout\" or \"retry\", or lengthen the deadline");
    }

    const ParsedDefinition& parsed_;
    const StepGraph& graph_;
    Problems& warnings_;
    std::optional<std::size_t> pivot_;
};

}  // namespace

void find_warnings(const ParsedDefinition& parsed, const StepGraph& graph, Problems& warnings) {
    Finder(parsed, graph, warnings).run();
}

}  // namespace skald::sagas
