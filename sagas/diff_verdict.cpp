#include "sagas/diff_verdict.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "sagas/call_templates.h"
#include "sagas/problems.h"
#include "sagas/step_graph.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// Members that hang on nothing that a saga did: they count from the next try or start on.
constexpr std::array<const char*, 6> kSafeOfDefinition{"description", "labels",    "input_schema",
                                                       "output",      "sensitive", "triggers"};
constexpr std::array<const char*, 6> kSafeOfStep{"timeout", "callback_timeout", "retry",
                                                 "outcome", "in_doubt",         "max_parallel"};

template <std::size_t N>
bool is_among(const std::array<const char*, N>& names, const std::string& name) {
    return std::any_of(names.begin(), names.end(),
                       [&name](const char* each) { return name == each; });
}

const Json& member_of(const Json& object, const char* name) {
    static const Json kNone(Json::value_t::discarded);
    const auto found = object.find(name);
    return found == object.end() ? kNone : *found;
}

/// Discarded values are not equal to themselves.
bool is_same(const Json& a, const Json& b) {
    return a.is_discarded() || b.is_discarded() ? a.is_discarded() == b.is_discarded() : a == b;
}

/// What a participant is asked for: a call without what only accompanies it, or what says how it is
/// answered. A wait asks nobody: it is as long as it was when it began.
Json request_of(const Json& call) {
    if (call.contains("wait")) {
        Json event = call["wait"].value("event", Json());
        if (event.is_object()) event.erase("timeout");
        return {{"wait", std::move(event)}};
    }
    Json request = call;
    for (const char* const beside : {"timeout", "callback_timeout", "retry"}) request.erase(beside);
    if (request.contains("http")) {
        for (const char* const beside : {"headers", "reply"}) request["http"].erase(beside);
    }
    if (request.contains("event")) request["event"].erase("reply");
    return request;
}

/// What tells how a call ended, beside its own reply; null: nothing does.
Json answered_by(const Json& call) {
    if (!call.is_object()) return nullptr;
    Json reply =
        member_of(call.value(call.contains("event") ? "event" : "http", Json::object()), "reply");
    if (reply.is_discarded()) return nullptr;
    if (reply.is_object()) reply.erase("timeout");
    return reply;
}

enum class UndoWay : std::uint8_t { Nobody, Call, Child };

UndoWay undone_by(const Step& step) {
    if (std::holds_alternative<Compensation>(step.undo)) return UndoWay::Call;
    const bool is_child = std::holds_alternative<ChildSaga>(step.action);
    return is_child && std::holds_alternative<NoCompensation>(step.undo) ? UndoWay::Child
                                                                         : UndoWay::Nobody;
}

bool is_nullable(const Step& step) {
    return step.when.has_value() || step.necessity == Necessity::Optional;
}

StepGraph step_graph_of(const Definition& definition) {
    std::vector<std::vector<std::size_t>> after(definition.steps.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
        for (const StepIndex step : definition.steps[i].after) after[i].push_back(to_size(step));
    }
    return StepGraph(after);
}

const Json* find_inside(const Json& value, const Segment& segment) {
    if (const auto* name = std::get_if<std::string>(&segment)) {
        if (!value.is_object()) return nullptr;
        const auto found = value.find(*name);
        return found == value.end() ? nullptr : &*found;
    }
    const std::size_t index = std::get<std::size_t>(segment);
    return value.is_array() && index < value.size() ? &value[index] : nullptr;
}

/// Whether two templates of an output make the same of a reply at `segments`.
bool is_same_at(const Json& older, const Json& newer, const std::vector<Segment>& segments) {
    const Json* a = &older;
    const Json* b = &newer;
    for (const Segment& segment : segments) {
        const Json* const in_a = find_inside(*a, segment);
        const Json* const in_b = find_inside(*b, segment);
        if (in_a == nullptr || in_b == nullptr) break;
        a = in_a;
        b = in_b;
    }
    return is_same(*a, *b);
}

bool is_prefix(const std::vector<Segment>& shorter, const std::vector<Segment>& longer) {
    return shorter.size() <= longer.size() &&
           std::equal(shorter.begin(), shorter.end(), longer.begin());
}

/// Whether every input that `schema` takes has a value at `segments`.
bool is_required(const Json& schema, const std::vector<Segment>& segments) {
    const Json* at = &schema;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto* name = std::get_if<std::string>(&segments[i]);
        if (name == nullptr || !at->is_object()) return false;
        const Json& required = member_of(*at, "required");
        if (!required.is_array() ||
            std::find(required.begin(), required.end(), *name) == required.end()) {
            return false;
        }
        if (i + 1 == segments.size()) return true;
        at = find_inside(member_of(*at, "properties"), *name);
        if (at == nullptr) return false;
    }
    return true;
}

/// A path that is read while a saga runs, and where it stands.
struct PathReading {
    Path path;
    std::string pointer;
    std::size_t step;  ///< Whose it is; of the saga's output none.
};
constexpr std::size_t kNoStep = static_cast<std::size_t>(-1);

class ReadingsOf {
 public:
    explicit ReadingsOf(const Definition& definition) {
        for (std::size_t i = 0; i < definition.steps.size(); ++i) {
            step_ = i;
            add_step(definition.steps[i], "/steps/" + std::to_string(i));
        }
        step_ = kNoStep;
        if (definition.output) add(*definition.output, "/output");
    }

    std::vector<PathReading> take() { return std::move(readings_); }

 private:
    void add(const Template& text, const std::string& pointer) {
        for (Template::Use& use : text.uses()) {
            readings_.push_back({std::move(use.path), pointer + use.pointer, step_});
        }
    }
    void add(const Condition& condition, const std::string& pointer) {
        for (Path& path : condition.uses()) readings_.push_back({std::move(path), pointer, step_});
    }
    void add(const std::vector<CallTemplate>& parts, const std::string& pointer) {
        for (const CallTemplate& part : parts) add(part.text, pointer + part.pointer);
    }

    void add_step(const Step& step, const std::string& pointer) {
        if (step.when) add(*step.when, pointer + "/when");
        if (step.for_each) add(step.for_each->items, pointer + "/for_each");
        add(templates_of(step.action), pointer + "/action");
        for (std::size_t i = 0; i < step.outcome.size(); ++i) {
            add(step.outcome[i].when, pointer + "/outcome/" + std::to_string(i) + "/when");
        }
        if (step.output) add(*step.output, pointer + "/output");
        if (const auto* undo = std::get_if<Compensation>(&step.undo)) {
            add(templates_of(*undo), pointer + "/compensation");
        }
    }

    std::vector<PathReading> readings_;
    std::size_t step_ = kNoStep;
};

class DiffJudge {
 public:
    DiffJudge(const Definition& older, const Json& older_filled, const Definition& newer,
              const Json& newer_filled)
        : older_(older),
          newer_(newer),
          older_filled_(older_filled),
          newer_filled_(newer_filled),
          older_graph_(step_graph_of(older)),
          newer_graph_(step_graph_of(newer)) {}

    std::vector<Problem> run() {
        look_at_definition();
        for (std::size_t i = 0; i < older_.steps.size(); ++i) {
            if (!find(newer_, older_.steps[i].name)) look_at_removed(i);
        }
        for (std::size_t i = 0; i < newer_.steps.size(); ++i) {
            if (const auto was = find(older_, newer_.steps[i].name)) {
                look_at_both(*was, i);
            } else {
                look_at_added(i);
            }
        }
        look_at_readings();
        return obstacles_.take();
    }

 private:
    static std::optional<std::size_t> find(const Definition& definition, const std::string& name) {
        for (std::size_t i = 0; i < definition.steps.size(); ++i) {
            if (definition.steps[i].name == name) return i;
        }
        return std::nullopt;
    }

    static std::string pointer_of(std::size_t step) { return "/steps/" + std::to_string(step); }

    // ---- The definition -------------------------------------------------------------------------

    void look_at_definition() {
        look_at_other_members(older_filled_, newer_filled_, "", [](const std::string& name) {
            return name == "name" || name == "steps" || name == "deadline" || name == "lock" ||
                   is_among(kSafeOfDefinition, name);
        });
        if (!is_same(member_of(older_filled_, "lock"), member_of(newer_filled_, "lock"))) {
            obstacles_.add("lock-changed", "/lock",
                           "a saga has, or waits for, the lock of the old value: one of the newer "
                           "version would not wait for it");
        }
        if (older_.name != newer_.name) {
            obstacles_.add("name-changed", "/name",
                           "it is another definition: " + in_quotes(newer_.name));
        }
        if (newer_.deadline && (!older_.deadline || *newer_.deadline < *older_.deadline)) {
            obstacles_.add("deadline-shortened", "/deadline",
                           "a saga older than " + to_duration_text(*newer_.deadline) +
                               " would turn back at once");
        }
        look_at_pivot();
    }

    void look_at_pivot() {
        const auto name = [](const Definition& definition) {
            return definition.pivot ? definition.step(*definition.pivot).name : std::string();
        };
        const std::string was = name(older_);
        const std::string is = name(newer_);
        if (was == is) return;
        const auto shown = [](const std::string& step) {
            return step.empty() ? std::string("none") : in_quotes(step);
        };
        obstacles_.add("pivot-moved",
                       newer_.pivot ? pointer_of(to_size(*newer_.pivot)) + "/pivot" : "/steps",
                       "the pivot was " + shown(was) + ", and is " + shown(is) +
                           ": a saga may be past the one and not past the other, with steps that "
                           "were never meant to be undone, or no longer are");
    }

    /// Members that nothing here knows, and that are not the same.
    void look_at_other_members(const Json& older, const Json& newer, const std::string& pointer,
                               const std::function<bool(const std::string&)>& is_known) {
        std::set<std::string> names;
        for (const Json* const object : {&older, &newer}) {
            for (const auto& [name, value] : object->items()) names.insert(name);
        }
        for (const std::string& name : names) {
            if (is_known(name) ||
                is_same(member_of(older, name.c_str()), member_of(newer, name.c_str()))) {
                continue;
            }
            obstacles_.add("field-changed", pointer + '/' + escape_pointer_token(name),
                           "what a saga did by the old value is not undone by the new one");
        }
    }

    // ---- Steps ----------------------------------------------------------------------------------

    void look_at_removed(std::size_t index) {
        const Step& step = older_.steps[index];
        obstacles_.add(
            "step-removed", pointer_of(index),
            in_quotes(step.name) + (can_be_undone(step)
                                        ? " may have been done: nothing would undo it"
                                        : " may be at work: nothing would wait for its answer"),
            "a step that was renamed counts as removed and added");
    }

    /// Steps at the end, after which nothing else comes, just run later.
    void look_at_added(std::size_t index) {
        for (std::size_t later = 0; later < newer_.steps.size(); ++later) {
            const Step& other = newer_.steps[later];
            if (!newer_graph_.is_ancestor(index, later) || !find(older_, other.name)) continue;
            obstacles_.add("step-added", pointer_of(index),
                           in_quotes(newer_.steps[index].name) + " would come before " +
                               in_quotes(other.name) + ", which may have been done already");
            return;
        }
    }

    void look_at_both(std::size_t was, std::size_t is) {
        const Step& older = older_.steps[was];
        const Step& newer = newer_.steps[is];
        const Json& older_json = older_filled_["steps"][was];
        const Json& newer_json = newer_filled_["steps"][is];
        const std::string pointer = pointer_of(is);
        const std::string shown = in_quotes(newer.name);
        if (common_ancestors(older_, older_graph_, was, newer_) !=
            common_ancestors(newer_, newer_graph_, is, older_)) {
            obstacles_.add("order-changed", pointer + "/after",
                           shown +
                               " comes after other steps: what was done in the old order "
                               "would be undone in the reverse of the new one");
        }
        if (!is_same(member_of(older_json, "when"), member_of(newer_json, "when"))) {
            obstacles_.add("when-changed", pointer + "/when",
                           "a saga would decide " + shown +
                               " by the new condition, and may have decided other steps by the "
                               "old one");
        }
        if (!is_same(member_of(older_json, "for_each"), member_of(newer_json, "for_each"))) {
            obstacles_.add("for-each-changed", pointer + "/for_each",
                           shown + " may have begun, with the elements of the old expression");
        }
        look_at_actions(older_json["action"], newer_json["action"], pointer, shown);
        if (older.necessity == Necessity::Optional && newer.necessity == Necessity::Required) {
            obstacles_.add("no-longer-optional", pointer + "/optional",
                           shown + " may have failed, and the saga gone on");
        }
        look_at_undo(older, older_json, newer, newer_json, pointer);
        look_at_other_members(older_json, newer_json, pointer, [](const std::string& name) {
            return name == "name" || name == "after" || name == "when" || name == "action" ||
                   name == "optional" || name == "pivot" || name == "compensation" ||
                   name == "output" || is_among(kSafeOfStep, name);
        });
    }

    void look_at_actions(const Json& older, const Json& newer, const std::string& pointer,
                         const std::string& shown) {
        if (request_of(older) != request_of(newer)) {
            const bool are_calls = older.contains("http") && newer.contains("http");
            const bool are_events = older.contains("event") && newer.contains("event");
            obstacles_.add("action-changed", pointer + "/action",
                           are_calls || are_events
                               ? "a try of " + shown +
                                     " may have been made: the next one would send another " +
                                     (are_calls ? "request" : "event") +
                                     " under the same idempotency key"
                               : shown +
                                     " may have begun, and does something else by the newer "
                                     "version");
        } else if (answered_by(older) != answered_by(newer)) {
            add_reply_changed(newer, pointer + "/action", shown);
        }
    }

    void look_at_undo(const Step& older, const Json& older_json, const Step& newer,
                      const Json& newer_json, const std::string& pointer) {
        const UndoWay was = undone_by(older);
        const UndoWay is = undone_by(newer);
        if (older.position == Position::After || was == UndoWay::Nobody) return;
        const std::string shown = in_quotes(newer.name);
        const Json& older_call = member_of(older_json, "compensation");
        const Json& newer_call = member_of(newer_json, "compensation");
        if (is == UndoWay::Nobody) {
            obstacles_.add("compensation-removed", pointer + "/compensation",
                           shown + " may have been done: nothing would undo it");
        } else if (was != is ||
                   (was == UndoWay::Call && request_of(older_call) != request_of(newer_call))) {
            obstacles_.add(
                "compensation-changed", pointer + "/compensation",
                "what " + shown + " did would be undone by another call than the one meant for it");
        } else if (answered_by(older_call) != answered_by(newer_call)) {
            add_reply_changed(newer_call, pointer + "/compensation", shown);
        }
    }

    void add_reply_changed(const Json& call, const std::string& pointer, const std::string& shown) {
        if (call.contains("event")) {
            obstacles_.add("reply-changed", pointer + "/event/reply",
                           "an event of " + shown +
                               " may have been published, and is answered as the older version "
                               "said");
            return;
        }
        obstacles_.add("reply-changed", pointer + "/http/reply",
                       "a call of " + shown +
                           " may have been answered with 202, which the one version takes for done "
                           "and the other does not");
    }

    /// The steps before `step` that the other version has too.
    static std::set<std::string> common_ancestors(const Definition& definition,
                                                  const StepGraph& graph, std::size_t step,
                                                  const Definition& other) {
        std::set<std::string> names;
        for (std::size_t i = 0; i < definition.steps.size(); ++i) {
            const std::string& name = definition.steps[i].name;
            if (graph.is_ancestor(i, step) && find(other, name)) names.insert(name);
        }
        return names;
    }

    // ---- What is read ---------------------------------------------------------------------------

    void look_at_readings() {
        const std::vector<PathReading> before = ReadingsOf(older_).take();
        for (const PathReading& reading : ReadingsOf(newer_).take()) {
            switch (reading.path.root.kind) {
                case RootKind::StepOutput:
                    look_at_output(reading, reading.path.root.name);
                    break;
                case RootKind::OwnOutput:
                    look_at_output(reading, newer_.steps[reading.step].name);
                    break;
                case RootKind::Input:
                    look_at_input(reading, before);
                    break;
                default:
                    break;
            }
        }
    }

    void look_at_output(const PathReading& reading, const std::string& name) {
        const auto was = find(older_, name);
        const auto is = find(newer_, name);
        if (!was || !is) return;
        const Json& older = member_of(older_filled_["steps"][*was], "output");
        const Json& newer = member_of(newer_filled_["steps"][*is], "output");
        const Path& path = reading.path;
        // The template is that of one element, whose position comes first.
        const bool is_list =
            path.root.kind == RootKind::StepOutput && newer_.steps[*is].for_each.has_value();
        const auto skipped = static_cast<std::ptrdiff_t>(is_list && !path.segments.empty() ? 1 : 0);
        const std::vector<Segment> inside(path.segments.begin() + skipped, path.segments.end());
        if (!is_same_at(older, newer, inside)) {
            obstacles_.add("output-changed", reading.pointer,
                           in_quotes(path.text) + ": a saga that has done " + in_quotes(name) +
                               " keeps the output that the older version made");
        }
        const bool needs_value = !path.segments.empty() && path.missing == Missing::IsError;
        if (needs_value && is_nullable(older_.steps[*was]) && !is_nullable(newer_.steps[*is])) {
            obstacles_.add("output-may-be-null", reading.pointer,
                           in_quotes(path.text) + ": " + in_quotes(name) +
                               " may have been skipped, or have failed, by the older version");
        }
    }

    void look_at_input(const PathReading& reading, const std::vector<PathReading>& before) {
        const Path& path = reading.path;
        if (path.missing == Missing::IsNull || path.segments.empty()) return;
        const bool was_read =
            std::any_of(before.begin(), before.end(), [&path](const PathReading& old) {
                return old.path.root.kind == RootKind::Input &&
                       old.path.missing == Missing::IsError &&
                       is_prefix(path.segments, old.path.segments);
            });
        if (was_read || is_required(member_of(older_filled_, "input_schema"), path.segments))
            return;
        obstacles_.add("new-input", reading.pointer,
                       in_quotes(path.text) +
                           ": the older version neither read nor required it, and the input of a "
                           "saga may lack it",
                       "end it with \"?\"");
    }

    const Definition& older_;
    const Definition& newer_;
    const Json& older_filled_;
    const Json& newer_filled_;
    StepGraph older_graph_;
    StepGraph newer_graph_;
    Problems obstacles_;
};

}  // namespace

std::vector<Problem> find_obstacles(const Definition& older, const Json& older_filled,
                                    const Definition& newer, const Json& newer_filled) {
    return DiffJudge(older, older_filled, newer, newer_filled).run();
}

}  // namespace skald::sagas
