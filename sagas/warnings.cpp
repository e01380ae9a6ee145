#include <algorithm>
#include <utility>

#include "sagas/checks.h"
#include "sagas/retry_defaults.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Tries without end that are closer together than this harm who is to recover.
constexpr Milliseconds kEndlessPauseMin{1'000};

class StepFinder {
 public:
    StepFinder(const ParsedDefinition& parsed, const StepGraph& graph, Problems& warnings)
        : parsed_(parsed), graph_(graph), warnings_(warnings), pivot_(find_pivot(parsed)) {}

    void run() {
        if (!parsed_.has_input_schema) {
            warnings_.add("no-input-schema", "", "any input is accepted",
                          "add \"input_schema\": a wrong input is then refused at once, and not "
                          "found out in the middle of a saga");
        }
        look_at_lock();
        for (std::size_t i = 0; i < parsed_.steps.size(); ++i) {
            const ParsedStep& step = parsed_.steps[i];
            look_at_compensation(step);
            if (const std::optional<Position> where = position(graph_, pivot_, i)) {
                look_at_output(step, *where);
                look_at_headers(step);
                look_at_position(step, *where);
                look_at_deadline(step, *where);
                look_at_waiting(step, *where);
                look_at_pauses(step, *where);
            }
        }
    }

 private:
    void look_at_lock() {
        for (const Template::Use& use : parsed_.lock) {
            if (use.path.missing == Missing::IsError) continue;
            warnings_.add("null-in-lock", use.pointer,
                          in_quotes(use.path.text) +
                              ": where there is no value, the lock is null and the start refused; "
                              "or the text null stands in it, and such sagas wait for each other",
                          "leave the \"?\" out, and require the value in \"input_schema\"");
        }
    }

    void look_at_output(const ParsedStep& step, Position where) {
        if (!step.has_output || step.name.empty() || is_used(step)) return;
        if (step.is_optional) {
            warnings_.add("unused-optional-output", step.pointer + "/output",
                          "no expression uses the output of this optional step",
                          "leave \"output\" out: a template that fails would only hide that the "
                          "step worked");
        } else if (can_fail(step.output)) {
            warnings_.add(
                "unused-output", step.pointer + "/output",
                std::string("no expression uses the output, and where the reply lacks a "
                            "value that it names, ") +
                    (where == Position::Before ? "the saga turns back" : "the saga is stuck"),
                "leave \"output\" out (the whole reply is kept then), or end its "
                "expressions with \"?\"");
        }
    }

    void look_at_headers(const ParsedStep& step) {
        const ParsedCall* const call = action_as<ParsedCall>(step.action);
        if (call == nullptr || call->reply == ReplyMode::Direct) return;
        for (const Template::Use& use : step.output) {
            const bool needs_header = use.path.root.kind == RootKind::ResponseHeader &&
                                      use.path.missing == Missing::IsError;
            if (!needs_header) continue;
            warnings_.add(
                "header-of-callback", use.pointer,
                in_quotes(use.path.text) +
                    ": a callback has no headers, and the output could not be made",
                "let the participant send it in the callback's \"output\", or end it with "
                "\"?\"");
        }
    }

    /// Whether a reply may lack what a template of it names.
    static bool can_fail(const std::vector<Template::Use>& uses) {
        return std::any_of(uses.begin(), uses.end(), [](const Template::Use& use) {
            const RootKind root = use.path.root.kind;
            return use.path.missing == Missing::IsError &&
                   (root == RootKind::ResponseHeader ||
                    (root == RootKind::ResponseBody && !use.path.segments.empty()));
        });
    }

    static bool has_step(const std::vector<Template::Use>& uses, const std::string& name) {
        return std::any_of(uses.begin(), uses.end(), [&name](const Template::Use& use) {
            return use.path.root.kind == RootKind::StepOutput && use.path.root.name == name;
        });
    }

    static bool has_step(const ParsedStep& in, const std::string& name) {
        return has_step(in.when, name) || has_step(in.outcome, name) || has_step(in.output, name) ||
               (in.for_each && has_step(in.for_each->items, name)) ||
               (in.action && has_step(uses_of(*in.action), name)) ||
               (in.undo.call && has_step(uses_of(*in.undo.call), name));
    }

    static bool uses_own_output(const ParsedUndo& undo) {
        if (!undo.call) return false;
        const std::vector<Template::Use>& uses = uses_of(*undo.call);
        return std::any_of(uses.begin(), uses.end(), [](const Template::Use& use) {
            return use.path.root.kind == RootKind::OwnOutput;
        });
    }

    bool is_used(const ParsedStep& own) const {
        return has_step(parsed_.output, own.name) || uses_own_output(own.undo) ||
               std::any_of(parsed_.steps.begin(), parsed_.steps.end(),
                           [&own](const ParsedStep& step) { return has_step(step, own.name); });
    }

    void look_at_compensation(const ParsedStep& step) {
        if (!step.undo.call) return;
        // A child is undone so when it completed, and then it has an output.
        if (action_as<ParsedChild>(step.action) == nullptr) look_at_own_output(step);
        if (step.undo.retry.maximum_attempts) {
            warnings_.add("limited-compensation", step.undo.pointer + "/retry/maximum_attempts",
                          "the saga is stuck when these tries run out",
                          "leave the number out: a compensation is tried until it works");
        }
    }

    void look_at_own_output(const ParsedStep& step) {
        for (const Template::Use& use : uses_of(*step.undo.call)) {
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
    }

    void look_at_position(const ParsedStep& step, Position where) {
        if (where == Position::After) {
            look_after_pivot(step);
            return;
        }
        if (where == Position::Before && step.undo.kind == ParsedUndoKind::Nothing) {
            look_at_no_undo(step);
        }
    }

    void look_at_no_undo(const ParsedStep& step) {
        const ParsedCall* const call = action_as<ParsedCall>(step.action);
        if (call != nullptr && call->method != "GET" && !call->method.empty()) {
            warnings_.add(
                "writes-without-undo", step.undo.pointer,
                "a " + call->method + " mostly leaves something behind, and nothing takes it back",
                "right where it does not, or where that may stay; else say how it is "
                "undone, or put the step after a pivot");
        } else if (action_as<ParsedChild>(step.action) != nullptr) {
            warnings_.add("writes-without-undo", step.undo.pointer,
                          "a child mostly leaves something behind, and nothing takes it back",
                          "right where it does not, or where that may stay; else leave it out: the "
                          "child undoes itself");
        } else if (reply_waited_for(step.action) != nullptr) {
            warnings_.add("writes-without-undo", step.undo.pointer,
                          "who answers an event mostly did something, and nothing takes it back",
                          "right where it did not, or where that may stay; else say how it is "
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
        const ParsedAwaited* const reply = reply_waited_for(step.action);
        const bool is_tried =
            !step.action || action_as<ParsedCall>(step.action) != nullptr || reply != nullptr;
        if (!is_tried) return;
        const RetryPolicy policy =
            resolve_retry(step.retry, parsed_.default_retry, action_role(step, where));
        const Milliseconds timeout =
            reply != nullptr
                ? reply->timeout.value_or(kDefaultReplyTimeout)
                : step.timeout.value_or(parsed_.default_timeout.value_or(kDefaultTimeout));
        const Milliseconds needed = time_to_exhaust(policy, timeout, *parsed_.deadline);
        if (needed < *parsed_.deadline) return;
        warnings_.add("retries-exceed-deadline", step.pointer,
                      "its tries, each of up to " + to_duration_text(timeout) +
                          ", can't all be made within the deadline of " +
                          to_duration_text(*parsed_.deadline),
                      "shorten \"timeout\" or \"retry\", or lengthen the deadline");
    }

    /// Once a pivot has been called, the deadline waits for it.
    void look_at_waiting(const ParsedStep& step, Position where) {
        if (const auto* const wait = action_as<ParsedWait>(step.action)) {
            if (where == Position::After) return;
            if (wait->duration) look_at_waiting(*wait->duration, wait->pointer + "/for");
            if (wait->event && wait->event->timeout) {
                look_at_waiting(*wait->event->timeout, wait->event->pointer + "/timeout");
            }
        }
        const ParsedCall* const call = action_as<ParsedCall>(step.action);
        if (call == nullptr || call->reply == ReplyMode::Direct || where != Position::Before)
            return;
        look_at_waiting(
            step.callback_timeout.value_or(kDefaultCallbackTimeout),
            step.callback_timeout ? step.pointer + "/callback_timeout" : call->pointer + "/reply");
    }

    void look_at_waiting(Milliseconds longest, const std::string& pointer) {
        if (!parsed_.deadline || longest < *parsed_.deadline) return;
        warnings_.add("wait-exceeds-deadline", pointer,
                      "it may wait for " + to_duration_text(longest) + ", but the deadline of " +
                          to_duration_text(*parsed_.deadline) + " turns the saga back before",
                      "wait for less, or lengthen the deadline");
    }

    void look_at_pauses(const ParsedStep& step, Position where) {
        if (where == Position::After) {
            if (action_as<ParsedCall>(step.action) == nullptr) return;
            look_at_pauses(step.retry, action_role(step, where), step.pointer + "/retry");
        } else if (action_as<ParsedCall>(step.undo.call) != nullptr) {
            look_at_pauses(step.undo.retry, RetryRole::Compensations, step.undo.pointer + "/retry");
        }
    }

    void look_at_pauses(const ParsedRetry& own, RetryRole role, const std::string& pointer) {
        const RetryPolicy policy = resolve_retry(own, parsed_.default_retry, role);
        const Milliseconds longest =
            policy.backoff_coefficient > 1.0 ? policy.maximum_interval : policy.initial_interval;
        if (policy.maximum_attempts || longest >= kEndlessPauseMin) return;
        const bool is_said_here = policy.backoff_coefficient > 1.0
                                      ? own.maximum_interval.has_value()
                                      : own.initial_interval || own.backoff_coefficient;
        if (!is_said_here && std::exchange(are_default_pauses_told_, true)) return;
        warnings_.add("retries-without-pause", is_said_here ? pointer : "/defaults/retry",
                      "tries without end, never more than " + to_duration_text(longest) +
                          " apart: a participant that is down gets no rest",
                      "lengthen \"maximum_interval\" to some seconds, with a "
                      "\"backoff_coefficient\" over 1");
    }

    const ParsedDefinition& parsed_;
    const StepGraph& graph_;
    Problems& warnings_;
    std::optional<std::size_t> pivot_;
    bool are_default_pauses_told_ = false;
};

}  // namespace

void find_warnings(const Json& document, const ParsedDefinition& parsed, const StepGraph& graph,
                   Problems& warnings) {
    StepFinder(parsed, graph, warnings).run();
    find_call_warnings(document, parsed, graph, warnings);
    find_condition_warnings(parsed, warnings);
    find_for_each_warnings(document, parsed, warnings);
    find_trigger_warnings(document, parsed, warnings);
}

}  // namespace skald::sagas
